import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { createContentReader } from "../../lib/extract/content.ts";
import { type Extraction, type ExtractOptions, extractPath } from "../../lib/extract/extract.ts";
import { writeFolder } from "../../lib/extract/folder.ts";
import type { ImageOptions } from "../../lib/extract/image.ts";
import { listPath } from "../../lib/extract/list.ts";
import { createTarParser } from "../../lib/tar/parser.ts";
import { tarStream } from "../../lib/tar/sequence.ts";
import { tempDir } from "../support/cleanup.ts";
import { describeTree } from "../support/described-tree.ts";
import { rejectsWith } from "../support/faults.ts";
import { makeImage } from "../support/image-content.ts";
import { layoutFiles, writeLayout } from "../support/image-layout.ts";
import { type TarEntry, tarOf } from "../support/ustar.ts";
import { archiveOf, NASTY_TAG, nastyArchive, nastyImage } from "./nasty.ts";

interface Bench {
  /** A new folder. */
  readonly dir: string;
  readonly file: string;
  extract(path: string, options?: Partial<ExtractOptions>): Promise<Extraction>;
  list(path: string, options?: ImageOptions): Promise<string[]>;
}

function benchFor(t: TestContext, archive: Uint8Array = nastyArchive()): Bench {
  const dir = join(tempDir(t), "work");
  mkdirSync(dir);
  const file = join(tempDir(t), "file");
  writeFileSync(file, archive);
  const store = join(tempDir(t), "store");
  return {
    dir,
    file,
    async extract(path, options) {
      try {
        return await extractPath(file, { store, output: join(dir, "out"), path, ...options });
      } finally {
        const scratch = join(store, "aircrate/tmp");
        if (existsSync(scratch)) assert.deepEqual(readdirSync(scratch), [], "nothing stays in the store");
      }
    },
    list: async (path, options = {}) => (await listPath(file, { ...options, path })).map((item) => item.path),
  };
}

/** A docker-archive of one image with these layers. */
function imageOf(...layers: readonly (readonly TarEntry[])[]): Buffer {
  const tars = layers.map((entries) => tarOf(entries));
  const image = makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: tars });
  return archiveOf(image, tars, ["app:1"]);
}

test("a file comes out the same of every form of file", async (t) => {
  const dir = tempDir(t);
  const plain = nastyArchive();
  const layout = layoutFiles([{ image: nastyImage(), name: NASTY_TAG }]);
  writeFileSync(join(dir, "plain"), plain);
  writeFileSync(join(dir, "packed"), gzipSync(plain));
  writeLayout(join(dir, "layout"), layout);
  writeLayout(`${join(dir, "folder")}/`, layout);
  for (const name of readdirSync(dir)) {
    const out = join(tempDir(t), "out");
    const { leftOut, ...rest } = await extractPath(join(dir, name), {
      ...{ path: "data/chain/here", store: join(dir, "store"), output: out, service: "nasty:1" },
    });
    assert.deepEqual({ leftOut, ...rest }, { leftOut: [], output: out, files: 1, size: 4 });
    assert.equal(readFileSync(out, "utf8"), "here", "links are followed inside of the image");
  }
});

test("where it goes to", async (t) => {
  const { dir, extract } = benchFor(t);
  mkdirSync(join(dir, "there"));
  const cases: readonly (readonly [path: string, output: string, written: string])[] = [
    ["/data/one", "there", "there/one"],
    ["/data/one", "new", "new"],
    ["/data/one", "folder/", "folder/one"],
    ["/data/one", "deep/name.tar", "deep/name.tar"],
    ["/data/kept", "there", "there/kept"],
    ["/data/kept", "kept2", "kept2"],
    ["/data/kept/.", "into", "into"],
    ["/data/../data/kept/", "there/x/", "there/x/kept"],
    ["/data/kept", "kept.tar", "kept.tar"],
    ["/", "root", "root"],
    ["/data/..", "root2", "root2"],
  ];
  for (const [path, output, written] of cases) {
    const done = await extract(path, { output: join(dir, output) });
    assert.equal(done.output!.replace(/\/\.?$/, ""), join(dir, written), `${path} to ${output}`);
    assert.ok(existsSync(join(dir, written)), written);
  }
  assert.equal(readFileSync(join(dir, "into/here"), "utf8"), "here");
  assert.deepEqual(readdirSync(join(dir, "root")), ["data"]);
});

