import { familiarReference, parseReference } from "../../lib/reference.ts";
import type { ImageListing } from "../../spec/local-reports.ts";
import type { ReferenceRecord } from "../../spec/store.ts";
import { bytes, shortDigest, table } from "./text.ts";

export function renderImages({ images }: ImageListing): string {
  const rows = images.map(({ reference, platform, local, config, size, used, complete }) => [
    familiar(reference),
    platform,
    config === undefined ? "" : shortDigest(config),
    bytes(size),
    used.slice(0, 10),
    `${local ? "local" : "pulled"}${complete ? "" : ", incomplete"}`,
  ]);
  return table([["name", "platform", "image id", "size", "used", ""], ...rows], [3]);
}

/** @param did what was done to them */
export function renderRecords(did: string, records: readonly ReferenceRecord[]): string {
  return records.map(({ reference, platform }) => `${did} ${familiar(reference)} (${platform})\n`).join("");
}

function familiar(reference: string): string {
  return familiarReference(parseReference(reference));
}
