import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { createTarParser, TarFormatError } from "../../lib/tar/parser.ts";
import { tempDir } from "../support/cleanup.ts";
import { run, runOk } from "../support/run.ts";
import { noise, seeded } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";
import { type Found, parse } from "./parsing.ts";

/** A tree with what GNU tar may have to write in its own ways. */
function makeTree(t: TestContext): string {
  const dir = tempDir(t);
  const long = "long-folder-name-0123456789/".repeat(12);
  mkdirSync(join(dir, "tree", long), { recursive: true });
  const put = (path: string, content: string | Buffer) => writeFileSync(join(dir, "tree", path), content);
  put("empty", "");
  put("small", "content");
  put("block", Buffer.alloc(512, "b"));
  put("more", noise(1, 1500));
  put("größe", "ü");
  put("two\nlines", "n");
  put(`${long}file`, "deep");
  put(`${"n".repeat(150)}`, "long name");
  symlinkSync("small", join(dir, "tree/link"));
  symlinkSync(`${long}${long}file`, join(dir, "tree/long-link"));
  linkSync(join(dir, "tree", long, "file"), join(dir, "tree/hard"));
  execFileSync("mkfifo", [join(dir, "tree/fifo")]);
  utimesSync(join(dir, "tree/small"), 1_700_000_000, 1_700_000_000);
  return dir;
}

const FORMATS = ["gnu", "oldgnu", "pax"] as const;

describe("what GNU tar writes is read", () => {
  for (const format of FORMATS) {
    test(format, async (t) => {
      if (!requireTool(t, "tar")) return;
      const dir = makeTree(t);
      const settings = [`--format=${format}`, "--sort=name", "--owner=:70000", "--group=:3000000", "--numeric-owner"];
      await runOk("tar", ["--create", ...settings, "-f", "out.tar", "tree"], { cwd: dir });
      const tar = readFileSync(join(dir, "out.tar"));
      const { members, end } = parse(tar);
      assert.equal(end.size, tar.length);
      assert.ok(end.clean && end.trailer >= 1024);

      const listed = (await runOk("tar", ["--list", "--quoting-style=c", "-f", "out.tar"], { cwd: dir }))
        .split("\n")
        .slice(0, -1)
        .map((line) => execFileSync("printf", ["%b", line.slice(1, -1).replace(/\\([0-7]{3})/g, "\\0$1")]).toString());
      assert.deepEqual(
        members.map(({ path, type }) => (type === "directory" ? `${path}/` : path)),
        listed,
      );
      const known = new Map(members.map((member) => [member.path, member]));
      for (const [path, member] of known) {
        const stats = lstatSync(join(dir, path));
        assert.equal(member.mode, stats.mode & 0o7777, path);
        assert.deepEqual([member.uid, member.gid], [70_000, 3_000_000], path);
        assert.equal(member.mtime, Math.floor(stats.mtimeMs / 1000), path);
        if (member.type === "file") assert.equal(member.data, readFileSync(join(dir, path), "latin1"), path);
        else assert.equal(member.data, "");
      }
      assert.equal(known.get("tree/fifo")?.type, "fifo");
      assert.equal(known.get("tree/two\nlines")?.data, "n");
      assert.equal(known.get("tree/link")?.link, "small");
      assert.match(known.get("tree/long-link")!.link, /^(long-folder-name-0123456789\/){24}file$/);
      const links = members.filter(({ type }) => type === "hardlink");
      assert.equal(links.length, 1);
      assert.ok(known.has(links[0]!.link));
    });
  }

  test("v7 and ustar, where names are short", async (t) => {
    if (!requireTool(t, "tar")) return;
    const dir = tempDir(t);
    mkdirSync(join(dir, "d"));
    writeFileSync(join(dir, "d/f"), "x");
    for (const format of ["v7", "ustar"]) {
      await runOk("tar", ["--create", `--format=${format}`, "-f", "out.tar", "d"], { cwd: dir });
      const { members } = parse(readFileSync(join(dir, "out.tar")));
      assert.deepEqual(
        members.map(({ path, type, data }) => [path, type, data]),
        [
          ["d", "directory", ""],
          ["d/f", "file", "x"],
        ],
      );
    }
  });

  test("sizes of 8 GiB and more, in base 256 and in PAX", async (t) => {
    if (!requireTool(t, "tar")) return;
    const dir = tempDir(t);
    await runOk("truncate", ["--size=9G", join(dir, "huge")]);
    for (const format of FORMATS) {
      // Enough of the archive for its header: tar is told that nobody reads on.
      const { stdout } = await run("sh", ["-c", `tar --create --format=${format} huge | head -c 1536 | base64`], {
        cwd: dir,
      });
      const parser = createTarParser();
      const [event] = [...parser.feed(Buffer.from(stdout, "base64"))];
      assert.ok(event?.kind === "entry");
      assert.deepEqual([event.entry.path, event.entry.size], ["huge", 9 * 1024 ** 3]);
      assert.throws(() => parser.finish(), TarFormatError);
    }
  });
});