test("permissions and times are those of the image; owners and set-id bits are not", async (t) => {
  const { dir, extract } = benchFor(t);
  const mode = (name: string) => (lstatSync(join(dir, "out", name)).mode & 0o7777).toString(8);
  await extract("/data");
  assert.deepEqual([mode("tool"), mode("twin"), mode("sticky"), mode("one")], ["755", "640", "777", "600"]);
  const { mtimeMs, uid } = statSync(join(dir, "out/one"));
  assert.deepEqual([mtimeMs, uid], [0, process.getuid?.() ?? 0]);
  assert.equal(statSync(join(dir, "out/cleared")).mtimeMs, 0, "of folders, too");
  assert.equal(
    statSync(join(dir, "out/twin")).ino,
    statSync(join(dir, "out/third")).ino,
    "hard links stay what they are",
  );
  assert.equal(readlinkSync(join(dir, "out/out")), "../../../../../etc", "links are only written");
});

test("files that are there are overwritten when that is asked for, links in the way are not followed", async (t) => {
  const { dir, extract } = benchFor(t);
  const outside = join(tempDir(t), "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "here"), "mine");
  const out = join(dir, "out");
  for (const force of [false, true]) {
    writeFileSync(join(dir, "file"), "mine");
    const one = extract("/data/one", { output: join(dir, "file"), force });
    if (!force) await rejectsWith(one, "usage", /file: is there already/, /--force/);
    assert.equal(
      await one.then(
        () => readFileSync(join(dir, "file"), "utf8"),
        () => "mine",
      ),
      force ? "another one\n" : "mine",
    );
  }
  await rejectsWith(extract("/data/kept", { output: join(dir, "file"), force: true }), "usage", /is there already/);
  mkdirSync(join(out, "mine"), { recursive: true });
  await extract("/data/kept/.", { output: out });
  const again = extract("/data/kept/.", { output: out });
  await rejectsWith(again, "usage", /out\/here: is there already/);
  symlinkSync(join(outside, "here"), join(out, "new"));
  await extract("/data/cleared/.", { output: out, force: true });
  assert.ok(lstatSync(join(out, "new")).isFile(), "the link was replaced");
  assert.equal(readFileSync(join(outside, "here"), "utf8"), "mine");
  assert.deepEqual(readdirSync(out).sort(), ["here", "mine", "new"]);

  // A link where the image has a folder is neither followed nor taken away.
  symlinkSync(outside, join(dir, "data"));
  mkdirSync(join(dir, "tree"));
  symlinkSync(outside, join(dir, "tree/kept"));
  const before = describeTree(join(dir, "tree"));
  await rejectsWith(
    extract("/data/.", { output: join(dir, "tree"), force: true }),
    "usage",
    /tree\/kept: is there already/,
  );
  assert.deepEqual(describeTree(join(dir, "tree")), before, "nothing was moved");
  assert.deepEqual(readdirSync(outside), ["here"]);
});

test("what is not there, and what no file can be", async (t) => {
  const { dir, extract, list } = benchFor(t);
  await rejectsWith(extract("/data/none"), "unreachable", /\/data\/none: there is no such file or folder in the image/);
  await rejectsWith(extract("/data/nowhere"), "unreachable", /it leads to \/etc\/no\/such/);
  await rejectsWith(extract("/data/gone/file"), "unreachable");
  await rejectsWith(extract("/data/one/below"), "unreachable");
  await rejectsWith(extract("/data/circle"), "input", /circle/);
  await rejectsWith(
    extract("/data/one", { service: "nast:1" }),
    "unreachable",
    /no image nast:1 in the file.*`nasty:1`/,
  );
  assert.deepEqual(await list("/data/cleared"), ["new"]);
  assert.deepEqual(await list("/data/one"), ["/data/one"]);
  assert.deepEqual(readdirSync(dir), []);
});

test("devices and names that are not UTF-8 are left out of a folder, and told", async (t) => {
  // A named pipe, with the checksum that it has then; and a byte that no text has.
  const spoil = (layer: Buffer) => {
    for (let at = 0; at < layer.length; at += 512) {
      const header = layer.subarray(at, at + 512);
      const name = header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
      if (name !== "d/pipe" && name !== "d/b\x01d") continue;
      if (name === "d/pipe") header.write("6", 156);
      else header[3] = 0xff;
      header.fill(0x20, 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    }
    return layer;
  };
  const layer = spoil(tarOf([{ path: "d/" }, { path: "d/pipe" }, { path: "d/file", data: "x" }, { path: "d/b\x01d" }]));
  const image = makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [layer] });
  const { dir, extract, list } = benchFor(t, archiveOf(image, [layer], null));
  const { leftOut, files } = await extract("/d");
  assert.deepEqual(leftOut, [
    { path: "/d/b\ufffdd", why: "its name is not UTF-8" },
    { path: "/d/pipe", why: "a device, a named pipe or a sparse file" },
  ]);
  assert.equal(files, 1);
  assert.deepEqual(readdirSync(join(dir, "out")), ["file"]);
  assert.deepEqual(await list("/d"), ["b\ufffdd", "file", "pipe"]);
  await rejectsWith(extract("/d/pipe"), "input", /it is a device, a named pipe/);
});

