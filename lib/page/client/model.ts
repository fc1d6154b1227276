import type { PageData, PageHidden } from "../../../spec/page.ts";

/** A file of a layer. */
export interface File {
  /** From the root of the image. */
  readonly path: string;
  readonly size: number;
  /** Index of the layer. */
  readonly layer: number;
  /** How many files of the package have this content, itself included. */
  readonly copies: number;
  readonly hidden: Omit<PageHidden, "files"> | undefined;
}

/** All files by their numbers. */
export function listFiles({ layers, duplicates, hidden }: PageData): File[] {
  const copies = new Map(duplicates.flatMap(({ files }) => files.map((number) => [number, files.length] as const)));
  const covers = new Map(hidden.flatMap(({ by, how, files }) => files.map((number) => [number, { by, how }] as const)));
  const files: File[] = [];
  for (const [layer, { folders }] of layers.entries()) {
    for (const { path, names, sizes } of folders) {
      const start = path === "" ? "" : `${path}/`;
      for (const [i, name] of names.entries()) {
        const number = files.length;
        const more = { copies: copies.get(number) ?? 1, hidden: covers.get(number) };
        files.push({ path: start + name, size: sizes[i]!, layer, ...more });
      }
    }
  }
  return files;
}

/** Short name of a layer: its place, and the instruction that made it. */
export function layerTitle({ layers }: PageData, index: number): string {
  const { createdBy, diffId } = layers[index]!;
  // What Docker's builders put around an instruction says nothing about the layer.
  const instruction = createdBy
    ?.replace(/^\/bin\/sh -c (?:#\(nop\) +)?/, "")
    .replace(/ # buildkit$/, "")
    .trim();
  return `${index + 1} · ${instruction || (diffId?.slice(7, 19) ?? "unknown")}`;
}

/** What users call an image: a service if it is one of an application's. */
export function imageWord({ app }: PageData): "service" | "image" {
  return app === undefined ? "image" : "service";
}

/** What the sizes of layers are about: the file, or the store that has the blobs of an image. */
export function placeOf({ kind }: PageData): string {
  return kind === "image" ? "In the store" : "In the file";
}

/** Names of the images that have a layer. */
export function userNames({ layers, images }: PageData, index: number): string {
  return layers[index]!.users.map((user) => images[user]!.name).join(", ");
}
