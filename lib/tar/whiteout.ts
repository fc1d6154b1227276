/** How a layer says that something below it is gone, image-spec layer.md, "Whiteouts". */
export const WHITEOUT = ".wh.";

/** Marks a folder whose content in the layers below is hidden, image-spec layer.md, "Opaque Whiteout". */
export const OPAQUE = ".wh..wh..opq";

/** AUFS's own bookkeeping, which layers made by old Dockers hold; it hides nothing. */
const AUFS = ".wh..wh.";

/** What an entry with such a name stands for: `path` is hidden, or with `opaque` all that is in it. */
export interface Whiteout {
  readonly kind: "whiteout" | "opaque" | "nothing";
  readonly path: string;
}

/** @param path clean, relative @returns undefined for the path of anything else */
export function readWhiteout(path: string): Whiteout | undefined {
  const start = path.lastIndexOf("/") + 1;
  if (!path.startsWith(WHITEOUT, start)) return undefined;
  const name = path.slice(start);
  if (name === OPAQUE) return { kind: "opaque", path: path.slice(0, Math.max(start - 1, 0)) };
  if (name === WHITEOUT || name.startsWith(AUFS)) return { kind: "nothing", path };
  return { kind: "whiteout", path: path.slice(0, start) + name.slice(WHITEOUT.length) };
}
