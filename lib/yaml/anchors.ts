import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { YamlProblem } from "./problems.ts";

/**
 * The node that each alias stands for. As in PyYAML an anchor is named once and used only below. Nodes are visited in
 * the order of the text, whether or not a merge drops them later.
 */
export function resolveAliases(root: unknown, line: (node: Node) => number, problems: YamlProblem[]): Map<Node, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Node, Node>();
  const visit = (node: unknown): void => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
      else problems.push({ line: line(node), message: `alias \`*${node.source}\` has no anchor above it` });
      return;
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return;
    if (node.anchor !== undefined) {
      const first = anchors.get(node.anchor);
      if (first === undefined) anchors.set(node.anchor, node);
      else {
        const message = `anchor \`&${node.anchor}\` is already taken in line ${line(first)}`;
        problems.push({ line: line(node), message });
      }
    }
    if (isSeq(node)) for (const item of node.items) visit(item);
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        visit(key);
        visit(value);
      }
    }
  };
  visit(root);
  return targets;
}
