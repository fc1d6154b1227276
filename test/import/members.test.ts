import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { visitMembers } from "../../lib/import/members.ts";
import type { ArchiveScan } from "../../lib/inspect/archive.ts";
import { scanFile } from "../../lib/inspect/scan.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { tarOf } from "../support/ustar.ts";
import { archiveEntries, archiveOf, BASE, blob, without } from "../verify/sample-archive.ts";

test("a file that changes between the two readings is found out", async (t) => {
  const file = join(tempDir(t), "images");
  for (const later of [
    gzipSync(tarOf(without(archiveEntries(), blob(BASE)))),
    gzipSync(archiveOf()).subarray(0, 300),
    Buffer.from("no gzip at all"),
  ]) {
    writeFileSync(file, gzipSync(archiveOf()));
    const scan = await scanFile(file);
    const { archive } = scan as { archive: ArchiveScan };
    writeFileSync(file, later);
    const wanted = new Set([archive.members.get(blob(BASE))!]);
    const visiting = visitMembers(scan, archive, {
      wanted,
      async visit(_, content) {
        assert.ok("chunks" in content);
        for await (const chunk of content.chunks) assert.ok(chunk.length > 0);
      },
    });
    await rejectsWith(visiting, "integrity", /changed while it was read/);
  }
});
