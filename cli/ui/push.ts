import type { PushReport } from "../../spec/push-report.ts";
import type { Amount } from "../../spec/store-reports.ts";
import { bytes, counted, table } from "./text.ts";

/** Which image went where, and what of it had to be sent. */
export function renderPush({ images, sent, mounted, there }: PushReport): string {
  const parts = images.map(({ name = "an image without a name", platform, reference, pinned, blobs, known }) => {
    const rows = blobs.map(({ kind, digest, size, how, from }) => [
      ...["", kind, digest, bytes(size)],
      from === undefined ? how : `${how} from ${from}`,
    ]);
    const goes = name === reference ? name : `${name} -> ${reference}`;
    return `${goes}  ${platform}${known ? ", known" : ""}\n${table(rows, [3])}  ${pinned}\n`;
  });
  const totals = [`sent ${amount(sent)}`, `mounted ${amount(mounted)}`, `${amount(there)} there already`];
  return `${parts.join("")}\n${totals.join(", ")}\n`;
}

function amount({ count, size }: Amount): string {
  return `${counted(count, "blob")} (${bytes(size)})`;
}
