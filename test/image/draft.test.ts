import assert from "node:assert/strict";
import test from "node:test";
import { compareBytes } from "../../lib/bytes.ts";
import { createDraft, type LayerDraft } from "../../lib/image/draft.ts";
import { createRootFs, directory, type RootFs } from "../../lib/image/rootfs.ts";
import { encodeHeader } from "../../lib/tar/header.ts";
import type { Segment } from "../../lib/tar/sequence.ts";

const ROOT = { uid: 0, gid: 0 };
const FILE = { ...ROOT, mode: 0o644 };
const CONTENT: Segment = { bytes: Buffer.from("content") };

function baseRoot(): RootFs {
  const root = createRootFs();
  root.put("tmp", directory(0o1777, 0, 0));
  root.put("home/user", directory(0o700, 1000, 100));
  root.put("usr/bin", directory(0o755, 0, 0));
  root.put("usr/bin/sh", { kind: "file" });
  root.put("bin", { kind: "symlink", target: "usr/bin" });
  return root;
}

function lines(draft: LayerDraft): string[] {
  return draft.entries().map(({ path, type, mode, uid, gid, size, mtime, link }) => {
    assert.equal(mtime, 77);
    return `${type} ${path} ${mode.toString(8)} ${uid}:${gid} ${size}${link === undefined ? "" : ` -> ${link}`}`;
  });
}

test("the folders above come along as they are in the image", () => {
  const draft = createDraft(baseRoot(), 77);
  draft.putFile("tmp/file", CONTENT, FILE);
  draft.putFile("home/user/.config/app/file", CONTENT, { mode: 0o600, uid: 5, gid: 6 });
  draft.putSymlink("usr/bin/tool", "sh", ROOT);
  assert.deepEqual(lines(draft), [
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
  const draft = createDraft(root, 77);
  draft.putFile("a", CONTENT, FILE);
  draft.putSymlink("a", "b", ROOT);
  draft.putFile("c", CONTENT, FILE);
  draft.putFile("c", { bytes: Buffer.from("longer content") }, { ...FILE, mode: 0o755 });
  draft.putDirectory("tmp", { mode: 0o755, uid: 1, gid: 2 });
  draft.putDirectory("tmp", { mode: 0o711, uid: 3, gid: 4 });
  assert.deepEqual(lines(draft), ["symlink a 777 0:0 0 -> b", "file c 755 0:0 14", "directory tmp 711 3:4 0"]);
  assert.deepEqual(root.find("a"), { kind: "symlink", target: "b" });
});

test("folders are made as by mkdir -p, and whether that was needed is told", () => {
  const root = baseRoot();
  const draft = createDraft(root, 77);
  assert.equal(draft.makeDirectory("", ROOT), false);
  assert.equal(draft.makeDirectory("tmp", ROOT), false);
  assert.equal(draft.makeDirectory("home/user/a/b", { uid: 7, gid: 8 }), true);
  assert.equal(draft.makeDirectory("home/user/a/b", ROOT), false);
  assert.equal(draft.makeDirectory("home/user/a", ROOT), false);
  assert.deepEqual(lines(draft), [
    "directory home 755 0:0 0",
    "directory home/user 700 1000:100 0",
    "directory home/user/a 755 7:8 0",
    "directory home/user/a/b 755 7:8 0",
    "directory tmp 1777 0:0 0",
  ]);
  assert.equal(root.find("home/user/a/b")?.kind, "directory");
});

test("the root itself is never an entry", () => {
  const draft = createDraft(baseRoot(), 77);
  draft.putDirectory("", { mode: 0o700, uid: 1, gid: 1 });
  draft.makeDirectory("", ROOT);
  assert.deepEqual(lines(draft), []);
});

test("what is no folder is no parent", () => {
  const draft = createDraft(baseRoot(), 77);
  draft.putFile("file", CONTENT, FILE);
  for (const path of ["usr/bin/sh/x", "bin/x", "file/x", "file/x/y"]) {
    assert.throws(() => draft.putFile(path, CONTENT, FILE), /is no folder/, path);
    assert.throws(() => draft.putSymlink(path, "y", ROOT), /is no folder/, path);
    assert.throws(() => draft.putDirectory(path, FILE), /is no folder/, path);
    assert.throws(() => draft.makeDirectory(path, ROOT), /is no folder/, path);
  }
  assert.throws(() => draft.makeDirectory("bin", ROOT), /\/bin is no folder/);
  // A failure does not make the next one pass.
  assert.throws(() => draft.putFile("usr/bin/sh/x", CONTENT, FILE), /is no folder/);
});

test("entries are in the order of the bytes of their paths, parents first", () => {
  const names = ["b", "a", "a-b", "a/b", "a.b", "ä", "z", "～", "😀", "a/b/c", "A", "a/bb"];
  const draft = createDraft(createRootFs(), 77);
  for (const name of names) {
    if (name === "a" || name === "a/b") draft.putDirectory(name, { mode: 0o755, ...ROOT });
    else draft.putFile(name, CONTENT, FILE);
  }
  const paths = draft.entries().map(({ path }) => path);
  assert.deepEqual(paths, ["A", "a", "a-b", "a.b", "a/b", "a/b/c", "a/bb", "b", "z", "ä", "～", "😀"]);
  const bytes = paths.map((path) => Buffer.from(path));
  assert.deepEqual([...bytes].sort(Buffer.compare), bytes);
  const shuffled = createDraft(createRootFs(), 77);
  for (const name of names.toReversed()) {
    if (name === "a" || name === "a/b") shuffled.putDirectory(name, { mode: 0o755, ...ROOT });
    else shuffled.putFile(name, CONTENT, FILE);
  }
  assert.deepEqual(shuffled.entries(), draft.entries());
  for (const entry of draft.entries()) assert.ok(encodeHeader(entry).length % 512 === 0);
});

test("bytes are compared, not UTF-16 units", () => {
  const words = ["", "a", "aa", "b", "ä", "\ue000", "\uffff", "😀", "😀a", "a😀", "a\uffff"];
  for (const a of words) {
    for (const b of words) {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), `${a} ${b}`);
    }
  }
});
