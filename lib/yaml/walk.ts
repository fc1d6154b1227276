import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { keysOf } from "./value.ts";

export interface Walked {
  /** The node whose line stands for the pointer: a key, an item, or what is around a value that is not in the text. */
  readonly nearest: Node | null;
  /** The value at the pointer itself, when it stands in the text. */
  readonly exact: unknown;
}

/** Follows JSON pointers through the nodes of a document. Aliases and merge keys are where the text ends. */
export function createWalker(document: Document): (pointer: string) => Walked {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const find = (map: YAMLMap, key: string): Pair | undefined => {
    let index = indexes.get(map);
    if (index === undefined) {
      index = new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])));
      indexes.set(map, index);
    }
    return index.get(key);
  };
  return (pointer) => {
    let nearest: Node | null = document.contents;
    let exact: unknown = document.contents;
    for (const key of keysOf(pointer)) {
      if (isSeq(exact)) {
        exact = exact.items[Number(key)];
        nearest = (exact as Node | undefined) ?? nearest;
      } else if (isMap(exact)) {
        const pair = find(exact, key);
        nearest = (pair?.key as Node | undefined) ?? nearest;
        exact = pair?.value;
      } else {
        exact = undefined;
      }
      if (isAlias(exact)) exact = undefined;
    }
    return { nearest, exact };
  };
}
