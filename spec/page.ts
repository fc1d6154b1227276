/**
 * What the page of `aircrate report` shows, and what `aircrate report --json` prints: every file in the layers of a
 * package, and what weighs without need. Scripts depend on it: keys are only added, never renamed or given another
 * meaning. Sizes are bytes.
 *
 * Files are numbered from 0, over all layers, their folders and the names in these, in the order of the document.
 */
import { type Static, Type } from "@sinclair/typebox";
import { Finding, Inspection } from "./inspection.ts";
import { Digest, Size } from "./oci.ts";

const Text = Type.String();
const optional = Type.Optional;
const Index = Type.Integer({ minimum: 0 });

export const PageImage = Type.Object(
  {
    /** The service that it is for, else its first tag. */
    name: Text,
    tags: Type.Array(Text),
    /** Indexes into `layers`, lowest first. */
    layers: Type.Array(Index),
  },
  { additionalProperties: false },
);
export type PageImage = Static<typeof PageImage>;

/** Files that lie in one folder of a layer: a name and a size each. Two lists, since there are many. */
export const PageFolder = Type.Object(
  {
    /** Relative to the root of the image; empty for the root itself. */
    path: Text,
    names: Type.Array(Text),
    sizes: Type.Array(Size),
  },
  { additionalProperties: false },
);
export type PageFolder = Static<typeof PageFolder>;

export const PageLayer = Type.Object(
  {
    diffId: optional(Digest),
    /** History of the image: the instruction that made it. */
    createdBy: optional(Text),
    /** Indexes into `images`. */
    users: Type.Array(Index),
    /** Bytes in the file, packed if it is so there; absent when one gzip stream holds several layers. */
    size: optional(Size),
    /** The file does not hold it: the device must have it. */
    missing: optional(Type.Literal(true)),
    /** Of a layer that a thin package leaves out: who has it. */
    from: optional(Text),
    /** Bytes of the content of its files. */
    content: Size,
    /** Links, devices and the like, and what is removed from the layers below: entries without content. */
    others: Type.Integer({ minimum: 0 }),
    folders: Type.Array(PageFolder),
    /** There are more files than are listed. */
    truncated: optional(Type.Literal(true)),
  },
  { additionalProperties: false },
);
export type PageLayer = Static<typeof PageLayer>;

/** Files with the same content, of which one would do. */
export const PageDuplicates = Type.Object(
  {
    /** Of their content. */
    digest: Digest,
    /** Bytes of one of them. */
    size: Size,
    /** Their numbers, two at least. */
    files: Type.Array(Index),
  },
  { additionalProperties: false },
);
export type PageDuplicates = Static<typeof PageDuplicates>;

/** Files that no image shows, though they are in one of its layers. */
export const PageHidden = Type.Object(
  {
    /** The layer that hides them, by index. The layer that they are in, when a later entry of it has the same path. */
    by: Index,
    how: Type.Union([Type.Literal("replaced"), Type.Literal("removed")]),
    /** Their numbers. */
    files: Type.Array(Index),
  },
  { additionalProperties: false },
);
export type PageHidden = Static<typeof PageHidden>;

export const PageTotals = Type.Object(
  {
    /** The whole file. */
    file: Size,
    /** Layers in the file, each once; absent when the size of one is not known. */
    layers: optional(Size),
    /** The same if every image brought its own copy. */
    layersApart: optional(Size),
    /** Content of the files of all layers, each layer once. */
    content: Size,
    files: Type.Integer({ minimum: 0 }),
    /** Content that would be saved if of each file with the same content one were left. */
    duplicated: Size,
    /** Content of hidden files. */
    hidden: Size,
  },
  { additionalProperties: false },
);

export const PageData = Type.Object(
  {
    version: Type.Literal(1),
    /** File name, without its folder, or reference. */
    name: Text,
    kind: Inspection.properties.kind,
    app: optional(
      Type.Object(
        { slug: optional(Text), version: optional(Text), launchOrder: optional(Type.Array(Type.Array(Text))) },
        { additionalProperties: false },
      ),
    ),
    images: Type.Array(PageImage),
    /** Each once, in the order of the images. */
    layers: Type.Array(PageLayer),
    /** The most costly first. */
    duplicates: Type.Array(PageDuplicates),
    hidden: Type.Array(PageHidden),
    totals: PageTotals,
    /** What could not be read. */
    faults: Type.Array(Finding),
  },
  { additionalProperties: false },
);
export type PageData = Static<typeof PageData>;
