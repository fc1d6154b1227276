import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { Parser } from "tar";
import { BLOCK, encodeHeader, paddingOf, type TarHeader } from "../../lib/tar/header.ts";
import { tempDir } from "../support/cleanup.ts";
import { type ListedMember, listTar } from "../support/gnu-tar.ts";
import { run } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const FILE: TarHeader = { path: "a", type: "file", mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 };
const END = Buffer.alloc(2 * BLOCK);

/** A path of exactly that many bytes, its folders no longer than 50. */
function pathOf(length: number): string {
  const path = "folder-0123456789012345678901234567890123456789/".repeat(40).slice(0, length);
  return path.endsWith("/") ? `${path.slice(0, -1)}x` : path;
}

/** Permission bits as `ls -l` writes them; no special ones. */
function letters(mode: number): string {
  return Array.from({ length: 9 }, (_, i) => ((mode >> (8 - i)) & 1 ? "rwx"[i % 3] : "-")).join("");
}

function archive(...headers: readonly TarHeader[]): Buffer {
  return Buffer.concat([...headers.map(encodeHeader), END]);
}

test("plain headers are byte for byte those of GNU tar", async (t) => {
  if (!requireTool(t, "tar")) return;
  const dir = tempDir(t);
  const files: TarHeader[] = [
    { ...FILE, path: "file" },
    { ...FILE, path: "program", mode: 0o755 },
    { ...FILE, path: "odd", mode: 0o4711 },
    { ...FILE, path: "unwritable", mode: 0o000 },
    { ...FILE, path: pathOf(99) },
    { ...FILE, path: pathOf(100) },
    { ...FILE, path: pathOf(101) },
    { ...FILE, path: pathOf(155) },
    { ...FILE, path: pathOf(156) },
    { ...FILE, path: pathOf(200) },
    { ...FILE, path: `${"p".repeat(155)}/${"n".repeat(100)}` },
    { ...FILE, path: `${"p".repeat(154)}/${"n".repeat(100)}` },
    { ...FILE, path: `${"p".repeat(50)}/${"q".repeat(104)}/${"n".repeat(100)}` },
    { ...FILE, path: "folder", type: "directory", mode: 0o755 },
    { ...FILE, path: "folder/sticky", type: "directory", mode: 0o1777 },
    // With its slash a folder's path is one byte longer.
    { ...FILE, path: `d/${"d".repeat(97)}`, type: "directory", mode: 0o755 },
    { ...FILE, path: `e/${"d".repeat(98)}`, type: "directory", mode: 0o755 },
    { ...FILE, path: `${"f".repeat(155)}/${"n".repeat(99)}`, type: "directory", mode: 0o755 },
    { ...FILE, path: "symlink", type: "symlink", mode: 0o777, link: "../file" },
    { ...FILE, path: "symlink-100", type: "symlink", mode: 0o777, link: "t".repeat(100) },
    { ...FILE, path: "hardlink", type: "hardlink", link: "file" },
  ];
  for (const { path, type, mode, link } of files) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    if (type === "directory") mkdirSync(file);
    else if (type === "symlink") symlinkSync(link!, file);
    else if (type === "hardlink") linkSync(join(dir, link!), file);
    else writeFileSync(file, "");
    if (type !== "symlink" && type !== "hardlink") chmodSync(file, mode);
  }
  for (const owner of [
    { uid: 0, gid: 0, mtime: 0 },
    { uid: 1000, gid: 2_097_151, mtime: 1_700_000_000 },
    { uid: 2_097_151, gid: 1, mtime: 0o77777777777 },
  ]) {
    const settings = [`--owner=:${owner.uid}`, `--group=:${owner.gid}`, `--mtime=@${owner.mtime}`, "--numeric-owner"];
    const names = files.map(({ path }) => path);
    const args = ["--create", "--format=ustar", "--blocking-factor=1", "--no-recursion", ...settings, "-f", "out.tar"];
    const { status, stderr } = await run("tar", [...args, ...names], { cwd: dir });
    assert.equal(status, 0, stderr);
    const ours = archive(...files.map((file) => ({ ...file, ...owner })));
    const theirs = readFileSync(join(dir, "out.tar"));
    for (const [i, { path }] of files.entries()) {
      const at = i * BLOCK;
      assert.deepEqual(ours.subarray(at, at + BLOCK), theirs.subarray(at, at + BLOCK), path);
    }
    assert.equal(Buffer.compare(ours, theirs), 0);
  }
});

const LONG: readonly TarHeader[] = [
  ...[100, 101, 155, 156, 255, 256, 257, 300, 1000, 4000].map((length) => ({ ...FILE, path: pathOf(length) })),
  { ...FILE, path: "n".repeat(101) },
  { ...FILE, path: `${"p".repeat(156)}/n` },
  { ...FILE, path: `${"p".repeat(155)}/${"n".repeat(101)}` },
  { ...FILE, path: `/${"n".repeat(100)}` },
  { ...FILE, path: "d".repeat(100), type: "directory", mode: 0o700 },
  { ...FILE, path: "bücher/größe" },
  { ...FILE, path: "写真/ドローン" },
  { ...FILE, path: `${"📷".repeat(60)}/x` },
  { ...FILE, path: `a${"📷".repeat(60)}` },
  { ...FILE, path: "équipe", type: "directory", mode: 0o755 },
  { ...FILE, path: "to-long", type: "symlink", mode: 0o777, link: `../${"t".repeat(98)}` },
  { ...FILE, path: "to-longer", type: "symlink", mode: 0o777, link: pathOf(2000) },
  { ...FILE, path: "to-utf8", type: "symlink", mode: 0o777, link: "ziel/größe" },
  { ...FILE, path: "hard", type: "hardlink", link: pathOf(300) },
  { ...FILE, path: "big-uid", uid: 2_097_152 },
  { ...FILE, path: "big-gid", gid: 4_294_967_294 },
  { ...FILE, path: `${pathOf(400)}-all`, uid: 3_000_000_000, gid: 2_097_152, type: "symlink", mode: 0o777, link: "ü" },
];

