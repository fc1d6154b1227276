import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareBytes } from "../../lib/bytes.ts";
import { layerEntries } from "../../lib/image/difference.ts";
import type { MadeFile, RootNode } from "../../lib/image/node.ts";
import { createRootFs, directory, type RootFs } from "../../lib/image/rootfs.ts";
import { encodeHeader } from "../../lib/tar/header.ts";
import type { Segment } from "../../lib/tar/sequence.ts";

const ROOT = { uid: 0, gid: 0 };
const CONTENT: Segment = { bytes: Buffer.from("content") };
const FILE: MadeFile = { kind: "file", ...ROOT, mode: 0o644, content: CONTENT };
const FOLDER = { ...ROOT, mode: 0o755 };
const link = (target: string): RootNode => ({ kind: "symlink", target, ...ROOT });

function baseRoot(): RootFs {
  const root = createRootFs();
  root.apply({
    version: 1,
    directories: [
      ["tmp", "1777", 0, 0],
      ["home/user", "700", 1000, 100],
      ["usr/bin", "755", 0, 0],
      ["usr/lib/deep", "755", 0, 0],
    ],
    symlinks: [["bin", "usr/bin"]],
    files: "usr/bin/sh\0usr/lib/a\0usr/lib/b\0usr/lib/deep/c",
    whiteouts: [],
    opaque: [],
    accounts: {},
  });
  return root;
}

/** The layer of a change, `kind path mode owner size`. */
function lines(change: (root: RootFs) => void, root = baseRoot()): string[] {
  const before = root.snapshot();
  change(root);
  return layerEntries(before, root.snapshot(), 77).map(({ path, type, mode, uid, gid, size, mtime, link: target }) => {
    assert.equal(mtime, 77);
    return `${type} ${path} ${mode.toString(8)} ${uid}:${gid} ${size}${target === undefined ? "" : ` -> ${target}`}`;
  });
}

test("the folders above come along as they are in the image", () => {
  const layer = lines((root) => {
    root.put("tmp/file", FILE);
    root.put("home/user/.config/app/file", { ...FILE, mode: 0o600, uid: 5, gid: 6 });
    root.put("usr/bin/tool", link("sh"));
  });
  assert.deepEqual(layer, [
    "directory home 755 0:0 0",
    "directory home/user 700 1000:100 0",
    // Those that are new belong to the owner of what needs them, with bits of their own.
    "directory home/user/.config 755 5:6 0",
    "directory home/user/.config/app 755 5:6 0",
    "file home/user/.config/app/file 600 5:6 7",
    "directory tmp 1777 0:0 0",
    "file tmp/file 644 0:0 7",
    "directory usr 755 0:0 0",
    "directory usr/bin 755 0:0 0",
    "symlink usr/bin/tool 777 0:0 0 -> sh",
  ]);
});

test("each path occurs once, the last one counts", () => {
  const root = baseRoot();
  const layer = lines((changed) => {
    changed.put("a", FILE);
    changed.put("a", link("b"));
    changed.put("c", FILE);
    changed.put("c", { ...FILE, content: { bytes: Buffer.from("longer content") }, mode: 0o755 });
    changed.put("tmp", directory({ mode: 0o755, uid: 1, gid: 2 }));
    changed.put("tmp", directory({ mode: 0o711, uid: 3, gid: 4 }));
  }, root);
  assert.deepEqual(layer, ["symlink a 777 0:0 0 -> b", "file c 755 0:0 14", "directory tmp 711 3:4 0"]);
  assert.deepEqual(root.find("a"), link("b"));
});

test("what was put anew is in the layer, also when it is equal; what was not touched is not", () => {
  const root = baseRoot();
  lines((changed) => changed.put("usr/file", FILE), root);
  assert.deepEqual(
    lines(() => {}, root),
    [],
  );
  assert.deepEqual(
    lines((changed) => changed.put("usr/file", { ...FILE }), root),
    ["directory usr 755 0:0 0", "file usr/file 644 0:0 7"],
  );
});

