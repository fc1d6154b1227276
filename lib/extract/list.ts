import { findPath, type ImageOptions, openImage } from "./image.ts";
import { type Item, itemOf, sortedChildren } from "./items.ts";

/**
 * What lies in a folder of an image, in the byte order of names, or the one file that a path leads to.
 *
 * @param options `path`: in the image, links followed inside of it
 * @throws AircrateError as `openImage`; unreachable: there is no such path
 */
export async function listPath(file: string, options: ImageOptions & { readonly path: string }): Promise<Item[]> {
  const opened = await openImage(file, options);
  const { path, tree } = { ...options, ...opened };
  const node = findPath(opened, path);
  if (node.kind !== "directory") return [itemOf(node, path, tree.originOf(node))];
  return sortedChildren(node).map(([name, child]) => itemOf(child, name, tree.originOf(child)));
}
