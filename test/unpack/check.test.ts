import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { crc32, gzipSync } from "node:zlib";
import { digestOf } from "../../lib/digest.ts";
import { checkFile } from "../../lib/unpack/check.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";
import { zstdTool } from "../support/zstd.ts";

const TAR = tarOf([
  { path: "text", data: prose(1, 400_000) },
  { path: "noise", data: noise(1, 400_000) },
]);
const OPTIONS = { maxPlainSize: 1e9 };

test("all of a blob is found out, and the plain tar is written where it is wanted", async (t) => {
  const dir = tempDir(t);
  const forms: [encoding: string, bytes: Buffer][] = [
    ["plain", TAR],
    ["gzip", gzipSync(TAR)],
  ];
  if (requireTool(t, "zstd")) forms.push(["zstd", zstdTool()(TAR)]);
  for (const [encoding, bytes] of forms) {
    const file = join(dir, encoding);
    writeFileSync(file, bytes);
    const plainFile = join(dir, `${encoding}.tar`);
    const { content, ...blob } = await checkFile(file, { ...OPTIONS, plainFile });
    assert.deepEqual(blob, { digest: digestOf(bytes), size: bytes.length, crc: crc32(bytes) });
    assert.ok("tree" in content);
    const { tree, cuts, ...facts } = content;
    assert.equal(cuts.at(-1), TAR.length);
    assert.deepEqual(facts, { encoding, diffId: digestOf(TAR), plainSize: TAR.length });
    assert.equal(tree.files, "text\0noise");
    assert.equal(Buffer.compare(readFileSync(plainFile), TAR), 0);
  }
});

test("whatever the content is like, the digest is that of all bytes", async (t) => {
  const file = join(tempDir(t), "blob");
  const packed = gzipSync(TAR);
  for (const [bytes, fault] of [
    [Buffer.concat([packed, noise(2, 1_000_000)]), "damaged"],
    [Buffer.concat([Buffer.from("BZh91AY&SY"), noise(2, 1_000_000)]), "unsupported"],
    [noise(3, 1_000_000), "damaged"],
    [Buffer.alloc(0), "damaged"],
  ] as const) {
    writeFileSync(file, bytes);
    const { digest, size, crc, content } = await checkFile(file, OPTIONS);
    assert.deepEqual([digest, size, crc], [digestOf(bytes), bytes.length, crc32(bytes)]);
    assert.equal("fault" in content && content.fault, fault);
  }
});

test("a bomb is stopped at the limit", async (t) => {
  const dir = tempDir(t);
  const file = join(dir, "blob");
  const bomb = tarOf([{ path: "zeros", data: Buffer.alloc(200_000_000) }]);
  const forms = [gzipSync(bomb), ...(requireTool(t, "zstd") ? [zstdTool()(bomb)] : [])];
  for (const [i, bytes] of forms.entries()) {
    writeFileSync(file, bytes);
    const plainFile = join(dir, `${i}`);
    let dropped = 0;
    const { content } = await checkFile(file, { maxPlainSize: 1_000_000, plainFile }, (size) => {
      dropped += size;
    });
    assert.equal("fault" in content && content.fault, "too large");
    assert.ok(dropped <= 1_000_000 && statSync(plainFile).size <= 1_000_000, `${dropped}`);
  }
});

const PROGRAM = `
const { checkFile } = await import(process.argv[1]);
const { createRelief, tuneEngine } = await import(process.argv[2]);
tuneEngine();
const before = process.memoryUsage.rss();
const { content } = await checkFile(process.argv[3], { maxPlainSize: 1e12 }, createRelief());
console.log(content.plainSize, process.resourceUsage().maxRSS * 1024 - before);
`;

test("memory is flat, also for a thousand times as many bytes as are packed", async (t) => {
  if (!requireTool(t, "gzip")) return;
  const dir = tempDir(t);
  const module = (name: string) => new URL(`../../lib/${name}.js`, import.meta.url).href;
  writeFileSync(join(dir, "tar"), tarOf([{ path: "zeros", data: Buffer.alloc(600_000_000) }]));
  const blob = join(dir, "tar.gz");
  await runOk("sh", ["-c", `gzip -c ${dir}/tar > ${blob}`]);
  const args = ["--input-type=module", "-e", PROGRAM, module("unpack/check"), module("workers/memory"), blob];
  const [plainSize, memory] = (await runOk(process.execPath, args)).split(" ").map(Number);
  assert.equal(plainSize, statSync(join(dir, "tar")).size);
  assert.ok(memory! < 150_000_000, `${memory}`);
});

test("files that cannot be read or written are told as the system tells it", async (t) => {
  const dir = tempDir(t);
  await assert.rejects(checkFile(join(dir, "none"), OPTIONS), /ENOENT/);
  writeFileSync(join(dir, "blob"), TAR);
  await assert.rejects(checkFile(join(dir, "blob"), { ...OPTIONS, plainFile: join(dir, "blob") }), /EEXIST/);
});
