import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createCollector } from "../../lib/unpack/collect.ts";
import { type ExtractedEntry, type Extraction, extractFile } from "../../lib/unpack/extract.ts";
import { tempDir } from "../support/cleanup.ts";
import { poolFor } from "../support/pool.ts";
import { run, runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { type TarEntry, tarOf } from "../support/ustar.ts";
import { zstdTool } from "../support/zstd.ts";
import { block, extension, octal, paxOf } from "../tar/parsing.ts";

const MAX = 1e9;

interface Taken extends ExtractedEntry {
  readonly data: string;
}

/** Runs it on these bytes; the contents are read from where it says. */
async function extract(t: TestContext, bytes: Buffer, wanted?: readonly string[]): Promise<Taken[] | string> {
  const dir = tempDir(t);
  writeFileSync(join(dir, "archive"), bytes);
  const spool = join(dir, "spool");
  const result = await extractFile(join(dir, "archive"), { spool, maxPlainSize: MAX, ...(wanted && { wanted }) });
  assert.equal(existsSync(spool), !("fault" in result) && result.file === spool);
  return contents(result);
}

function contents(result: Extraction): Taken[] | string {
  if ("fault" in result) return `${result.fault}: ${result.reason}`;
  const file = readFileSync(result.file);
  return result.entries.map((entry) => ({
    ...entry,
    data: file.toString("latin1", entry.offset, entry.offset + entry.size),
  }));
}

/** Path, type and content or link target. */
function short(taken: Taken[] | string): string[] {
  assert.ok(typeof taken !== "string", String(taken));
  return taken.map(({ path, type, data, link }) => `${path} ${type} ${data}${link === "" ? "" : `-> ${link}`}`);
}

/** The same tar file plain and packed in each way. */
async function* forms(t: TestContext, tar: Buffer): AsyncGenerator<readonly [name: string, bytes: Buffer]> {
  yield ["plain", tar];
  yield ["gzip", gzipSync(tar)];
  if (requireTool(t, "zstd")) yield ["zstd", zstdTool()(tar)];
  if (requireTool(t, "xz")) yield ["xz", execFileSync("xz", ["-c"], { input: tar })];
}

test("what GNU tar and bsdtar pack comes out as it went in, packed in each way", async (t) => {
  if (!requireTool(t, "tar", "bsdtar")) return;
  const dir = tempDir(t);
  const tree = join(dir, "tree");
  mkdirSync(join(tree, "folder/empty"), { recursive: true });
  mkdirSync(join(tree, "d".repeat(120)));
  const files: Record<string, Buffer> = {
    "folder/big": noise(1, 700_000),
    "folder/größe": Buffer.from("ü"),
    [`${"d".repeat(120)}/${"n".repeat(120)}`]: Buffer.from("long"),
    empty: Buffer.alloc(0),
    program: prose(2, 5000),
  };
  for (const [path, data] of Object.entries(files)) writeFileSync(join(tree, path), data);
  chmodSync(join(tree, "program"), 0o4755);
  linkSync(join(tree, "program"), join(tree, "zz-other"));
  symlinkSync("../program", join(tree, "folder/link"));
  for (const tool of ["tar", "bsdtar"]) {
    const archive = join(dir, `${tool}.tar`);
    await runOk(tool, ["--format=pax", "-cf", archive, "."], { cwd: tree });
    for await (const [form, bytes] of forms(t, readFileSync(archive))) {
      const taken = await extract(t, bytes);
      assert.ok(typeof taken !== "string", String(taken));
      const found = new Map(taken.map((entry) => [entry.path, entry]));
      const name = `${tool}, ${form}`;
      assert.deepEqual(
        [...found.keys()].sort(),
        ["", ...Object.keys(files), "folder", "folder/empty", "folder/link", "d".repeat(120), "zz-other"].sort(),
      );
      for (const [path, data] of Object.entries(files))
        assert.equal(found.get(path)?.data, data.toString("latin1"), name);
      assert.deepEqual([found.get("folder/link")?.type, found.get("folder/link")?.link], ["symlink", "../program"]);
      const [one, other] = [found.get("program")!, found.get("zz-other")!];
      assert.equal(one.inode, other.inode);
      assert.deepEqual([one.type, other.type].sort(), ["file", "hardlink"]);
      assert.equal(one.data, other.data);
      assert.deepEqual([one.mode, other.mode], [0o4755, 0o4755]);
      assert.equal(found.get("folder")?.type, "directory");
    }
  }
});

const SHOP: readonly TarEntry[] = [
  { path: "./" },
  { path: "./a", data: "first" },
  { path: "b", data: "bee", mode: 0o755, uid: 7, gid: 8 },
  { path: "/c/", mode: 0o700 },
  { path: "c//d", hardlink: "./b" },
  { path: "c/e", hardlink: "c/d" },
  { path: "l", symlink: "/b" },
  { path: "m", hardlink: "l" },
  { path: "a", data: "second" },
  { path: "n", hardlink: "a" },
];

describe("what is wanted is taken, and nothing else", () => {
  const table: readonly (readonly [wanted: string[] | undefined, taken: string[]])[] = [
    [
      undefined,
      [
        ...[" directory ", "b file bee", "c directory ", "c/d hardlink bee-> b", "c/e hardlink bee-> b"],
        ...["l symlink -> /b", "m symlink -> /b", "a file second", "n hardlink second-> a"],
      ],
    ],
    [["a"], ["a file second"]],
    [
      ["c", "l"],
      ["c directory ", "l symlink -> /b"],
    ],
    [[""], [" directory "]],
    [["c/d"], ["c/d hardlink bee-> b"]],
    [["c/e"], ["c/e hardlink bee-> b"]],
    [["m"], ["m symlink -> /b"]],
    [["n", "nothing"], ["n hardlink second-> a"]],
    [["nothing"], []],
    [[], []],
  ];
  for (const [wanted, taken] of table) {
    test(String(wanted), async (t) => {
      for await (const [form, bytes] of forms(t, tarOf(SHOP))) {
        assert.deepEqual(short(await extract(t, bytes, wanted)), taken, form);
      }
    });
  }

  test("the spool holds the wanted content alone", async (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "archive"), gzipSync(tarOf(SHOP)));
    const spool = join(dir, "spool");
    await extractFile(join(dir, "archive"), { wanted: ["c/e", "n"], spool, maxPlainSize: MAX });
    // Both are names of other files. The file `a` of old is the only one that is too much.
    assert.equal(readFileSync(spool, "latin1"), "firstbeesecond");
  });

  test("a hard link is a name of what was there, not of what came later", async (t) => {
    const tar = tarOf([
      { path: "a", data: "old" },
      { path: "b", hardlink: "a" },
      { path: "a", data: "new" },
      { path: "c", hardlink: "a" },
    ]);
    for (const wanted of [undefined, ["b", "c"], ["a", "b", "c"]]) {
      const taken = await extract(t, gzipSync(tar), wanted);
      assert.ok(typeof taken !== "string");
      const of = (path: string) => taken.find((entry) => entry.path === path)!;
      assert.deepEqual([of("b").data, of("c").data], ["old", "new"]);
      assert.notEqual(of("b").inode, of("c").inode);
      if (wanted?.length !== 2) assert.equal(of("a").inode, of("c").inode);
    }
  });

  test("links that lead through a path of several files", async (t) => {
    const tar = tarOf([
      { path: "x", data: "one" },
      { path: "y", hardlink: "x" },
      { path: "z", hardlink: "y" },
      { path: "y", data: "two" },
    ]);
    assert.deepEqual(short(await extract(t, tar, ["z"])), ["z hardlink one-> x"]);
  });
});

