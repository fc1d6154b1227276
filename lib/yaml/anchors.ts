import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import type { YamlProblem } from "./problems.ts";

/** YAML 1.1 as PyYAML reads it. Newer readers take almost any character, the colon of `&name:` too. */
const NAME = /^[A-Za-z0-9_-]+$/;

/**
 * The node that each alias stands for. As in PyYAML an anchor is named once and used only below. Nodes are visited in
 * the order of the text, whether or not a merge drops them later.
 */
export function resolveAliases(root: unknown, line: (node: Node) => number, problems: YamlProblem[]): Map<Node, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Node, Node>();
  const visit = (node: unknown): void => {
    const name = isAlias(node) ? node.source : (node as Partial<Scalar> | null)?.anchor;
    if (name !== undefined && !NAME.test(name)) {
      const message = `\`${name}\` is no legal name of an anchor: letters, digits, \`_\` and \`-\``;
      problems.push({ line: line(node as Node), message });
    }
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