test("folders are made as by mkdir -p, and whether that was needed is told", () => {
  const root = baseRoot();
  const layer = lines((changed) => {
    assert.equal(changed.makeDirectory("", ROOT), false);
    assert.equal(changed.makeDirectory("home/user/a/b", { uid: 7, gid: 8 }), true);
    assert.equal(changed.makeDirectory("home/user/a/b", ROOT), false);
    assert.equal(changed.makeDirectory("home/user/a", ROOT), false);
  }, root);
  assert.deepEqual(layer, [
    "directory home 755 0:0 0",
    "directory home/user 700 1000:100 0",
    "directory home/user/a 755 7:8 0",
    "directory home/user/a/b 755 7:8 0",
  ]);
  assert.equal(root.find("home/user/a/b")?.kind, "directory");
});

test("the root itself is never an entry", () => {
  const layer = lines((root) => {
    root.put("", directory({ mode: 0o700, uid: 1, gid: 1 }));
    root.makeDirectory("", ROOT);
  });
  assert.deepEqual(layer, []);
});

describe("what is gone", () => {
  test("a file, a link, a folder with all in it: one whiteout each, with the folders above", () => {
    const layer = lines((root) => {
      assert.equal(root.remove("usr/lib/a"), true);
      assert.equal(root.remove("usr/lib/deep"), true);
      assert.equal(root.remove("bin"), true);
      for (const path of ["absent", "usr/absent/x", "usr/bin/sh/x", ""]) assert.equal(root.remove(path), false);
    });
    assert.deepEqual(layer, [
      "file .wh.bin 600 0:0 0",
      "directory usr 755 0:0 0",
      "directory usr/lib 755 0:0 0",
      "file usr/lib/.wh.a 600 0:0 0",
      "file usr/lib/.wh.deep 600 0:0 0",
    ]);
  });
  test("what was made and removed in one layer leaves nothing but its folder", () => {
    const layer = lines((root) => {
      root.put("tmp/new", FILE);
      root.remove("tmp/new");
    });
    assert.deepEqual(layer, ["directory tmp 1777 0:0 0"]);
  });
  test("what takes its place needs no whiteout", () => {
    const layer = lines((root) => {
      root.remove("usr/lib");
      root.put("usr/lib", { ...FILE });
      root.remove("usr/bin/sh");
      root.put("usr/bin/sh", directory(FOLDER));
      root.remove("bin");
      root.put("bin", FILE);
    });
    assert.deepEqual(layer, [
      "file bin 644 0:0 7",
      "directory usr 755 0:0 0",
      "directory usr/bin 755 0:0 0",
      "directory usr/bin/sh 755 0:0 0",
      "file usr/lib 644 0:0 7",
    ]);
  });
  test("a folder that was removed and made again hides what was in it", () => {
    const layer = lines((root) => {
      root.remove("usr/lib");
      root.put("usr/lib/deep/new", FILE);
      root.remove("tmp");
      root.put("tmp", directory(FOLDER));
    });
    assert.deepEqual(layer, [
      // There was nothing in it.
      "directory tmp 755 0:0 0",
      "directory usr 755 0:0 0",
      "directory usr/lib 755 0:0 0",
      "file usr/lib/.wh..wh..opq 600 0:0 0",
      "directory usr/lib/deep 755 0:0 0",
      "file usr/lib/deep/new 644 0:0 7",
    ]);
  });
  test("applied to the root below, the layer gives the root above", () => {
    const root = baseRoot();
    const layer = lines((changed) => {
      changed.remove("usr/lib");
      changed.put("usr/lib/new", FILE);
      changed.remove("home/user");
      changed.remove("usr/bin/sh");
    }, root);
    const names = layer.map((line) => line.split(" ")[1]!);
    const applied = baseRoot();
    applied.apply({
      version: 1,
      directories: [],
      symlinks: [],
      files: "usr/lib/new",
      whiteouts: names.filter((name) => /\.wh\.(?!\.wh)/.test(name)).map((name) => name.replace(".wh.", "")),
      opaque: names.flatMap((name) => (name.endsWith("/.wh..wh..opq") ? [name.slice(0, -13)] : [])),
      accounts: {},
    });
    assert.deepEqual(paths(applied), paths(root));
  });
});

