import type { Amount, ImportReport, PruneReport, StoreListing, StoreVerification } from "../../spec/store-reports.ts";
import { bytes, counted, shortDigest, table } from "./text.ts";

export function renderListing(listing: StoreListing): string {
  const { store, references, blobs, pulled, packed, files, partial, temporary, quarantine } = listing;
  const rows = references.map(({ reference, platform, local, manifest, size, complete, used }) => [
    reference,
    platform,
    shortDigest(manifest),
    bytes(size),
    used.slice(0, 10),
    [...(local ? ["local"] : []), ...(complete ? [] : ["incomplete"])].join(", "),
  ]);
  const totals = [
    ["blobs", blobs],
    ["layers pulled", pulled],
    ["layers packed here", packed],
    ["fetched files", files],
    ["partial downloads", partial],
    ["temporary files", temporary],
    ["quarantine", quarantine],
  ] as const;
  const shown = totals.filter(([name, { count }]) => count > 0 || name === "blobs");
  return [
    `${store}\n`,
    ...(rows.length > 0 ? [table(rows, [3])] : []),
    table(
      shown.map(([name, { count, size }]) => [name, String(count), bytes(size)]),
      [1, 2],
    ),
  ].join("\n");
}

export function renderVerification({ store, checked, void: gone }: StoreVerification): string {
  const { blobs, layers, references } = checked;
  const without = gone === 0 ? "" : `, ${counted(gone, "record")} without blob`;
  const counts = `${amount(blobs, "blob")}, ${counted(layers, "layer")}, ${counted(references, "reference")}`;
  return `${store}: ok (${counts}${without})\n`;
}

export function renderPruned({ store, steps, dropped, removed, kept, dryRun }: PruneReport): string {
  const rows = steps
    .filter((step) => step.removed.count > 0 || step.inUse > 0)
    .map((step) => [
      step.name,
      String(step.removed.count),
      bytes(step.removed.size),
      step.inUse === 0 ? "" : `${step.inUse} kept for a running build`,
    ]);
  const names = dropped.map(({ reference, platform }) => `  ${reference} (${platform})\n`).join("");
  const would = dryRun ? "would remove" : "removed";
  return [
    `${store}: ${would} ${amount(removed, "file")}, ${dryRun ? "would keep" : "kept"} ${amount(kept, "blob")}\n`,
    ...(rows.length > 0 ? [table(rows, [1, 2])] : []),
    ...(names === "" ? [] : [`references ${dryRun ? "that would go" : "that went"}\n${names}`]),
  ].join("\n");
}

export function renderImport({ store, files, added }: ImportReport): string {
  const parts = files.flatMap(({ file, images, remoteFiles }) => [
    `${file}\n`,
    ...images.map(({ references, platform, manifest, manifestOrigin, layers }) => {
      const rows = layers.map(({ diffId, size, known }) => [
        "  ",
        shortDigest(diffId),
        bytes(size),
        known ? "known" : "new",
      ]);
      const origin = manifestOrigin === "made" ? ", packed here" : "";
      return `  ${references.join(", ")}  ${platform}  ${shortDigest(manifest)}${origin}\n${table(rows, [2])}`;
    }),
    table(
      remoteFiles.map(({ digest, size, known }) => [
        "",
        "remote file",
        shortDigest(digest),
        bytes(size),
        known ? "known" : "new",
      ]),
    ),
  ]);
  return `${parts.join("")}\n${store}: added ${amount(added, "layer")}\n`;
}

function amount({ count, size }: Amount, unit: string): string {
  return `${counted(count, unit)} of ${bytes(size)}`;
}
