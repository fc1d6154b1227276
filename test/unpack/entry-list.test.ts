import assert from "node:assert/strict";
import test from "node:test";
import { digestOf } from "../../lib/digest.ts";
import { createLayerReader } from "../../lib/inspect/layer.ts";
import { encodeHeader } from "../../lib/tar/header.ts";
import type { LayerContents } from "../../lib/unpack/entry-list.ts";
import { tarOf } from "../support/ustar.ts";
import { slices } from "./slices.ts";

/** The list of a layer that comes in small chunks. */
function listOf(tar: Buffer, room = Number.MAX_SAFE_INTEGER): LayerContents {
  let left = room;
  const reader = createLayerReader({
    take(size) {
      left -= size;
      return left >= 0;
    },
  });
  for (const chunk of slices(tar, 700)) reader.write(chunk);
  return reader.finish().contents!;
}

test("entries have their kinds, clean paths, owners, modes, and the digests of their contents", () => {
  const big = "x".repeat(5000);
  const tar = tarOf([
    { path: "./", mode: 0o711 },
    { path: "./a//b/", uid: 5, gid: 6 },
    { path: "/a/b/file", mode: 0o4755, data: big },
    { path: "a/empty" },
    { path: "a/link", symlink: "../b" },
    { path: "a/hard", hardlink: "./a/b//file" },
  ]);
  const root = { uid: 0, gid: 0 };
  assert.deepEqual(listOf(tar), {
    truncated: false,
    entries: [
      { path: "", kind: "directory", size: 0, mode: 0o711, ...root },
      { path: "a/b", kind: "directory", size: 0, mode: 0o755, uid: 5, gid: 6 },
      { path: "a/b/file", kind: "file", size: 5000, mode: 0o4755, ...root, digest: digestOf(big) },
      { path: "a/empty", kind: "file", size: 0, mode: 0o644, ...root, digest: digestOf("") },
      { path: "a/link", kind: "symlink", size: 0, mode: 0o777, ...root, link: "../b" },
      { path: "a/hard", kind: "hardlink", size: 0, mode: 0o644, ...root, link: "a/b/file" },
    ],
  });
});

test("whiteouts are told by what they hide, and what AUFS wrote for itself is nobody's file", () => {
  const names = ["a/.wh.gone", ".wh.top", "a/.wh..wh..opq", ".wh..wh..opq", ".wh..wh.plnk", "a/.wh.", "a/b.wh.c"];
  const found = listOf(tarOf(names.map((path) => ({ path }))));
  assert.deepEqual(
    found.entries.map(({ kind, path }) => `${kind} ${path}`),
    ["whiteout a/gone", "whiteout top", "opaque a", "opaque ", "file a/b.wh.c"],
  );
});

test("extended attributes are told by the digests of their values", () => {
  const value = Buffer.from([1, 2, 3]);
  const xattrs = new Map([["security.capability", value]]);
  const file = { path: "ping", type: "file", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, xattrs } as const;
  const [entry] = listOf(Buffer.concat([encodeHeader(file), Buffer.alloc(1024)])).entries;
  assert.deepEqual([...entry!.xattrs!], [["security.capability", digestOf(value)]]);
});

test("what does not fit into the room is left out, and said to be", () => {
  const tar = tarOf(Array.from({ length: 100 }, (_, i) => ({ path: `file-${i}`, data: "x" })));
  const { entries, truncated, fault } = listOf(tar, 10_000);
  assert.equal(truncated, true);
  assert.equal(fault, undefined);
  assert.ok(entries.length > 10 && entries.length < 50, String(entries.length));
  assert.equal(entries.at(-1)!.path, `file-${entries.length - 1}`);
});

test("folders that a layer leaves out take room, those that are in front of their files do not", () => {
  const folders = ["a", "a/b", "a/b/c", "a/b/c/d"].map((path) => ({ path: `${path}/` }));
  const told = tarOf([...folders, ...["1", "2", "3"].map((name) => ({ path: `a/b/c/d/${name}` }))]);
  assert.deepEqual([listOf(told, 3000).truncated, listOf(told, 3000).entries.length], [false, 7]);
  const deep = tarOf(["1", "2", "3"].map((name) => ({ path: `${name}/${"x/".repeat(8)}file` })));
  assert.deepEqual([listOf(deep, 3000).truncated, listOf(deep, 3000).entries.length], [true, 1]);
});

for (const [what, tar, fault] of [
  ["a path that climbs", tarOf([{ path: "a" }, { path: "b/../../c" }, { path: "d" }]), /leaves the layer/],
  ["a hard link that climbs", tarOf([{ path: "a" }, { path: "b", hardlink: "../c" }]), /leaves the layer/],
  ["an end in the middle", tarOf([{ path: "a" }, { path: "b", data: "x".repeat(2000) }]).subarray(0, 2000), /ends in/],
  [
    "noise behind the first file",
    Buffer.concat([tarOf([{ path: "a" }]).subarray(0, 512), Buffer.alloc(512, 7)]),
    /bad/,
  ],
] as const) {
  test(`${what} ends the list and is told`, () => {
    const { entries, fault: found } = listOf(Buffer.from(tar));
    assert.deepEqual(
      entries.map(({ path }) => path),
      ["a"],
    );
    assert.match(found!, fault);
  });
}

test("without a room there is no list", () => {
  const reader = createLayerReader();
  reader.write(tarOf([{ path: "a" }]));
  assert.equal(reader.finish().contents, undefined);
});