test("chunks of any size give the same members", async (t) => {
  if (!requireTool(t, "tar")) return;
  const dir = tempDir(t);
  mkdirSync(join(dir, "d"));
  for (const size of [0, 1, 511, 512, 513]) writeFileSync(join(dir, `d/${"n".repeat(120)}${size}`), noise(size, size));
  symlinkSync("t".repeat(130), join(dir, "d/link"));
  for (const format of ["gnu", "pax"]) {
    await runOk("tar", ["--create", `--format=${format}`, "--blocking-factor=1", "-f", "out.tar", "d"], { cwd: dir });
    const tar = readFileSync(join(dir, "out.tar"));
    const whole = parse(tar);
    assert.equal(whole.members.length, 7);
    for (let size = 1; size <= 1024; size += 1) assert.deepEqual(parse(tar, size), whole, `chunks of ${size}`);
  }
});

test("an archive that ends anywhere is either whole or told to be broken", async () => {
  const tar = tarOf([
    { path: "d/" },
    { path: "d/a", data: "x".repeat(600) },
    { path: "d/b", data: "y" },
    { path: "l", symlink: "d/a" },
  ]);
  const whole = parse(tar).members;
  const ends = new Map<number, number>();
  for (let size = 0; size <= tar.length; size += 1) {
    let members: Found[];
    try {
      members = parse(tar.subarray(0, size), 300).members;
    } catch (error) {
      assert.ok(error instanceof TarFormatError, `${size}: ${error}`);
      continue;
    }
    assert.deepEqual(members, whole.slice(0, members.length));
    ends.set(size, members.length);
  }
  // After a member's header or the last byte of its content; then within its padding, and within the trailer.
  assert.equal(ends.get(512), 1);
  assert.equal(ends.get(1024), undefined, "content is missing");
  assert.equal(ends.get(1024 + 600), 2);
  assert.equal(ends.get(1024 + 1024), 2);
  assert.equal(ends.get(1024 + 1025), undefined, "part of a header");
  assert.equal(ends.get(tar.length - 1024), 4);
  assert.equal(ends.get(tar.length - 513), undefined, "part of a zero block");
  assert.equal(ends.get(tar.length - 512), 4);
  assert.equal(ends.get(0), undefined, "nothing is no tar file");
});

test("what follows the trailer is told", () => {
  const tar = tarOf([{ path: "a", data: "x" }]);
  const body = tar.subarray(0, 1024);
  for (const [rest, trailer, clean] of [
    [Buffer.alloc(0), 0, true],
    [Buffer.alloc(512), 512, true],
    [Buffer.alloc(1024), 1024, true],
    [Buffer.alloc(10_240), 10_240, true],
    [Buffer.alloc(700), 700, true],
    [Buffer.concat([Buffer.alloc(1024), Buffer.from("x")]), 1025, false],
    [Buffer.concat([Buffer.alloc(512), tar]), 512 + tar.length, false],
  ] as const) {
    for (const chunkSize of [100, 512, 100_000]) {
      const { members, end } = parse(Buffer.concat([body, rest]), chunkSize);
      assert.equal(members.length, 1);
      assert.deepEqual(end, { size: 1024 + rest.length, trailer, clean });
    }
  }
});

test("random damage gives members or a TarFormatError, and always comes to an end", async (t) => {
  if (!requireTool(t, "tar")) return;
  const dir = makeTree(t);
  const tars: Buffer[] = [];
  for (const format of FORMATS) {
    await runOk("tar", ["--create", `--format=${format}`, "--blocking-factor=1", "-f", "out.tar", "tree"], {
      cwd: dir,
    });
    tars.push(readFileSync(join(dir, "out.tar")));
  }
  const next = seeded(3);
  let broken = 0;
  for (let round = 0; round < 1500; round += 1) {
    const tar = Buffer.from(tars[round % tars.length]!);
    const at = next(tar.length / 512) * 512;
    const isHeader = tar.toString("latin1", at + 257, at + 262) === "ustar";
    for (let i = 0; i <= next(3); i += 1) tar[at + next(512)] = next(2) === 0 ? next(256) : 0xff;
    if (isHeader && next(4) !== 0) {
      tar.write("        ", at + 148, "latin1");
      const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
      tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
    }
    try {
      parse(tar, 4096);
    } catch (error) {
      assert.ok(error instanceof TarFormatError, `round ${round}: ${(error as Error).stack}`);
      broken += 1;
    }
  }
  assert.ok(broken > 200 && broken < 1400, `${broken} of 1500`);
});
