import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { AircrateError, type Fault } from "../../lib/error.ts";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { tarOf } from "../support/ustar.ts";
import { archiveOf } from "../verify/sample-archive.ts";

const CASES: readonly (readonly [name: string, bytes: Uint8Array, fault: Fault, text: RegExp])[] = [
  ["nothing", Buffer.alloc(0), "input", /is an empty file/],
  ["text", Buffer.from("hello\n"), "input", /is a text/],
  ["JSON", Buffer.from('{"a":1}'), "input", /is a JSON document/],
  ["zip", Buffer.from("PK\x03\x04 and so on"), "input", /is a zip file/],
  ["program", Buffer.from("\x7fELF\x02"), "input", /is a program/],
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), "input", /is a file packed with zstd/],
  ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), "input", /is a file packed with xz/],
  ["noise", Buffer.alloc(5000, 0x91), "input", /neither a tar nor a gzip file/],
  ["gzip of a text", gzipSync("hello"), "input", /a gzip file without a tar file in it/],
  ["gzip's first bytes", Buffer.from([0x1f, 0x8b, 8]), "input", /a gzip file without a tar file in it/],
  ["zeros", Buffer.alloc(10240), "input", /neither a tar nor a gzip file/],
  ["another tar", tarOf([{ path: "a" }, { path: "b" }]), "input", /neither manifest.json nor index.json/],
  ["Docker before 1.10", tarOf([{ path: "x/layer.tar" }, { path: "repositories" }]), "input", /neither/],
  ["a cut archive", archiveOf({ layout: "flat" }).subarray(0, 3000), "integrity", /the file is damaged/],
];

for (const [name, bytes, fault, text] of CASES) {
  test(`${name} is refused with what was found`, async (t) => {
    const file = join(tempDir(t), "file");
    writeFileSync(file, bytes);
    for (const read of [inspectFile, verifyFile]) {
      await assert.rejects(read(file), (error: AircrateError) => {
        assert.ok(error instanceof AircrateError);
        assert.equal(error.fault, fault);
        assert.equal(error.where, file);
        assert.match(error.message, text);
        return true;
      });
    }
  });
}

test("what is no file or does not exist is told apart", async (t) => {
  const dir = tempDir(t);
  await assert.rejects(inspectFile(join(dir, "none")), { fault: "unreachable", message: /none: no such file$/ });
  await assert.rejects(inspectFile(dir), { fault: "input", message: /neither manifest.json nor index.json/ });
  mkdirSync(join(dir, "blobs"));
  writeFileSync(join(dir, "index.json"), '{"schemaVersion":2,"manifests":[]}');
  assert.equal((await inspectFile(dir)).kind, "oci");
  await assert.rejects(inspectFile("/dev/null"), { fault: "input", message: "/dev/null: is not a file" });
});

test("the names of the first members help to see what a tar file is", async (t) => {
  const file = join(tempDir(t), "backup.tar");
  writeFileSync(file, tarOf(["a", "b", "c", "d", "e"].map((path) => ({ path }))));
  await assert.rejects(inspectFile(file), (error: AircrateError) => {
    assert.deepEqual(error.reason, ["it holds a, b, c, d, …"]);
    return true;
  });
});
