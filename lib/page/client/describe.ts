import { bytes } from "../../size-text.ts";
import { counted, percent } from "./dom.ts";
import { type Item, trailOf } from "./tree.ts";

export function kindText({ kind, users }: Item): string {
  return users === undefined ? kind : `shared ${kind}`;
}

/** What is worth knowing of an item, in one line. */
export function describe(item: Item): string {
  const { kind, name, size, count, users, file } = item;
  const root = trailOf(item)[0]!;
  const share = item === root ? "" : ` of ${bytes(root.size)} (${percent(size, root.size)})`;
  const parts = [`${name}, ${kindText(item)}`, bytes(size) + share];
  if (kind !== "file") parts.push(counted(count, "file"));
  if (users !== undefined) parts.push(`used by ${users}`);
  if (file !== undefined) parts.push(...notes(file));
  return parts.join(" · ");
}

/** What is wrong with a file, if anything. */
export function notes({ copies, hidden }: NonNullable<Item["file"]>): string[] {
  return [
    ...(hidden === undefined ? [] : [`${hidden.how} by layer ${hidden.by + 1}`]),
    ...(copies > 1 ? [`${copies} copies`] : []),
  ];
}
