import type { Extraction } from "../../lib/extract/extract.ts";
import type { Item } from "../../lib/extract/items.ts";
import { bytes, counted, table } from "./text.ts";

/** As `ls -l` shows a folder. */
export function renderListing(items: readonly Item[]): string {
  const rows = items.map((item) => {
    const { path, uid, gid, size, kind, link } = item;
    const name = kind === "symlink" ? `${path} -> ${link}` : path;
    return [`${typeOf(item)}${permissions(item)}`, `${uid}:${gid}`, String(size), name];
  });
  return table(rows, [2]);
}

const TYPES: Readonly<Record<Item["kind"], string>> = { file: "-", directory: "d", symlink: "l", hardlink: "-" };

function typeOf({ kind, origin }: Item): string {
  return origin?.entry.kind === "other" ? "?" : TYPES[kind];
}

/** `rwxr-sr-t`: set-id and sticky bits take the place of execution. */
function permissions({ mode }: Item): string {
  const special = ["t", "s", "s"];
  return [2, 1, 0]
    .map((who) => {
      const bits = mode >> (3 * who);
      const executes = (bits & 1) !== 0;
      const letter = special[who]!;
      const marked = (mode & (0o1000 << who)) !== 0;
      const last = marked ? (executes ? letter : letter.toUpperCase()) : executes ? "x" : "-";
      return `${(bits & 4) !== 0 ? "r" : "-"}${(bits & 2) !== 0 ? "w" : "-"}${last}`;
    })
    .join("");
}

/** One line for what was taken out. */
export function renderExtraction({ output, files, size }: Extraction): string {
  return `${output}  ${counted(files, "file")}, ${bytes(size)}\n`;
}