function paths(root: RootFs): string[] {
  const found: string[] = [];
  const visit = (path: string, node: RootNode) => {
    found.push(path);
    if (node.kind === "directory") for (const [name, child] of node.children) visit(`${path}/${name}`, child);
  };
  visit("", root.find("")!);
  return found.sort();
}

test("one file at several paths is one file, under the first of them", () => {
  const shared: MadeFile = { ...FILE };
  const layer = lines((root) => {
    root.put("tmp/z", shared);
    root.put("usr/bin/a", shared);
    root.put("a", shared);
    root.put("b", { ...FILE });
  });
  assert.deepEqual(layer, [
    "file a 644 0:0 7",
    "file b 644 0:0 7",
    "directory tmp 1777 0:0 0",
    "hardlink tmp/z 644 0:0 0 -> a",
    "directory usr 755 0:0 0",
    "directory usr/bin 755 0:0 0",
    "hardlink usr/bin/a 644 0:0 0 -> a",
  ]);
});

test("a file of a pulled layer has to be taken out of it first", () => {
  assert.throws(() => lines((root) => root.put("x", root.find("usr/bin/sh")!)), /\/x was not taken out of its layer/);
});

test("what is no folder is no parent", () => {
  const root = baseRoot();
  root.put("file", FILE);
  for (const path of ["usr/bin/sh/x", "bin/x", "file/x", "file/x/y"]) {
    assert.throws(() => root.put(path, FILE), /is no folder/, path);
    assert.throws(() => root.put(path, link("y")), /is no folder/, path);
    assert.throws(() => root.put(path, directory(FOLDER)), /is no folder/, path);
    assert.throws(() => root.makeDirectory(path, ROOT), /is no folder/, path);
  }
  assert.throws(() => root.makeDirectory("bin", ROOT), /\/bin is no folder/);
  // A failure does not make the next one pass.
  assert.throws(() => root.put("usr/bin/sh/x", FILE), /is no folder/);
});

test("a name that would hide another one is refused, as a file and on the way to one", () => {
  for (const path of [".wh.x", "tmp/.wh..wh..opq", "tmp/.wh.d/x"]) {
    assert.throws(() => baseRoot().put(path, FILE), /\.wh\. stands for one that is removed/, path);
    assert.throws(() => baseRoot().makeDirectory(path, ROOT), /\.wh\. stands for/, path);
  }
});

test("entries are in the order of the bytes of their paths, parents first", () => {
  const names = ["b", "a", "a-b", "a/b", "a.b", "ä", "z", "～", "😀", "a/b/c", "A", "a/bb"];
  const entriesOf = (order: readonly string[]) => {
    const root = createRootFs();
    const before = root.snapshot();
    for (const name of order) root.put(name, name === "a" || name === "a/b" ? directory(FOLDER) : FILE);
    return layerEntries(before, root.snapshot(), 77);
  };
  const entries = entriesOf(names);
  const found = entries.map(({ path }) => path);
  assert.deepEqual(found, ["A", "a", "a-b", "a.b", "a/b", "a/b/c", "a/bb", "b", "z", "ä", "～", "😀"]);
  const bytes = found.map((path) => Buffer.from(path));
  assert.deepEqual([...bytes].sort(Buffer.compare), bytes);
  assert.deepEqual(
    entriesOf(names.toReversed()).map(({ path, type }) => `${type} ${path}`),
    entries.map(({ path, type }) => `${type} ${path}`),
  );
  for (const entry of entries) assert.ok(encodeHeader(entry).length % 512 === 0);
});

test("bytes are compared, not UTF-16 units", () => {
  const words = ["", "a", "aa", "b", "ä", "\ue000", "\uffff", "😀", "😀a", "a😀", "a\uffff"];
  for (const a of words) {
    for (const b of words) {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), `${a} ${b}`);
    }
  }
});
