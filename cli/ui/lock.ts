import type { BlobTotal, LockChange, LockReport, VendorReport } from "../../spec/lock-report.ts";
import { bytes, counted, shortDigest, table } from "./text.ts";

/** What locking changed. */
export function renderLock(report: LockReport): string {
  const { file, written, platforms, images, files, layersSize, download } = report;
  const locked = new Set(images.filter(({ to }) => to !== undefined).map(({ reference }) => reference)).size;
  const several = platforms.length > 1;
  const rows = images.map((image) => [
    "",
    image.change,
    image.reference,
    ...(several ? [image.platform] : []),
    digests(image),
    meaning(image),
  ]);
  const fileRows = files.map(({ change, url, digest, size }) => [
    ...["", change, url, ...(several ? [""] : []), shortDigest(digest)],
    change === "added" ? bytes(size) : "",
  ]);
  const held = files.filter(({ change }) => change !== "dropped").length;
  const things = `${counted(locked, "image")}${held === 0 ? "" : ` and ${counted(held, "file")}`}`;
  const scope = platforms.length === 0 ? "" : ` for ${platforms.join(" and ")}`;
  const totals = [
    `${file}: ${things}${scope}`,
    `layers ${bytes(layersSize)}, ${bytes(download)} to download`,
    written ? "written" : "unchanged",
  ];
  return `${table([...rows, ...fileRows])}${totals.join(", ")}\n`;
}

function digests({ from, to }: LockChange): string {
  const [before, after] = [from, to].map((digest) => digest && shortDigest(digest));
  if (before === after) return before ?? "";
  return [before, after].map((digest) => digest ?? "none").join(" -> ");
}

function meaning({ change, layers, download }: LockChange): string {
  if (change === "kept" || change === "dropped") return "";
  const { kept, new: added, gone } = layers;
  const own = `${counted(added.count, "layer")} (${bytes(added.size)})`;
  const parts = [total(kept, "kept"), total(added, "new"), total(gone, "gone")];
  return `${change === "added" ? own : `layers: ${parts.join(", ")}`}; ${bytes(download)} to download`;
}

function total({ count, size }: BlobTotal, noun: string): string {
  return count === 0 ? `0 ${noun}` : `${count} ${noun} (${bytes(size)})`;
}

export function renderVendor({ file, size, images, files, blobs, pulled }: VendorReport): string {
  const rows = [
    ...images.map(({ reference, platforms }) => ["", reference, platforms.join(", ")]),
    ...files.map((one) => ["", one.url, bytes(one.size)]),
  ];
  const totals = `${file}  ${bytes(size)}  ${counted(blobs.count, "blob")}, ${total(pulled, "of them pulled")}`;
  return `${table(rows)}${totals}\n`;
}