test("a tar file keeps what disks may not: owners, set-id bits, extended attributes", async (t) => {
  const xattrs = new Map([["security.capability", Uint8Array.of(1, 0, 0, 2)]]);
  const entry = { type: "file", mode: 0o4750, uid: 3_000_000, gid: 7, size: 4, mtime: 1_700_000_000 } as const;
  const { segments } = tarStream([{ ...entry, path: "bin/tool", xattrs, content: { bytes: Buffer.from("tool") } }]);
  const layer = Buffer.concat(segments.map((segment) => ("bytes" in segment ? segment.bytes : assert.fail("a file"))));
  const image = makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [layer] });
  const { dir, extract } = benchFor(t, archiveOf(image, [layer], null));
  const output = join(dir, "bin.tar");
  await extract("/bin", { output });
  const found = [...createTarParser().feed(readFileSync(output))].flatMap((event) =>
    event.kind === "entry" ? { ...event.entry, offset: 0 } : [],
  );
  const folder = {
    path: "bin",
    type: "directory",
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 0,
    link: "",
    offset: 0,
  };
  assert.deepEqual(found, [folder, { ...entry, path: "bin/tool", link: "", xattrs, offset: 0 }]);
});

test("nothing leaves the output, whatever the layers say", async (t) => {
  const outside = tempDir(t);
  const up = (name: string) => `../../../../../../../..${outside}/${name}`;
  for (const layer of [
    [{ path: up("climbs"), data: "x" }],
    [{ path: "a/../../climbs", data: "x" }],
    [{ path: "link", hardlink: up("climbs") }],
    [{ path: "link", hardlink: "missing" }],
    [{ path: ".", data: "no name" }],
  ]) {
    const { extract } = benchFor(t, imageOf([{ path: "f", data: "x" }], layer));
    await rejectsWith(extract("/"), "integrity");
  }
  const { dir, extract } = benchFor(
    t,
    imageOf(
      [{ path: "d/" }, { path: "d/link", symlink: outside }, { path: `${outside}/absolute`, data: "inside" }],
      [{ path: "d/link/file", data: "through" }],
    ),
  );
  await extract("/");
  assert.equal(readFileSync(join(dir, "out/d/link/file"), "utf8"), "through", "a folder took the place of the link");
  assert.equal(readFileSync(join(dir, "out", outside, "absolute"), "utf8"), "inside");
  assert.deepEqual(readdirSync(outside), []);
});

test("two names that a disk takes for one are refused, and nothing is left", async (t) => {
  const dir = tempDir(t);
  const file = { kind: "file", mode: 0o644, uid: 0, gid: 0, size: 0 } as const;
  const items = [
    { ...file, path: "", kind: "directory" as const },
    { ...file, path: "Name" },
    { ...file, path: "Name" },
  ];
  const out = join(dir, "out");
  const written = writeFolder(out, items, { force: true, sameOwner: false, reader: createContentReader() });
  await rejectsWith(written, "input", /two names of the image are one on this disk/, /NAME\.tar/);
  assert.deepEqual(readdirSync(dir), []);
});

test("a signal stops it with its reason, and nothing stays", async (t) => {
  const { dir, extract } = benchFor(t);
  const stop = new AbortController();
  const output = async () => stop.abort(new Error("enough"));
  await assert.rejects(extract("/data/tool", { output, signal: stop.signal }), /enough/);
  await assert.rejects(extract("/data", { signal: stop.signal }), /enough/);
  assert.deepEqual(readdirSync(dir), []);
});

test("a damaged file gives nothing", async (t) => {
  const bytes = Buffer.from(nastyArchive());
  bytes.write("Umlauts", bytes.indexOf("umlauts"));
  const { dir, extract, list } = benchFor(t, bytes);
  await rejectsWith(extract("/data/one"), "integrity", /damaged or incomplete/, /unpacks to sha256/);
  await rejectsWith(list("/"), "integrity");
  assert.deepEqual(readdirSync(dir), []);
});
