import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { type Segment, segmentSize, type TarEntry, tarStream } from "../../lib/tar/sequence.ts";
import { shareSegments, sliceShared } from "../../lib/tar/shared.ts";
import { readSegments } from "../../lib/workers/segment-reader.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise, seeded } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

const ATTRIBUTES = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };

function entryOf(path: string, content: Segment): TarEntry {
  return { ...ATTRIBUTES, path, type: "file", size: segmentSize(content), content };
}

function totalSize(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segmentSize(segment), 0);
}

function read(segments: readonly Segment[]): Buffer {
  const bytes = Buffer.alloc(totalSize(segments));
  readSegments(segments, bytes);
  return bytes;
}

/** Entries whose contents have sizes around block ends, from files and from memory. */
function sample(dir: string): { entries: TarEntry[]; contents: Map<string, Buffer> } {
  const contents = new Map<string, Buffer>();
  const entries: TarEntry[] = [{ ...ATTRIBUTES, path: "tree", type: "directory", mode: 0o755, size: 0 }];
  for (const [i, size] of [0, 1, 511, 512, 513, 1024, 70_000].entries()) {
    const bytes = noise(i + 1, size);
    writeFileSync(join(dir, `source-${i}`), bytes);
    entries.push(entryOf(`tree/file-${i}`, { file: join(dir, `source-${i}`), offset: 0, size }));
    entries.push(entryOf(`tree/memory-${i}`, { bytes }));
    contents.set(`tree/file-${i}`, bytes);
    contents.set(`tree/memory-${i}`, bytes);
  }
  entries.push({ ...ATTRIBUTES, path: "tree/link", type: "symlink", mode: 0o777, size: 0, link: "file-1" });
  entries.push({ ...ATTRIBUTES, path: `tree/${"long-".repeat(60)}`, type: "file", size: 0 });
  return { entries, contents };
}

test("a sequence unpacks to what went in", async (t) => {
  if (!requireTool(t, "tar")) return;
  const dir = tempDir(t);
  const { entries, contents } = sample(dir);
  writeFileSync(join(dir, "out.tar"), read(tarStream(entries).segments));
  mkdirSync(join(dir, "out"));
  await runOk("tar", ["--extract", "-f", join(dir, "out.tar"), "-C", join(dir, "out"), "--exclude=*long-long*"]);
  for (const [path, bytes] of contents) assert.deepEqual(readFileSync(join(dir, "out", path)), bytes, path);
  assert.equal(readlinkSync(join(dir, "out/tree/link")), "file-1");
  assert.equal(statSync(join(dir, "out/tree")).mode & 0o777, 0o755);
});

test("neighbouring bytes are joined and own their memory", (t) => {
  const { entries } = sample(tempDir(t));
  const segments = tarStream(entries).segments;
  const files = segments.filter((segment) => "file" in segment);
  assert.equal(files.length, 6, "an empty file is no segment");
  assert.equal(segments.length, 2 * files.length + 1);
  assert.equal(totalSize(segments) % 512, 0);
  assert.equal(totalSize(tarStream([]).segments), 1024);
});

test("part of a file", (t) => {
  const file = join(tempDir(t), "file");
  writeFileSync(file, "0123456789");
  const tar = read(tarStream([entryOf("a", { file, offset: 3, size: 4 })]).segments);
  assert.equal(tar.toString("latin1", 512, 512 + 6), "3456\0\0");
});

test("any part of the stream can be made without the rest", (t) => {
  const { entries } = sample(tempDir(t));
  const segments = tarStream(entries).segments;
  const whole = read(segments);
  const shared = shareSegments(segments);
  const slice = (from: number, to: number) => sliceShared(shared, from, to);
  const next = seeded(7);
  const ranges = Array.from({ length: 500 }, () => [next(whole.length + 1), next(whole.length + 1)]);
  let start = 0;
  for (const segment of segments) {
    // Exactly the ends of segments, and one byte beside them.
    for (const from of [start - 1, start, start + 1]) {
      for (const to of [start, start + 1, start + segmentSize(segment), start + segmentSize(segment) + 1]) {
        ranges.push([Math.max(from, 0), Math.min(to, whole.length)]);
      }
    }
    start += segmentSize(segment);
  }
  for (const [a = 0, b = 0] of [...ranges, [0, whole.length], [0, 0], [whole.length, whole.length]]) {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    const part = slice(from, to);
    assert.ok(part.every((segment) => segmentSize(segment) > 0));
    assert.equal(Buffer.compare(read(part), whole.subarray(from, to)), 0, `${from} to ${to}`);
  }
});
