import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { isArchive } from "../../lib/unpack/extract.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";
import { zstdTool } from "../support/zstd.ts";
import { extension, paxOf } from "../tar/parsing.ts";

const TAR = tarOf([{ path: "a", data: noise(1, 300_000) }]);
const damaged = gzipSync(TAR);
damaged.fill(0, 100_000);

test("a tar file is one, plain or packed, also when it is damaged further on", async (t) => {
  const file = join(tempDir(t), "file");
  const long = extension("x", paxOf("comment", "c".repeat(900_000)));
  const table: [name: string, bytes: Buffer, is: boolean][] = [
    ["plain", TAR, true],
    ["gzip", gzipSync(TAR), true],
    ["cut", gzipSync(TAR).subarray(0, 10_000), true],
    ["damaged", damaged, true],
    ["long header extension", gzipSync(Buffer.concat([long, TAR])), true],
    ["nothing", Buffer.alloc(0), false],
    ["one byte", Buffer.from("x"), false],
    ["half a header", TAR.subarray(0, 300), false],
    ["text", Buffer.from("#!/bin/sh\n".repeat(100)), false],
    ["text in gzip", gzipSync("#!/bin/sh\n".repeat(100)), false],
    ["no gzip behind its magic", Buffer.from([0x1f, 0x8b, ...noise(1, 1000)]), false],
    ["zeros", Buffer.alloc(10_240), false],
    ["noise", noise(2, 10_000), false],
    ["zeros without end", gzipSync(Buffer.alloc(50_000_000)), false],
  ];
  if (requireTool(t, "zstd")) {
    table.push(["zstd", zstdTool()(TAR), true], ["prose in zstd", zstdTool()(prose(1, 10_000)), false]);
  }
  if (requireTool(t, "xz", "bzip2")) {
    const pack = (tool: string, bytes: Buffer) => execFileSync(tool, ["-c"], { input: bytes });
    table.push(["xz", pack("xz", TAR), true], ["prose in xz", pack("xz", prose(1, 10_000)), false]);
    // They cannot be looked into.
    table.push(["bzip2", pack("bzip2", prose(1, 10_000)), true]);
    const options = ["-c", "--check=sha256"];
    table.push(["xz with another check", execFileSync("xz", options, { input: TAR }), true]);
  }
  for (const [name, bytes, is] of table) {
    writeFileSync(file, bytes);
    assert.equal(await isArchive(file), is, name);
  }
});

test("what GNU tar writes in each of its formats", async (t) => {
  if (!requireTool(t, "tar")) return;
  const dir = tempDir(t);
  mkdirSync(join(dir, "tree"));
  for (const format of ["v7", "oldgnu", "gnu", "ustar", "pax"]) {
    await runOk("tar", [`--format=${format}`, "-cf", format, "tree"], { cwd: dir });
    assert.equal(await isArchive(join(dir, format)), true, format);
  }
});

test("a file that is not there", async (t) => {
  await assert.rejects(isArchive(join(tempDir(t), "none")), /ENOENT/);
});
