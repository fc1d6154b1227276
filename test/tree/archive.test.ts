import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { CAPABILITY_XATTR } from "../../lib/capabilities.ts";
import { AircrateError } from "../../lib/error.ts";
import { openArchive } from "../../lib/tree/archive.ts";
import type { TreeItem } from "../../lib/tree/source.ts";
import { tempDir } from "../support/cleanup.ts";
import { poolFor } from "../support/pool.ts";
import { tarOf } from "../support/ustar.ts";
import { block, extension, paxOf } from "../tar/parsing.ts";

async function open(t: TestContext, bytes: Uint8Array, maxPlainSize = 1e9): Promise<readonly TreeItem[]> {
  const dir = tempDir(t);
  const file = join(dir, "app.tar.x");
  writeFileSync(file, bytes);
  const where = "Dockerfile:7";
  return openArchive(poolFor(t, { threads: 1 }), file, {
    name: "app.tar.x",
    where,
    spool: join(dir, "spool"),
    maxPlainSize,
  });
}

const END = Buffer.alloc(1024);
const TAR = tarOf([
  { path: "./", mode: 0o711 },
  { path: "bin/", uid: 5, gid: 6 },
  { path: "bin/run", data: "#!/bin/sh\n", mode: 0o4755, uid: 7, gid: 8 },
  { path: "bin/go", hardlink: "bin/run", mode: 0o4755, uid: 7, gid: 8 },
  { path: "bin/empty" },
  { path: "bin/link", symlink: "../x" },
  { path: "bin/", mode: 0o700 },
]);

test("members become items, plain or packed", async (t) => {
  for (const bytes of [TAR, gzipSync(TAR)]) {
    const items = await open(t, bytes);
    const found = items.map(({ content, inode, real, ...item }) => {
      assert.equal(real, item.path);
      assert.ok(content === undefined || "file" in content);
      const data = content && readFileSync(content.file, "latin1").slice(content.offset, content.offset + content.size);
      // Somebody may change an archive that is not unpacked.
      if (content !== undefined) assert.equal(content.mtimeMs !== undefined, basename(content.file) === "app.tar.x");
      return { ...item, ...(data !== undefined && { data }), linked: inode !== undefined };
    });
    const run = { kind: "file", mode: 0o4755, uid: 7, gid: 8, data: "#!/bin/sh\n", linked: true };
    assert.deepEqual(found, [
      { path: "", kind: "directory", mode: 0o711, uid: 0, gid: 0, linked: false },
      { path: "bin", kind: "directory", mode: 0o700, uid: 0, gid: 0, linked: false },
      { path: "bin/run", ...run },
      { path: "bin/go", ...run },
      { path: "bin/empty", kind: "file", mode: 0o644, uid: 0, gid: 0, linked: false },
      { path: "bin/link", kind: "symlink", mode: 0o777, uid: 0, gid: 0, target: "../x", linked: false },
    ]);
    assert.equal(items[2]!.inode, items[3]!.inode);
  }
});

test("of extended attributes the capabilities are kept", async (t) => {
  const records = paxOf("SCHILY.xattr.security.capability", "12345678901234567890") + paxOf("SCHILY.xattr.user.a", "1");
  const [item] = await open(t, Buffer.concat([extension("x", records), block({}), END]));
  assert.deepEqual(item!.xattrs, new Map([[CAPABILITY_XATTR, new Uint8Array(Buffer.from("12345678901234567890"))]]));
});

describe("errors", () => {
  const bzip2 = Buffer.concat([Buffer.from("BZh91AY&SY"), END]);
  const table: readonly (readonly [name: string, bytes: Buffer, what: RegExp, detail: RegExp])[] = [
    ["damage", gzipSync(TAR).subarray(0, -9), /^app\.tar\.x cannot be unpacked$/, /end/],
    ["a path that climbs", tarOf([{ path: "../x" }]), /cannot be unpacked/, /"\.\.\/x"/],
    ["bzip2", bzip2, /cannot be unpacked/, /bzip2 -dc app\.tar\.x \| gzip -n > app\.tar\.gz/],
    [
      "a device",
      Buffer.concat([block({ 0: "dev/x\0", 156: "3" }), END]),
      /^app\.tar\.x holds a device$/,
      /its path is dev\/x/,
    ],
    ["a fifo", Buffer.concat([block({ 156: "6" }), END]), /holds a named pipe$/, /--exclude=file/],
  ];
  for (const [name, bytes, what, detail] of table) {
    test(name, async (t) => {
      await assert.rejects(open(t, bytes), (error) => {
        assert.ok(error instanceof AircrateError && error.fault === "input", String(error));
        assert.match(error.what, what);
        assert.equal(error.where, "Dockerfile:7");
        assert.match([...error.reason, ...error.hint].join("\n"), detail);
        return true;
      });
    });
  }

  test("too large, and not there", async (t) => {
    await assert.rejects(open(t, gzipSync(TAR), 1000), { fault: "input", what: /more than is allowed/ });
    const dir = tempDir(t);
    const options = { name: "none.tar", where: "Dockerfile:7", spool: join(dir, "spool"), maxPlainSize: 1e9 };
    await assert.rejects(openArchive(poolFor(t, { threads: 1 }), join(dir, "none.tar"), options), {
      message: "Dockerfile:7: none.tar cannot be unpacked",
      fault: "input",
    });
    assert.ok(!existsSync(options.spool));
  });
});
