import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { crc32, gunzipSync } from "node:zlib";
import type { Piece } from "../../lib/archive/pieces.ts";
import { readSigningKey } from "../../lib/keys/private-key.ts";
import type { ArtifactHeader } from "../../lib/mender/documents.ts";
import { type PayloadFile, type WrittenArtifact, writeArtifact } from "../../lib/mender/write.ts";
import { blobFile, type Store, writeBlob } from "../../lib/store/layout.ts";
import { decodeJson } from "../../spec/decode.ts";
import { ArtifactVersion, HeaderInfo, MetaData, TypeInfo } from "../../spec/mender.ts";
import { tempDir } from "../support/cleanup.ts";
import { digest } from "../support/digest.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { listTar } from "../support/gnu-tar.ts";
import { keyFiles } from "../support/keys.ts";
import { runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { tempStore } from "../support/store.ts";
import { requireTool } from "../support/tools.ts";

const HEADER: ArtifactHeader = {
  type: "docker",
  name: "com.example.demo:1.2.3",
  deviceTypes: ["skynode", "skynode-s"],
  software: "docker-app.com.example.demo",
  version: "1.2.3",
  metaData: { "auterion-metadata": '{"z":1,"a":"<b> & \u2028"}' },
};

async function blobPiece(store: Store, bytes: Buffer): Promise<Piece> {
  return { blob: { ...(await writeBlob(store, bytes)), crc: crc32(bytes) } };
}

interface Sample {
  readonly store: Store;
  readonly payload: readonly PayloadFile[];
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** Files of no, little and much content; one of them of several pieces. */
async function sample(t: TestContext): Promise<Sample> {
  const store = await tempStore(t);
  const contents = new Map<string, Buffer>([
    ["auterion-app.yml", prose(1, 700)],
    ["demo.image", Buffer.concat([prose(2, 100_000), noise(3, 1_300_000), prose(4, 65_535), noise(5, 512)])],
    ["version", Buffer.from("1.2.3")],
    ["settings.default.env", Buffer.alloc(0)],
    ["a".repeat(90), Buffer.alloc(513, 7)],
  ]);
  const payload: PayloadFile[] = [];
  for (const [name, bytes] of contents) {
    const cuts = name === "demo.image" ? [0, 100_000, 1_400_000, 1_465_535, bytes.length] : [0, bytes.length];
    const pieces: Piece[] = [];
    for (let i = 1; i < cuts.length; i += 1) {
      const part = bytes.subarray(cuts[i - 1], cuts[i]);
      pieces.push(i % 2 === 0 ? await blobPiece(store, part) : { bytes: part });
    }
    payload.push({ name, pieces });
  }
  return { store, payload, contents };
}

async function writeSample(t: TestContext): Promise<Sample & { file: string; dir: string; written: WrittenArtifact }> {
  const made = await sample(t);
  const dir = tempDir(t);
  const file = join(dir, "demo.auterionos");
  const written = await writeArtifact(file, made.store, { header: HEADER, digest, payload: made.payload });
  return { ...made, dir, file, written };
}

/** Unpacks with GNU tar: the members, and what is in the two inner archives. */
async function unpack(dir: string, file: string) {
  for (const folder of ["outer", "header", "data"]) mkdirSync(join(dir, folder));
  const extract = (from: string, to: string) => runOk("tar", ["--extract", "-f", from, "-C", join(dir, to)]);
  await extract(file, "outer");
  await extract(join(dir, "outer/header.tar.gz"), "header");
  await extract(join(dir, "outer/data/0000.tar.gz"), "data");
  return (path: string) => readFileSync(join(dir, path));
}

test("mender-artifact accepts it and reads what went in", async (t) => {
  if (!requireTool(t, "mender-artifact")) return;
  const { file, contents } = await writeSample(t);
  await runOk("mender-artifact", ["validate", file]);
  const text = await runOk("mender-artifact", ["read", file]);
  assert.match(text, /Name: com\.example\.demo:1\.2\.3/);
  assert.match(text, /Format: mender\n\s+Version: 3/);
  assert.match(text, /Compatible devices: '\[skynode skynode-s\]'/);
  assert.match(text, /docker-app\.com\.example\.demo\.version: 1\.2\.3/);
  assert.match(text, /Clears Provides: \["docker-app\.com\.example\.demo\.\*"\]/);
  for (const [name, bytes] of contents) {
    assert.match(text, new RegExp(`name:\\s+${name}\\n\\s+size:\\s+${bytes.length}\\n`));
  }
});

test("the members, their order, modes, owners and times; sizes are those that were told", async (t) => {
  if (!requireTool(t, "tar", "gzip")) return;
  const { file, dir, written, contents } = await writeSample(t);
  assert.equal(written.size, statSync(file).size);
  const outer = await listTar(file);
  assert.deepEqual(
    outer.map(({ path, mode, owner, time }) => `${mode} ${owner} ${time} ${path}`),
    ["version", "manifest", "header.tar.gz", "data/0000.tar.gz"].map(
      (path) => `-rw------- 0/0 1970-01-01 00:00:00 ${path}`,
    ),
  );
  const read = await unpack(dir, file);
  const data = await listTar(join(dir, "outer/data/0000.tar.gz"));
  assert.deepEqual(
    data.map(({ path, mode, owner, time, size }) => `${mode} ${owner} ${time} ${size} ${path}`),
    [...contents].map(([path, bytes]) => `-rw-r--r-- 0/0 1970-01-01 00:00:00 ${bytes.length} ${path}`),
  );
  for (const [name, bytes] of contents) assert.equal(Buffer.compare(read(`data/${name}`), bytes), 0, name);
  await runOk("gzip", ["--test", join(dir, "outer/header.tar.gz"), join(dir, "outer/data/0000.tar.gz")]);
  // The whole file ends with two zero blocks and nothing more.
  const bytes = readFileSync(file);
  assert.deepEqual(bytes.subarray(-1024), Buffer.alloc(1024));
  assert.equal(
    bytes.length,
    outer.reduce((sum, { size }) => sum + 512 + Math.ceil(size / 512) * 512, 1024),
  );
});

test("the manifest holds the checksums that sha256sum finds", async (t) => {
  if (!requireTool(t, "tar")) return;
  const { file, dir, contents, written } = await writeSample(t);
  const read = await unpack(dir, file);
  const lines = String(read("outer/manifest")).split("\n");
  assert.equal(lines.pop(), "", "the last line is ended");
  const names = [...[...contents.keys()].map((name) => `data/0000/${name}`), "header.tar.gz", "version"];
  assert.deepEqual(
    lines.map((line) => line.slice(64)),
    names.map((name) => `  ${name}`),
  );
  const files = [...[...contents.keys()].map((name) => `data/${name}`), "outer/header.tar.gz", "outer/version"];
  const sums = await runOk("sha256sum", files, { cwd: dir });
  assert.deepEqual(
    lines.map((line) => line.slice(0, 64)),
    sums
      .trim()
      .split("\n")
      .map((line) => line.slice(0, 64)),
  );
  assert.deepEqual(
    written.payload,
    [...contents].map(([name, { length }], i) => ({ name, size: length, sha256: lines[i]!.slice(0, 64) })),
  );
});

test("version and header are byte for byte those of mender-artifact", async (t) => {
  if (!requireTool(t, "mender-artifact", "tar")) return;
  const { file, dir, contents } = await writeSample(t);
  const theirs = join(dir, "theirs");
  mkdirSync(theirs);
  const files = [...contents].flatMap(([name, bytes]) => {
    writeFileSync(join(theirs, name), bytes);
    return ["-f", join(theirs, name)];
  });
  writeFileSync(join(theirs, "meta.json"), JSON.stringify(HEADER.metaData));
  const names = ["-T", HEADER.type, "-n", HEADER.name, ...HEADER.deviceTypes.flatMap((type) => ["-t", type])];
  const software = [
    "--software-filesystem",
    "docker-app",
    "--software-name",
    "com.example.demo",
    "--software-version",
    "1.2.3",
  ];
  const out = ["--meta-data", join(theirs, "meta.json"), "-o", join(theirs, "out.mender")];
  await runOk("mender-artifact", ["write", "module-image", ...names, ...software, ...files, ...out]);
  mkdirSync(join(dir, "unpacked"));
  const read = await unpack(dir, file);
  const other = await unpack(join(dir, "unpacked"), join(theirs, "out.mender"));
  assert.deepEqual(read("outer/version"), other("outer/version"));
  assert.deepEqual(gunzipSync(read("outer/header.tar.gz")), gunzipSync(other("outer/header.tar.gz")));
  const manifest = (bytes: Buffer) => String(bytes).replace(/^.*(?= {2}header\.tar\.gz$)/m, "");
  assert.equal(manifest(read("outer/manifest")), manifest(other("outer/manifest")));
});

test("the documents of the header have the form of their schemas", async (t) => {
  if (!requireTool(t, "tar")) return;
  const { file, dir } = await writeSample(t);
  const read = await unpack(dir, file);
  decodeJson(ArtifactVersion, read("outer/version"));
  decodeJson(HeaderInfo, read("header/header-info"));
  decodeJson(TypeInfo, read("header/headers/0000/type-info"));
  assert.deepEqual(decodeJson(MetaData, read("header/headers/0000/meta-data")), HEADER.metaData);
  const members = await listTar(join(dir, "outer/header.tar.gz"));
  // Clients in C++ refuse another order.
  assert.deepEqual(
    members.map(({ path }) => path),
    ["header-info", "headers/0000/type-info", "headers/0000/meta-data"],
  );
});

for (const type of ["rsa", "ec"] as const) {
  test(`signed with an ${type} key it is as mender-artifact signs it, the same each time`, async (t) => {
    if (!requireTool(t, "mender-artifact", "tar")) return;
    const { store, payload, file: plain } = await writeSample(t);
    const { privateFile, publicFile } = keyFiles(t, type);
    const { key } = await readSigningKey(privateFile);
    const dir = tempDir(t);
    const [file, again, theirs] = [join(dir, "signed"), join(dir, "again"), join(dir, "theirs")];
    const { size } = await writeArtifact(file, store, { header: HEADER, digest, payload, key });
    assert.equal(size, statSync(file).size);
    await runOk("mender-artifact", ["validate", "-k", publicFile, file]);
    await writeArtifact(again, store, { header: HEADER, digest, payload, key });
    assert.ok(readFileSync(again).equals(readFileSync(file)));

    await runOk("mender-artifact", ["sign", plain, "-k", privateFile, "-o", theirs]);
    const [ours, others] = [await listTar(file), await listTar(theirs)];
    // Theirs has the mode 0644 when a finished file is signed, and 0600 when it is written at once.
    assert.deepEqual(
      ours.map(({ path, size }) => [path, size]),
      others.map(({ path, size }) => [path, size]),
    );
    assert.deepEqual(
      ours.map(({ mode, owner, time }) => `${mode} ${owner} ${time}`),
      ours.map(() => "-rw------- 0/0 1970-01-01 00:00:00"),
    );
    const extract = (from: string, member: string) => runOk("tar", ["-xOf", from, member]);
    assert.equal(await extract(file, "manifest"), await extract(theirs, "manifest"));
    // Theirs is random for ECDSA.
    if (type === "rsa") assert.equal(await extract(file, "manifest.sig"), await extract(theirs, "manifest.sig"));
  });
}

test("the same content gives the same bytes, wherever it is written", async (t) => {
  const { store, payload, file } = await writeSample(t);
  const before = process.umask(0o077);
  const other = join(tempDir(t), "deep/down/other-name");
  try {
    await writeArtifact(other, store, { header: HEADER, digest, payload });
  } finally {
    process.umask(before);
  }
  assert.equal(Buffer.compare(readFileSync(other), readFileSync(file)), 0);
});

test("no payload, one empty file, and sizes around the ends of stored blocks", async (t) => {
  if (!requireTool(t, "mender-artifact")) return;
  const store = await tempStore(t);
  const dir = tempDir(t);
  for (const [i, sizes] of [[0], [65_535 - 512], [65_535], [65_536], [131_070 - 1024, 1], [512, 511, 513]].entries()) {
    const file = join(dir, String(i));
    const payload = sizes.map((size, n) => ({ name: `f${n}`, pieces: [{ bytes: noise(n, size) }] }));
    const { size } = await writeArtifact(file, store, { header: HEADER, digest, payload });
    assert.equal(size, statSync(file).size);
    await runOk("mender-artifact", ["validate", file]);
  }
  const { size, payload } = await writeArtifact(join(dir, "none"), store, { header: HEADER, digest, payload: [] });
  assert.deepEqual([size, payload], [statSync(join(dir, "none")).size, []]);
});

describe("names that a reader would refuse are refused first", () => {
  for (const name of ["", ".", "..", "a b", "a+b", "a/b", "../x", "größe", "a:b", "a\n", "a".repeat(91), "a\0"]) {
    test(JSON.stringify(name.slice(0, 10)), async (t) => {
      const dir = tempDir(t);
      const payload = [{ name, pieces: [{ bytes: Buffer.from("x") }] }];
      const failed = writeArtifact(join(dir, "out"), await tempStore(t), { header: HEADER, digest, payload });
      await rejectsWith(failed, "input", /cannot be the name of a payload file/);
      assert.deepEqual(readdirSync(dir), []);
    });
  }
  test("one that occurs twice", async (t) => {
    const file = { name: "version", pieces: [] };
    const failed = writeArtifact(join(tempDir(t), "out"), await tempStore(t), {
      header: HEADER,
      digest,
      payload: [file, file],
    });
    await rejectsWith(failed, "input", /"version"/, /occurs twice/);
  });
  test("all that the readers take", async (t) => {
    if (!requireTool(t, "mender-artifact")) return;
    const names = ["-", "_", "a,b", "...", ".env", "A".repeat(90), "0"];
    const file = join(tempDir(t), "out");
    const payload = names.map((name) => ({ name, pieces: [{ bytes: Buffer.from(name) }] }));
    await writeArtifact(file, await tempStore(t), { header: HEADER, digest, payload });
    await runOk("mender-artifact", ["validate", file]);
  });
});

describe("a failure in the middle leaves what was there before", () => {
  async function failed(t: TestContext, spoil: (made: Sample) => AbortSignal | undefined) {
    const made = await sample(t);
    const dir = tempDir(t);
    writeFileSync(join(dir, "out"), "before");
    const signal = spoil(made);
    const error = await failure(
      writeArtifact(join(dir, "out"), made.store, { header: HEADER, digest, payload: made.payload, signal }),
    );
    assert.deepEqual(readdirSync(dir), ["out"]);
    assert.equal(readFileSync(join(dir, "out"), "utf8"), "before");
    return error;
  }
  test("a damaged blob", async (t) => {
    const error = failed(t, ({ store, payload }) => {
      const piece = payload[1]!.pieces[1]!;
      if ("blob" in piece) appendFileSync(blobFile(store, piece.blob.digest), "x");
      return undefined;
    });
    await rejectsWith(
      error.then((found) => Promise.reject(found)),
      "integrity",
      /damaged/,
    );
  });
  test("an abort", async (t) => {
    assert.equal(((await failed(t, () => AbortSignal.abort())) as Error).name, "AbortError");
  });
});

test("what the format cannot hold is refused before anything is written", async (t) => {
  const dir = tempDir(t);
  const blob = { digest: `sha256:${"0".repeat(64)}`, size: 8 * 1024 ** 3 - 600_000, crc: 0 };
  const payload = [{ name: "huge", pieces: [{ blob }] }];
  const error = await rejectsWith(
    writeArtifact(join(dir, "out"), await tempStore(t), { header: HEADER, digest, payload }),
    "input",
    /larger than 8 GiB/,
  );
  assert.equal(error.where, join(dir, "out"));
  assert.deepEqual(readdirSync(dir), []);
  writeFileSync(join(dir, "file"), "");
  const below = writeArtifact(join(dir, "file/out"), await tempStore(t), { header: HEADER, digest, payload: [] });
  await rejectsWith(below, "unreachable", /cannot be written/);
});