test("hard links in a long chain, and in a circle, cost no more than others", async (t) => {
  const chain = tarOf([
    { path: "0", data: "end" },
    ...Array.from({ length: 20_000 }, (_, i) => ({ path: `${i + 1}`, hardlink: `${i}` })),
    { path: "a", hardlink: "b" },
    { path: "b", hardlink: "a" },
    { path: "c", hardlink: "a" },
  ]);
  assert.deepEqual(short(await extract(t, gzipSync(chain), ["20000"])), ["20000 hardlink end-> 0"]);
  assert.match(String(await extract(t, chain, ["c"])), /^damaged: .* is a hard link to /);
});

test("attributes and owners come along, also with a hard link", async (t) => {
  const tar = Buffer.concat([
    extension("x", paxOf("SCHILY.xattr.user.a", "1")),
    block({ 0: "file\0", 100: "0004711\0", 108: "0000007\0", 116: "0000010\0" }),
    tarOf([
      { path: "link", hardlink: "file", mode: 0o4711, uid: 7, gid: 8 },
      { path: "other", hardlink: "link", mode: 0o600, uid: 5, gid: 6 },
    ]),
  ]);
  for (const wanted of [["link"], ["file"], ["other", "file"], undefined]) {
    const taken = await extract(t, tar, wanted);
    assert.ok(typeof taken !== "string" && taken.length === (wanted?.length ?? 3));
    // As for docker and buildah, the name that came last tells of all of them.
    for (const { mode, uid, gid, xattrs } of taken) {
      assert.deepEqual([mode, uid, gid], [0o600, 5, 6], String(wanted));
      assert.deepEqual(xattrs, new Map([["user.a", new Uint8Array([0x31])]]));
    }
  }
});

