import assert from "node:assert/strict";
import test from "node:test";
import { type Segment, type TarEntry, tarStream } from "../../lib/tar/sequence.ts";
import { shareSegments, sliceShared } from "../../lib/tar/shared.ts";

test("what is known of a file comes out as it went in", () => {
  const files: Segment[] = [
    { file: "/tree/größe/写真/📷\nx", offset: 0, size: 9 * 1024 ** 3 + 5, mtimeMs: 1_700_000_000_123.456 },
    { file: "/tree/second", offset: 2 ** 40 + 1, size: 7, mtimeMs: 0 },
    { file: "/tree/without a time", offset: 0, size: 1 },
    { file: "/tree/before 1970", offset: 1, size: 1, mtimeMs: -1.5 },
  ];
  const shared = shareSegments([{ bytes: Buffer.from("front") }, ...files, { bytes: new Uint8Array(0) }]);
  assert.deepEqual(sliceShared(shared, 5, shared.size), files);
  assert.deepEqual(sliceShared(shareSegments([]), 0, 10), []);
});

test("bytes are copied: the segments' own may change, and are in nobody's way", () => {
  const bytes = Buffer.from("before");
  const shared = shareSegments([{ bytes }]);
  bytes.fill("x");
  assert.deepEqual(sliceShared(shared, 0, 6), [{ bytes: new Uint8Array(Buffer.from("before")) }]);
});

test("a slice of files beyond 4 GiB is exact, and keeps the time of the listing", () => {
  const size = 9 * 1024 ** 3 + 5;
  const entryOf = (path: string, mtimeMs: number): TarEntry => {
    const content = { file: `/${path}`, offset: 0, size, mtimeMs };
    return { path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size, content };
  };
  const { segments, size: whole } = tarStream([entryOf("a", 1.5), entryOf("b", 2.5)]);
  // PAX header, its content and the header; 8 GiB and more do not fit into ustar.
  const front = 3 * 512;
  const padding = 507;
  assert.equal(whole, 2 * (front + size + padding) + 1024);
  const shared = shareSegments(segments);
  const slice = (from: number, to: number) => sliceShared(shared, from, to);
  const second = front + size + padding + front;
  assert.deepEqual(slice(second + 6 * 1024 ** 3, second + 6 * 1024 ** 3 + 10), [
    { file: "/b", offset: 6 * 1024 ** 3, size: 10, mtimeMs: 2.5 },
  ]);
  const [end, zeros] = slice(front + size - 3, front + size + 4);
  assert.deepEqual(end, { file: "/a", offset: size - 3, size: 3, mtimeMs: 1.5 });
  assert.deepEqual(zeros, { bytes: new Uint8Array(4) });
  assert.deepEqual(slice(whole - 2, whole + 10), [{ bytes: new Uint8Array(2) }], "what lies beyond the end is nothing");
});
