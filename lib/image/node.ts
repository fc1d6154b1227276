import type { LayerRecord } from "../../spec/store.ts";
import type { Segment } from "../tar/sequence.ts";

export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

/** Extended attributes by name, such as `security.capability`. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

export interface Attributes extends Ownership {
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly xattrs?: Xattrs;
}

/** What lies at a path of an image's merged root. Nodes are values: whoever changes one puts another in its place. */
export type RootNode = RootDirectory | RootSymlink | RootFile;

export interface RootDirectory extends Attributes {
  readonly kind: "directory";
  readonly children: ReadonlyMap<string, RootNode>;
  /** The same object in every state of a folder; one that is removed and made again is another folder. */
  readonly self: object;
}

export type RootSymlink = {
  readonly kind: "symlink";
  readonly target: string;
} & (Ownership | InLayer);

/** The same object at two paths is one file with two names: a hard link. */
export type RootFile = MadeFile | ({ readonly kind: "file" } & InLayer);

/** A file that is put into a layer here. */
export interface MadeFile extends Attributes {
  readonly kind: "file";
  /** Nothing when it is empty. */
  readonly content?: Segment;
}

/** Of a pulled layer only the names are known. What else is needed of a node has to be taken out of the layer. */
export interface InLayer {
  /** Undefined where nothing can be taken. */
  readonly layer: LayerRecord | undefined;
}
