import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, inflateRawSync } from "node:zlib";
import { digestOf } from "../../lib/digest.ts";
import { loadPako, nativeGivesPakoBytes } from "../../lib/gzip/deflate.ts";
import { shareSegments } from "../../lib/tar/shared.ts";
import type { PackJob } from "../../lib/workers/jobs.ts";
import { FileChangedError } from "../../lib/workers/segment-reader.ts";
import { createSlots, packedPart, plainPart } from "../../lib/workers/slots.ts";
import { tempDir } from "../support/cleanup.ts";
import { poolFor } from "../support/pool.ts";
import { runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { tarOf } from "../support/ustar.ts";

const BYTES = prose(1, 900_000);
const STREAM = shareSegments([{ bytes: BYTES }]);

function packJob(start: number, end: number): PackJob {
  const dictionarySize = Math.min(start, 32 * 1024);
  return {
    kind: "pack",
    stream: STREAM,
    start,
    dictionarySize,
    blockSize: end - start,
    end: end === BYTES.length ? "finish" : "flush",
    slot: createSlots().take(end - start),
  };
}

test("small jobs, done at once, and large ones, done by threads, give the same", async (t) => {
  const deflate = await loadPako();
  const pool = poolFor(t, { threads: 2 });
  for (const [start, end] of [
    [0, 100],
    [50_000, 60_000],
    [0, 600_000],
    [200_000, 900_000],
  ] as const) {
    const block = BYTES.subarray(start, end);
    const dictionary = BYTES.subarray(Math.max(start - 32 * 1024, 0), start);
    const job = packJob(start, end);
    const result = await pool.run(job);
    assert.equal(Buffer.compare(plainPart(job), Buffer.concat([dictionary, block])), 0);
    assert.equal(
      Buffer.compare(
        packedPart(job, result.packedSize),
        deflate(block, dictionary, end === BYTES.length ? "finish" : "flush"),
      ),
      0,
    );
    assert.equal(result.crc, crc32(block));
  }
});

test("digests", async (t) => {
  const pool = poolFor(t, { threads: 1 });
  const file = join(tempDir(t), "file");
  for (const size of [0, 1, 255 * 1024, 256 * 1024, 1_000_000]) {
    const bytes = noise(size, size);
    writeFileSync(file, bytes);
    const segments = [{ bytes: Buffer.from("front") }, { file, offset: 0, size }];
    const whole = Buffer.concat([Buffer.from("front"), bytes]);
    assert.deepEqual(await pool.run({ kind: "digest", stream: shareSegments(segments) }), {
      sha256: createHash("sha256").update(whole).digest("hex"),
      crc: crc32(whole),
    });
  }
});

test("native or not, on any number of threads, the bytes are the same", async (t) => {
  const natives = nativeGivesPakoBytes() ? [true, false] : [false];
  const results: string[] = [];
  for (const native of natives) {
    for (const threads of [1, 2, 3, 4]) {
      const pool = poolFor(t, { threads, native });
      assert.equal(pool.width, threads);
      const jobs = [packJob(0, 300_000), packJob(300_000, 301_000), packJob(301_000, 900_000)];
      const packed = jobs.map(async (job) => packedPart(job, (await pool.run(job)).packedSize));
      const stream = Buffer.concat(await Promise.all(packed));
      assert.equal(Buffer.compare(inflateRawSync(stream), BYTES), 0);
      results.push(createHash("sha256").update(stream).digest("hex"));
      await pool.close();
    }
  }
  assert.equal(new Set(results).size, 1);
});

test("many more jobs than threads", async (t) => {
  const pool = poolFor(t, { threads: 2 });
  pool.warm();
  const jobs = Array.from({ length: 30 }, (_, i) => pool.run(packJob(0, 300_000 + i)));
  const results = await Promise.all(jobs);
  assert.deepEqual(
    results.map(({ crc }) => crc),
    results.map((_, i) => crc32(BYTES.subarray(0, 300_000 + i))),
  );
});

test("an error of a job names the file, and the next job is done", async (t) => {
  const pool = poolFor(t, { threads: 1 });
  const file = join(tempDir(t), "file");
  for (const size of [10, 500_000]) {
    writeFileSync(file, noise(1, size));
    truncateSync(file, size - 1);
    const stream = shareSegments([{ file, offset: 0, size }]);
    const isNamed = (error: Error) => error instanceof FileChangedError && error.file === file;
    await assert.rejects(pool.run({ kind: "digest", stream }), isNamed);
    const broken = pool.run({ ...packJob(0, 0), stream, blockSize: size, slot: createSlots().take(size) });
    await assert.rejects(broken, isNamed);
    assert.equal((await pool.run(packJob(0, 300_000))).crc, crc32(BYTES.subarray(0, 300_000)));
  }
});

test("a layer is checked by a thread, before what waits to be packed", async (t) => {
  const pool = poolFor(t, { threads: 1 });
  const file = join(tempDir(t), "blob");
  const tar = tarOf([{ path: "a" }]);
  writeFileSync(file, tar);
  const ends: string[] = [];
  const given = Array.from({ length: pool.capacity }, () => "packed");
  const packed = [...given, 1, 2].map(() => pool.run(packJob(0, 900_000)).then(() => ends.push("packed")));
  const checked = await pool.run({ kind: "check", file, maxPlainSize: 1e6 });
  ends.push("checked");
  await Promise.all(packed);
  assert.equal(checked.digest, digestOf(tar));
  assert.ok("tree" in checked.content && checked.content.tree.files === "a");
  assert.deepEqual(ends, [...given, "checked", ...given.slice(0, 2)]);
});

test("what a thread was given is answered in turn, also while pako is being loaded", async (t) => {
  const pool = poolFor(t, { threads: 1, native: false });
  const ends = [0, 1].flatMap((i) => [
    pool.run(packJob(i, 300_000)).then(({ crc }) => assert.equal(crc, crc32(BYTES.subarray(i, 300_000)))),
    pool
      .run({ kind: "identify", stream: STREAM, start: 0, dictionarySize: 0, blockSizes: [100_000 + i] })
      .then(([identity]) => assert.equal(identity!.crc, crc32(BYTES.subarray(0, 100_000 + i)))),
  ]);
  await Promise.all(ends);
});

test("closing ends what runs and what waits, and takes nothing more", async (t) => {
  const pool = poolFor(t, { threads: 1 });
  const jobs = Array.from({ length: 5 }, () => pool.run(packJob(0, 900_000)));
  const ends = Promise.allSettled(jobs);
  await pool.close();
  for (const end of await ends) {
    assert.equal(end.status, "rejected");
    assert.match(String(end.reason), /closed/);
  }
  await assert.rejects(pool.run(packJob(0, 10)), /closed/);
  await pool.close();
});

const PROGRAM = `
const { createWorkPool } = await import(process.argv[1]);
const { shareSegments } = await import(process.argv[2]);
const pool = createWorkPool({ threads: 2 });
pool.warm();
const stream = shareSegments([{ bytes: new Uint8Array(600_000) }]);
const results = await Promise.all([1, 2, 3].map(() => pool.run({ kind: "digest", stream })));
console.log(new Set(results.map(({ sha256 }) => sha256)).size);
`;

test("a process that forgets to close its pool comes to an end, but not while jobs run", async () => {
  const modules = ["workers/pool.js", "tar/shared.js"].map(
    (name) => new URL(`../../lib/${name}`, import.meta.url).href,
  );
  const out = await runOk(process.execPath, ["--input-type=module", "-e", PROGRAM, ...modules], { timeout: 20_000 });
  assert.equal(out, "1\n");
});
