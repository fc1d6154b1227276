import type { PageDuplicates } from "../../spec/page.ts";
import type { FoundFile } from "./data.ts";

/** Files with the same content, in one layer or in several, the most costly first. Empty ones cost nothing. */
export function findDuplicates(files: readonly FoundFile[]): PageDuplicates[] {
  const groups = new Map<string, PageDuplicates>();
  for (const [number, { entry }] of files.entries()) {
    const { digest, size } = entry;
    if (digest === undefined || size === 0) continue;
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, { digest, size, files: [number] });
    else group.files.push(number);
  }
  const cost = ({ size, files }: PageDuplicates) => size * (files.length - 1);
  return [...groups.values()]
    .filter(({ files }) => files.length > 1)
    .sort((a, b) => cost(b) - cost(a) || a.files[0]! - b.files[0]!);
}
