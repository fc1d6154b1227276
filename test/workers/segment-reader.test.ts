import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { FileSegment, Segment } from "../../lib/tar/sequence.ts";
import { createReadBuffers, FileChangedError, readSegments, visitSegments } from "../../lib/workers/segment-reader.ts";
import { tempDir } from "../support/cleanup.ts";
import { asNobody } from "../support/nobody.ts";
import { noise } from "../support/seeded.ts";

/** @param count how many buffers; with three each piece is looked at only a while after it came */
async function visited(segments: readonly Segment[], bufferSize: number, count: 2 | 3 = 2): Promise<Buffer> {
  const parts: Buffer[] = [];
  await visitSegments(segments, createReadBuffers(new Uint8Array(count * bufferSize), count), (bytes) => {
    assert.ok(bytes.length > 0);
    const take = () => void parts.push(Buffer.from(bytes));
    return count === 2 ? take() : setImmediate().then(take);
  });
  await setImmediate();
  return Buffer.concat(parts);
}

test("segments come in order, whole, and in pieces no larger than the buffer", async (t) => {
  const file = join(tempDir(t), "file");
  const bytes = noise(1, 10_000);
  writeFileSync(file, bytes);
  const { mtimeMs } = statSync(file);
  const segments: Segment[] = [
    { bytes: Buffer.from("first") },
    { file, offset: 0, size: 10_000, mtimeMs },
    { file, offset: 9_990, size: 10 },
    { bytes: Buffer.from("last") },
  ];
  const expected = Buffer.concat([Buffer.from("first"), bytes, bytes.subarray(-10), Buffer.from("last")]);
  const target = Buffer.alloc(expected.length);
  readSegments(segments, target);
  assert.equal(Buffer.compare(target, expected), 0);
  for (const size of [1, 7, 4096, 10_000, 100_000]) {
    assert.equal(Buffer.compare(await visited(segments, size), expected), 0);
    assert.equal(Buffer.compare(await visited(segments, size, 3), expected), 0);
  }
});

describe("a file that is not what it was when it was listed", () => {
  const changes: readonly (readonly [name: string, change: (file: string) => void])[] = [
    ["is shorter", (file) => truncateSync(file, 999)],
    ["is empty", (file) => truncateSync(file, 0)],
    ["has grown", (file) => appendFileSync(file, "x")],
    ["has another time", (file) => utimesSync(file, 1, 1)],
    ["is gone", (file) => rmSync(file)],
    [
      "has become a symbolic link",
      (file) => {
        renameSync(file, `${file}.old`);
        symlinkSync(`${file}.old`, file);
      },
    ],
    [
      "has become a fifo",
      (file) => {
        rmSync(file);
        execFileSync("mkfifo", [file]);
      },
    ],
    [
      "has become a folder",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      "lies below a file",
      (file) => {
        const folder = join(file, "..");
        rmSync(folder, { recursive: true });
        writeFileSync(folder, "");
      },
    ],
  ];
  for (const [name, change] of changes) {
    test(name, async (t) => {
      const folder = join(tempDir(t), "folder");
      mkdirSync(folder);
      const file = join(folder, "file");
      writeFileSync(file, noise(1, 1000));
      utimesSync(file, 1_700_000_000, 1_700_000_000.25);
      const listed: FileSegment = { file, offset: 0, size: 1000, mtimeMs: statSync(file).mtimeMs };
      change(file);
      const isNamed = (error: Error) => {
        assert.ok(error instanceof FileChangedError, error.stack);
        assert.equal(error.file, file);
        return true;
      };
      assert.throws(() => readSegments([listed], new Uint8Array(1000)), isNamed);
      await assert.rejects(visited([listed], 300), isNamed);
      await assert.rejects(visited([listed], 1000), isNamed);
    });
  }
});

test("without a time, only the size counts", async (t) => {
  const file = join(tempDir(t), "file");
  writeFileSync(file, "0123456789");
  utimesSync(file, 1, 1);
  assert.equal((await visited([{ file, offset: 2, size: 3 }], 10)).toString(), "234");
  await assert.rejects(visited([{ file, offset: 8, size: 3 }], 10), FileChangedError);
  await assert.rejects(visited([{ file, offset: 8, size: 3 }], 2), FileChangedError);
});

test("a file that may not be read is told as the system tells it", async (t) => {
  const file = join(tempDir(t), "file");
  writeFileSync(file, "x", { mode: 0o600 });
  const denied = asNobody(t, () => visited([{ file, offset: 0, size: 1 }], 10));
  if (denied !== undefined) await assert.rejects(denied, /EACCES/);
});

test("no file stays open", async (t) => {
  if (process.platform !== "linux") return t.skip("counts files in /proc");
  const file = join(tempDir(t), "file");
  writeFileSync(file, "x");
  const count = () => Number(execFileSync("sh", ["-c", `ls /proc/${process.pid}/fd | wc -l`]));
  const before = count();
  for (let i = 0; i < 50; i += 1) {
    await visited([{ file, offset: 0, size: 1 }], 10);
    await assert.rejects(visited([{ file, offset: 0, size: 2 }], 10));
    await assert.rejects(visited([{ file, offset: 0, size: 2 }], 1));
    assert.throws(() => readSegments([{ file, offset: 0, size: 1, mtimeMs: 1 }], new Uint8Array(1)));
  }
  assert.ok(count() <= before + 5);
});