describe("what cannot be taken is told", () => {
  const END = Buffer.alloc(1024);
  const latin = block({ 0: Buffer.from("gr\xf6\xdfe\0", "latin1") });
  const table: readonly (readonly [name: string, tar: Buffer, fault: RegExp])[] = [
    ["a path that climbs", tarOf([{ path: "a/../../x" }]), /^damaged: the path "a\/..\/..\/x" leaves the layer$/],
    ["a hard link that climbs", tarOf([{ path: "a", hardlink: "../x" }]), /^damaged: the path "..\/x" leaves/],
    [
      "a hard link to nothing",
      tarOf([{ path: "a", hardlink: "x" }]),
      /^damaged: "a" is a hard link to "x", which is not/,
    ],
    [
      "a hard link to itself",
      tarOf([{ path: "a", hardlink: "a" }]),
      /^damaged: "a" is a hard link to "a", which is not/,
    ],
    [
      "a hard link to what follows",
      tarOf([{ path: "a", hardlink: "b" }, { path: "b" }]),
      /^damaged: "a" is a hard link to "b", which is not in front/,
    ],
    [
      "a hard link to a folder",
      tarOf([{ path: "d/" }, { path: "a", hardlink: "d" }]),
      /^damaged: "a" is a hard link to the folder "d"$/,
    ],
    [
      "a name that is not UTF-8",
      Buffer.concat([latin, END]),
      /^unsupported: a name in it is not UTF-8: its bytes are 6772f6df65, read as "größe"$/,
    ],
    [
      "a kind that is not known",
      Buffer.concat([block({ 0: "a\0", 156: "Z" }), END]),
      /^unsupported: "a" is a sparse file/,
    ],
    ["a file without name", Buffer.concat([block({ 0: "./\0", 156: "3" }), END]), /^damaged: a member has no name$/],
    [
      "a size that lies",
      Buffer.concat([block({ 124: octal(5000) }), END]),
      /^damaged: the tar file ends in the middle/,
    ],
    [
      "a size of 8 GiB",
      Buffer.concat([block({ 124: "77777777777\0" }), END]),
      /^damaged: the tar file ends in the middle/,
    ],
    ["text", Buffer.from("#!/bin/sh\n".repeat(100)), /^damaged: bad header checksum/],
    ["nothing", Buffer.alloc(0), /^damaged: the tar file is empty/],
    ["bzip2", Buffer.concat([Buffer.from("BZh91AY&SY"), END]), /^unsupported: it is packed with bzip2$/],
  ];
  for (const [name, tar, fault] of table) {
    test(name, async (t) => {
      for (const bytes of /^(nothing|bzip2)$/.test(name) ? [tar] : [tar, gzipSync(tar)]) {
        const taken = await extract(t, bytes);
        assert.ok(typeof taken === "string");
        assert.match(taken, fault);
      }
    });
  }

  test("only when it is wanted", async (t) => {
    const tar = Buffer.concat([
      latin,
      block({ 0: "z\0", 156: "Z" }),
      tarOf([{ path: "h", hardlink: "x" }, { path: "f" }]),
    ]);
    for (const bytes of [tar, gzipSync(tar)]) assert.deepEqual(short(await extract(t, bytes, ["f"])), ["f file "]);
    assert.match(String(await extract(t, tar, ["h"])), /is a hard link to "x"/);
    assert.match(String(await extract(t, tar, ["z"])), /kind that is not known/);
    assert.match(String(await extract(t, tar, ["gr\ufffd\ufffde"])), /not UTF-8/);
  });

  test("sparse files of GNU tar", async (t) => {
    if (!requireTool(t, "tar")) return;
    const dir = tempDir(t);
    writeFileSync(join(dir, "sparse"), noise(1, 8192));
    truncateSync(join(dir, "sparse"), 1_000_000);
    for (const format of ["gnu", "pax"]) {
      await runOk("tar", ["--sparse", `--format=${format}`, "-cf", "x.tar", "sparse"], { cwd: dir });
      assert.match(String(await extract(t, readFileSync(join(dir, "x.tar")))), /sparse" is a sparse file/, format);
    }
  });

  test("damage behind the last member that is wanted", async (t) => {
    const packed = gzipSync(tarOf([{ path: "a", data: noise(1, 100_000) }]));
    packed[packed.length - 8]! ^= 1;
    assert.match(String(await extract(t, packed, [])), /^damaged: /);
    assert.match(String(await extract(t, packed.subarray(0, -20))), /^damaged: /);
  });

  test("more than is allowed", async (t) => {
    const dir = tempDir(t);
    const tar = tarOf([{ path: "a", data: Buffer.alloc(100_000) }]);
    for (const [form, bytes] of [
      ["plain", tar],
      ["gzip", gzipSync(tar)],
    ] as const) {
      const file = join(dir, form);
      writeFileSync(file, bytes);
      const spool = join(dir, `${form}.spool`);
      assert.match(String(contents(await extractFile(file, { spool, maxPlainSize: tar.length - 1 }))), /^too large: /);
      assert.ok(!existsSync(spool));
      assert.ok("entries" in (await extractFile(file, { spool, maxPlainSize: tar.length })));
    }
  });

  test("more members, and more bytes of names, than there can be", () => {
    const found = { path: "a", type: "file", link: "", mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, offset: 0 } as const;
    const many = createCollector(["b"]);
    for (let i = 0; i < 1_000_000; i += 1) many.add(found, 0);
    assert.throws(() => many.add(found, 0), /^ExtractFault: it has more than 1000000 members$/);
    const long = createCollector(undefined);
    const xattrs = new Map([["user.a", new Uint8Array(65_536)]]);
    assert.throws(() => {
      for (let i = 0; i < 5000; i += 1) long.add({ ...found, xattrs }, 0);
    }, /^ExtractFault: its names have more than 268435456 bytes$/);
  });

  test("files that cannot be read or written, as the system tells it", async (t) => {
    const dir = tempDir(t);
    const options = { spool: join(dir, "spool"), maxPlainSize: MAX };
    await assert.rejects(extractFile(join(dir, "none"), options), /ENOENT/);
    writeFileSync(join(dir, "a.tgz"), gzipSync(tarOf(SHOP)));
    writeFileSync(options.spool, "somebody's");
    await assert.rejects(extractFile(join(dir, "a.tgz"), options), /EEXIST/);
    assert.equal(readFileSync(options.spool, "utf8"), "somebody's");
  });
});

test("a plain archive is not copied, and its time is told", async (t) => {
  const dir = tempDir(t);
  const file = join(dir, "a.tar");
  writeFileSync(file, tarOf(SHOP));
  const result = await extractFile(file, { spool: join(dir, "spool"), maxPlainSize: MAX });
  assert.ok("entries" in result);
  assert.equal(result.file, file);
  assert.ok(Math.abs(result.mtimeMs! - Date.now()) < 60_000);
});

test("a job of the pool", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "a.tgz"), gzipSync(tarOf(SHOP)));
  const pool = poolFor(t, { threads: 1 });
  const job = { kind: "extract", file: join(dir, "a.tgz"), spool: join(dir, "spool"), maxPlainSize: MAX } as const;
  assert.deepEqual(short(contents(await pool.run({ ...job, wanted: ["c/d"] }))), ["c/d hardlink bee-> b"]);
  await assert.rejects(pool.run({ ...job, file: join(dir, "none") }), { code: "ENOENT" });
});

