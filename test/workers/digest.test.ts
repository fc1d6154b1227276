import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, truncateSync, writeFileSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { shareSegments } from "../../lib/tar/shared.ts";
import { digestStream } from "../../lib/workers/digest.ts";
import type { Job, JobResult } from "../../lib/workers/jobs.ts";
import type { WorkPool } from "../../lib/workers/pool.ts";
import { FileChangedError } from "../../lib/workers/segment-reader.ts";
import { tempDir } from "../support/cleanup.ts";
import { poolFor } from "../support/pool.ts";
import { noise } from "../support/seeded.ts";

const SIZE = 256 * 1024 * 1024;

/** A large file of holes with something in it here and there. */
async function sparseFile(t: TestContext): Promise<string> {
  const file = join(tempDir(t), "large");
  const handle = await open(file, "w");
  for (let i = 0; i < 40; i += 1) writeSync(handle.fd, noise(i, 100_000), 0, 100_000, i * 6_999_999);
  await handle.truncate(SIZE);
  await handle.close();
  return file;
}

async function expectedOf(front: Uint8Array, file: string) {
  const hash = createHash("sha256").update(front);
  let crc = crc32(front);
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
    crc = crc32(chunk, crc);
  }
  return { sha256: hash.digest("hex"), crc };
}

/** A pool that notes the kinds of its jobs. */
function noting(pool: WorkPool, kinds: string[]): WorkPool {
  return {
    ...pool,
    run<J extends Job>(job: J): Promise<JobResult<J>> {
      kinds.push(job.kind);
      return pool.run(job);
    },
  };
}

test("a large stream is digested by two threads where they have nothing else to do, with the same result", async (t) => {
  const file = await sparseFile(t);
  const small = join(tempDir(t), "small");
  writeFileSync(small, noise(1, 700_000));
  const front = noise(2, 1000);
  const stream = shareSegments([{ bytes: front }, { file, offset: 0, size: SIZE }]);
  const expected = await expectedOf(front, file);
  for (const [threads, kinds] of [
    [1, ["digest"]],
    [2, ["hash", "read"]],
  ] as const) {
    const noted: string[] = [];
    assert.deepEqual(await digestStream(noting(poolFor(t, { threads }), noted), stream), expected);
    assert.deepEqual(noted, kinds);
  }
  const busy: string[] = [];
  const pool = noting(poolFor(t, { threads: 2 }), busy);
  const other = pool.run({ kind: "check", file: small, maxPlainSize: 1e9 });
  assert.deepEqual(await digestStream(pool, stream), expected);
  await other;
  assert.deepEqual(busy, ["check", "digest"]);
});

test("a large file that changes is told of, and the threads go on", async (t) => {
  const file = await sparseFile(t);
  const stream = shareSegments([{ file, offset: 0, size: SIZE }]);
  truncateSync(file, SIZE - 1);
  const pool = poolFor(t, { threads: 2 });
  const isNamed = (error: Error) => error instanceof FileChangedError && error.file === file;
  for (let i = 0; i < 2; i += 1) await assert.rejects(digestStream(pool, stream), isNamed);
  truncateSync(file, SIZE);
  assert.deepEqual(await digestStream(pool, stream), await expectedOf(new Uint8Array(0), file));
});

test("a pool that is closed ends a digest", async (t) => {
  const file = await sparseFile(t);
  const pool = poolFor(t, { threads: 2 });
  const digest = digestStream(pool, shareSegments([{ file, offset: 0, size: SIZE }]));
  const rejected = assert.rejects(digest, /closed/);
  await pool.close();
  await rejected;
});