test("what does not fit is read by GNU tar as it was meant", async (t) => {
  if (!requireTool(t, "tar")) return;
  const file = join(tempDir(t), "out.tar");
  writeFileSync(file, archive(...LONG));
  const kinds = { file: "-", directory: "d", symlink: "l", hardlink: "h" };
  const expected: ListedMember[] = LONG.map(({ path, type, mode, uid, gid, link }) => ({
    mode: kinds[type] + letters(mode),
    owner: `${uid}/${gid}`,
    size: 0,
    time: "1970-01-01 00:00:00",
    path: type === "directory" ? `${path}/` : path,
    ...(link !== undefined && { link }),
  }));
  assert.deepEqual(await listTar(file), expected);
});

test("what does not fit is read by the tar package as it was meant", async () => {
  const found: unknown[] = [];
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      const { path, type, mode, uid, gid, linkpath } = entry;
      found.push({ path, type, mode, uid, gid, link: linkpath === "" ? undefined : linkpath });
      entry.resume();
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on("end", resolve);
    parser.on("error", reject);
    parser.end(archive(...LONG));
  });
  const types = { file: "File", directory: "Directory", symlink: "SymbolicLink", hardlink: "Link" };
  const expected = LONG.map(({ path, type, mode, uid, gid, link }) => {
    return { path: type === "directory" ? `${path}/` : path, type: types[type], mode, uid, gid, link };
  });
  assert.deepEqual(found, expected);
});

test("a PAX header only where it is needed, its name and values constant", () => {
  assert.equal(encodeHeader({ ...FILE, path: pathOf(100) }).length, BLOCK);
  assert.equal(encodeHeader({ ...FILE, uid: 2_097_151, gid: 2_097_151 }).length, BLOCK);
  assert.equal(encodeHeader({ ...FILE, size: 0o77777777777 }).length, BLOCK);
  const long = Buffer.from(encodeHeader({ ...FILE, path: "ü", uid: 2_097_152, mtime: 77 }));
  assert.equal(long.length, 3 * BLOCK);
  assert.equal(long.toString("latin1", 0, 13), "././@PaxHeader".slice(0, 13));
  assert.equal(long.toString("utf8", BLOCK, 2 * BLOCK).replace(/\0+$/, ""), "11 path=ü\n15 uid=2097152\n");
  // The time of the PAX header itself does not count, so that it is always the same.
  assert.equal(long.toString("latin1", 136, 148), "00000000000\0");
  assert.equal(long.toString("latin1", 2 * BLOCK + 136, 2 * BLOCK + 148), "00000000115\0");
});

test("the stand-in name for readers without PAX is valid UTF-8 of at most 100 bytes", () => {
  for (const path of ["n".repeat(300), "ü".repeat(51), "📷".repeat(60), `a${"📷".repeat(60)}`, `${"a".repeat(99)}📷`]) {
    const header = Buffer.from(encodeHeader({ ...FILE, path })).subarray(-BLOCK);
    const name = new TextDecoder("utf-8", { fatal: true }).decode(header.subarray(0, 100)).replace(/\0+$/, "");
    assert.ok(path.startsWith(name), name);
    assert.ok(Buffer.byteLength(name) > 96);
  }
});

test("the length of a PAX record counts its own digits, at each boundary", () => {
  for (const around of [99, 100, 101, 999, 1000, 1001]) {
    for (let length = around - 12; length <= around + 4; length += 1) {
      const path = `ü${"n".repeat(length)}`;
      const block = Buffer.from(encodeHeader({ ...FILE, path }));
      const size = Number.parseInt(block.toString("latin1", 124, 135), 8);
      const record = block.subarray(BLOCK, BLOCK + size);
      assert.equal(record.toString("utf8"), `${record.length} path=${path}\n`);
    }
  }
});

test("files of 8 GiB and more", async (t) => {
  if (!requireTool(t, "tar")) return;
  const limit = 8 * 1024 ** 3;
  const sizes = [limit - 1, limit, limit + 1, 100 * 1024 ** 3 + 513];
  const file = join(tempDir(t), "huge.tar");
  const fd = openSync(file, "w");
  let at = 0;
  for (const size of sizes) {
    const header = encodeHeader({ ...FILE, path: `huge-${size}`, size });
    assert.equal(header.length, size < limit ? BLOCK : 3 * BLOCK);
    writeSync(fd, header, 0, header.length, at);
    at += header.length + size + paddingOf(size);
  }
  // The content is a hole: the file takes no room.
  ftruncateSync(fd, at + END.length);
  closeSync(fd);
  assert.deepEqual(
    (await listTar(file)).map(({ path, size }) => [path, size]),
    sizes.map((size) => [`huge-${size}`, size]),
  );
});

test("padding", () => {
  assert.deepEqual([0, 1, 511, 512, 513, 1024, 2 ** 40 + 1].map(paddingOf), [0, 511, 1, 0, 511, 0, 511]);
});
