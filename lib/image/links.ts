import type { RootNode } from "./node.ts";

/** As many links as Linux follows in one path (path_resolution(7)). */
export const MAX_LINKS = 40;

/**
 * Follows every symbolic link of a path, the last one too, with targets and `..` kept inside the root.
 *
 * @throws Error when there are too many
 */
export function followLinks(path: string, find: (path: string) => RootNode | undefined): string {
  let links = 0;
  const pending = path.split("/").reverse();
  let reached: string[] = [];
  while (pending.length > 0) {
    const name = pending.pop()!;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      reached.pop();
      continue;
    }
    const node = find([...reached, name].join("/"));
    if (node?.kind !== "symlink") {
      reached.push(name);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new Error(`too many symbolic links in ${path}`);
    if (node.target.startsWith("/")) reached = [];
    pending.push(...node.target.split("/").reverse());
  }
  return reached.join("/");
}
