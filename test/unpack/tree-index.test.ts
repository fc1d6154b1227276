import assert from "node:assert/strict";
import test from "node:test";
import { cutTree } from "../../lib/tar/cuts.ts";
import { TarFormatError } from "../../lib/tar/parser.ts";
import { type TarEntry as HeaderEntry, tarStream } from "../../lib/tar/sequence.ts";
import { createTreeIndexer } from "../../lib/unpack/tree-index.ts";
import type { LayerTree } from "../../spec/store.ts";
import { prose, seeded } from "../support/seeded.ts";
import { type TarEntry, tarOf } from "../support/ustar.ts";

function indexOf(entries: readonly TarEntry[], chunkSize = 1000): LayerTree {
  const indexer = createTreeIndexer();
  const tar = tarOf(entries);
  for (let at = 0; at < tar.length; at += chunkSize) indexer.write(tar.subarray(at, at + chunkSize));
  return indexer.finish().tree;
}

const PASSWD = `root:x:0:0:root:/root:/bin/sh\n${"user:x:1000:1000::/:/bin/sh\n".repeat(50)}`;

test("names by kind", () => {
  const entries: TarEntry[] = [
    { path: "./", mode: 0o711, uid: 1, gid: 2 },
    { path: "etc/" },
    { path: "etc/passwd", data: PASSWD },
    { path: "./etc/group", data: "root:x:0:\n" },
    { path: "tmp/", mode: 0o1777 },
    { path: "/home//user/", mode: 0o700, uid: 1000, gid: 100 },
    { path: "bin", symlink: "usr/bin" },
    { path: "etc/hard", hardlink: "etc/passwd" },
    { path: "größe" },
  ];
  const expected: LayerTree = {
    version: 1,
    directories: [
      ["", "711", 1, 2],
      ["etc", "755", 0, 0],
      ["tmp", "1777", 0, 0],
      ["home/user", "700", 1000, 100],
    ],
    symlinks: [["bin", "usr/bin"]],
    files: ["etc/passwd", "etc/group", "etc/hard", "größe"].join("\0"),
    whiteouts: [],
    opaque: [],
    accounts: { passwd: PASSWD, group: "root:x:0:\n" },
  };
  for (const chunkSize of [1, 511, 512, 100_000]) assert.deepEqual(indexOf(entries, chunkSize), expected);
});

test("whiteouts", () => {
  const tree = indexOf([
    { path: ".wh.gone" },
    { path: "a/" },
    { path: "a/.wh.b" },
    { path: "a/.wh..wh..opq" },
    { path: ".wh..wh..opq" },
    { path: ".wh..wh.plnk/", mode: 0o700 },
    { path: ".wh..wh.aufs" },
    { path: "c.wh.d" },
  ]);
  assert.deepEqual(tree.whiteouts, ["gone", "a/b"]);
  assert.deepEqual(tree.opaque, ["a", ""]);
  assert.deepEqual(tree.files, "c.wh.d");
  assert.deepEqual(
    tree.directories.map(([path]) => path),
    ["a"],
  );
});

test("accounts are those of files only, and not of huge ones", () => {
  assert.deepEqual(indexOf([{ path: "etc/passwd", symlink: "/evil" }]).accounts, {});
  assert.deepEqual(indexOf([{ path: "etc/passwd" }]).accounts, { passwd: "" });
  assert.deepEqual(indexOf([{ path: "etc/passwd", data: Buffer.alloc(300_000) }]).accounts, {});
  assert.deepEqual(indexOf([{ path: "usr/etc/passwd", data: "x" }]).accounts, {});
  const twice = [
    { path: "etc/passwd", data: "old" },
    { path: "etc/passwd", data: "new" },
  ];
  assert.deepEqual(indexOf(twice).accounts, { passwd: "new" });
});

test("a path that climbs, and what is no tar file", () => {
  for (const path of ["../x", "a/../../x", "a/../b", "..", "/../etc/passwd", "./.."]) {
    assert.throws(() => indexOf([{ path }]), TarFormatError, path);
  }
  assert.throws(() => createTreeIndexer().finish(), TarFormatError);
  assert.throws(() => createTreeIndexer().write(Buffer.alloc(512, "x")), TarFormatError);
  assert.deepEqual(indexOf([]).files, "");
  assert.equal(indexOf([{ path: "..a/b..", data: "" }]).files, "..a/b..");
});

test("a tar file is cut where the tree that it was made of is cut", () => {
  const next = seeded(4);
  const long = "long/".repeat(60);
  const entries = Array.from({ length: 800 }, (_, i): HeaderEntry => {
    const path = `${i % 7 === 0 ? long : ""}${String(i).padStart(4, "0")}`;
    const rest = { path, mode: 0o644, uid: 0, gid: 0, mtime: 0 };
    if (i % 5 === 0) return { ...rest, type: "directory", size: 0 };
    if (i % 11 === 0) return { ...rest, type: "symlink", size: 0, link: `${long}target` };
    const bytes = prose(i, next(20) === 0 ? next(500_000) : next(9000));
    return { ...rest, type: "file", size: bytes.length, content: { bytes } };
  });
  const { segments, ...layout } = tarStream(entries);
  const tar = Buffer.concat(segments.map((segment) => ("bytes" in segment ? segment.bytes : Buffer.alloc(0))));
  const indexer = createTreeIndexer();
  for (let at = 0; at < tar.length; at += 10_007) indexer.write(tar.subarray(at, at + 10_007));
  const { cuts } = indexer.finish();
  assert.ok(cuts.length > 50);
  assert.deepEqual(cuts, cutTree(entries, layout));
});
