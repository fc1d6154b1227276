import type { LayerRecord } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import type { MadeFile, Ownership, RootFile, RootSymlink } from "./node.ts";

/** A file or link with all that a layer has to say about it. */
export type FullNode = MadeFile | (RootSymlink & Ownership);

/** What a node is like. `path` is where it lies in the root that has it. */
export type Known = (node: RootFile | RootSymlink, path: string) => FullNode;

/** Takes nodes out of a pulled layer. @returns one for each path; hard links of one file are the same object */
export type Take = (layer: LayerRecord, paths: readonly string[]) => Promise<ReadonlyMap<string, FullNode>>;

/**
 * What is needed of the files in pulled layers, collected before it is taken: a layer has to be read from its start, so
 * that is done once for all of them.
 */
export interface Materials {
  /** Gives a stand-in where nothing is known yet; what is made of it is void, and is made again after `take`. */
  readonly known: Known;
  /** @returns whether there was anything to take @throws AircrateError */
  take(): Promise<boolean>;
}

export function createMaterials(takeFrom: Take): Materials {
  const taken = new Map<Digest, Map<string, FullNode>>();
  const missing = new Map<LayerRecord, Set<string>>();
  return {
    known(node, path) {
      if (isFull(node)) return node;
      const { layer } = node;
      if (layer === undefined) throw new Error(`/${path} belongs to no layer`);
      const found = taken.get(layer.diffId)?.get(path);
      if (found !== undefined) return found;
      const paths = missing.get(layer) ?? new Set();
      missing.set(layer, paths.add(path));
      const standIn = { uid: 0, gid: 0 };
      return node.kind === "symlink"
        ? { ...standIn, kind: "symlink", target: node.target }
        : { ...standIn, kind: "file", mode: 0o644 };
    },
    async take() {
      if (missing.size === 0) return false;
      const wanted = [...missing];
      missing.clear();
      for (const [layer, paths] of wanted) {
        const nodes = taken.get(layer.diffId) ?? new Map();
        for (const [path, node] of await takeFrom(layer, [...paths])) nodes.set(path, node);
        taken.set(layer.diffId, nodes);
      }
      return true;
    },
  };
}

function isFull(node: RootFile | RootSymlink): node is FullNode {
  return "uid" in node;
}