test("every file of a real layer, by tar's own account", async (t) => {
  if (!requireTool(t, "tar", "gzip")) return;
  const dir = tempDir(t);
  const archive = join(dir, "lib.tgz");
  await runOk("tar", ["-czf", archive, "-C", process.cwd(), "node_modules/yaml", "node_modules/tar"]);
  const result = await extractFile(archive, { spool: join(dir, "spool"), maxPlainSize: MAX });
  assert.ok("entries" in result);
  const spool = readFileSync(result.file);
  mkdirSync(join(dir, "out"));
  await runOk("tar", ["-xf", archive], { cwd: join(dir, "out") });
  let files = 0;
  for (const { path, type, offset, size } of result.entries) {
    if (type !== "file") continue;
    files += 1;
    assert.ok(readFileSync(join(dir, "out", path)).equals(spool.subarray(offset, offset + size)), path);
  }
  const listed = (await run("tar", ["-tf", archive])).stdout.trim().split("\n");
  assert.equal(files, listed.filter((line) => !line.endsWith("/")).length);
});

test("memory is flat", async (t) => {
  if (!requireTool(t, "gzip", "tar")) return;
  const dir = tempDir(t);
  for (let i = 0; i < 30; i += 1) {
    writeFileSync(join(dir, `f${i}`), "");
    truncateSync(join(dir, `f${i}`), 10_000_000);
  }
  await runOk("sh", ["-c", "tar -c f* | gzip -1 > a.tar.gz"], { cwd: dir });
  const module = (name: string) => new URL(`../../lib/${name}.js`, import.meta.url).href;
  const program = `const [, extract, memory, file, spool] = process.argv;
    const { extractFile } = await import(extract);
    const { createRelief, tuneEngine } = await import(memory);
    tuneEngine();
    const { entries } = await extractFile(file, { spool, maxPlainSize: 1e9 }, createRelief());
    console.log(entries.length, process.resourceUsage().maxRSS * 1024);`;
  const names = [module("unpack/extract"), module("workers/memory"), join(dir, "a.tar.gz"), join(dir, "spool")];
  const [count, memory] = (await runOk(process.execPath, ["--input-type=module", "-e", program, ...names])).split(" ");
  assert.equal(Number(count), 30);
  assert.ok(Number(memory) < 150_000_000, memory);
});
