import assert from "node:assert/strict";
import test from "node:test";
import { type TreeNode, treeOf } from "../../lib/diff/tree.ts";
import { digestOf } from "../../lib/digest.ts";
import { createLayerReader } from "../../lib/inspect/layer.ts";
import type { ContentEntry } from "../../lib/unpack/entry-list.ts";
import { type TarEntry, tarOf } from "../support/ustar.ts";

/** The entries of a layer with these members. */
function entriesOf(members: readonly TarEntry[]): readonly ContentEntry[] {
  const reader = createLayerReader({ take: () => true });
  reader.write(tarOf(members));
  return reader.finish().contents!.entries;
}

/** `path mode` of every file, in order; folders with a slash at the end. */
function pathsOf(layers: readonly (readonly TarEntry[])[]): string[] {
  const lines: string[] = [];
  const visit = (path: string, { entry, children }: TreeNode) => {
    lines.push(`${path}${children === undefined ? "" : "/"} ${entry.mode.toString(8)}`);
    for (const [name, node] of children ?? []) visit(`${path}/${name}`, node);
  };
  visit("", treeOf(layers.map(entriesOf)));
  return lines;
}

test("layers are put on top of one another", () => {
  assert.deepEqual(
    pathsOf([
      [{ path: "a/b/c" }],
      [
        { path: "a/", mode: 0o700 },
        { path: "a/b/d", mode: 0o600 },
      ],
    ]),
    ["/ 755", "/a/ 700", "/a/b/ 755", "/a/b/c 644", "/a/b/d 600"],
  );
});

test("whiteouts hide what is below their layer, wherever they stand in it", () => {
  const base = [{ path: "a/one" }, { path: "a/two" }, { path: "b/deep/file" }, { path: "c" }];
  assert.deepEqual(
    pathsOf([base, [{ path: "a/two", mode: 0o600 }, { path: "a/.wh.two" }, { path: ".wh.b" }, { path: ".wh.none" }]]),
    ["/ 755", "/a/ 755", "/a/one 644", "/a/two 600", "/c 644"],
  );
  assert.deepEqual(pathsOf([base, [{ path: "a/new" }, { path: "a/.wh..wh..opq" }, { path: "c/.wh..wh..opq" }]]), [
    "/ 755",
    "/a/ 755",
    "/a/new 644",
    "/b/ 755",
    "/b/deep/ 755",
    "/b/deep/file 644",
    "/c 644",
  ]);
  assert.deepEqual(pathsOf([base, [{ path: ".wh..wh..opq" }, { path: "./", mode: 0o711 }]]), ["/ 711"]);
});

test("a file takes the place of a folder, and a folder that of a file", () => {
  assert.deepEqual(pathsOf([[{ path: "a/b" }], [{ path: "a" }]]), ["/ 755", "/a 644"]);
  assert.deepEqual(pathsOf([[{ path: "a", symlink: "b" }], [{ path: "a/b" }]]), ["/ 755", "/a/ 755", "/a/b 644"]);
  assert.deepEqual(pathsOf([[{ path: "a" }], [{ path: "a/" }]]), ["/ 755", "/a/ 755"]);
});

test("a hard link is the file that it is a name of, of a layer below too", () => {
  const [one, two] = ["1", "2"].map((data) => ({ path: "file", mode: 0o755, data }));
  const links = [{ path: "link", hardlink: "file" }];
  const at = (name: string, ...layers: readonly TarEntry[][]) =>
    treeOf(layers.map(entriesOf)).children?.get(name)?.entry;
  for (const layers of [[[one!, ...links]], [[one!], links], [[one!, ...links], [two!]]]) {
    assert.deepEqual(at("link", ...layers), {
      kind: "file",
      size: 1,
      mode: 0o755,
      uid: 0,
      gid: 0,
      digest: digestOf("1"),
    });
  }
  assert.deepEqual(at("link", links), { kind: "hardlink", size: 0, mode: 0o644, uid: 0, gid: 0, link: "file" });
});

test("of several entries with one path the last counts, and a name such as __proto__ is one like others", () => {
  assert.deepEqual(pathsOf([[{ path: "a" }, { path: "__proto__/x" }, { path: "a", mode: 0o600 }]]), [
    "/ 755",
    "/a 600",
    "/__proto__/ 755",
    "/__proto__/x 644",
  ]);
});
