import assert from "node:assert/strict";
import { renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parseReference } from "../../lib/reference.ts";
import { openLayout } from "../../lib/vendor/layout.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { generatedBase, generatedBusybox } from "../support/generated-base.ts";
import { digestOf } from "../support/image-content.ts";
import { blobPath, layoutFiles, writeLayout } from "../support/image-layout.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

const BASE = generatedBase();
const BUSYBOX = generatedBusybox();
const IMAGES = [
  { image: BASE, name: "docker.io/arm64v8/python:3.11-slim" },
  { image: BUSYBOX, name: "1.36", annotations: { "io.containerd.image.name": "docker.io/arm64v8/busybox:1.36" } },
];

async function open(t: TestContext, file: string) {
  const layout = await openLayout(file);
  onCleanup(t, () => layout.close());
  return layout;
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

for (const form of ["layout.tar", "layout/"]) {
  describe(`an image layout, ${form}`, () => {
    test("names lead to entries, digests to blobs", async (t) => {
      const layout = await open(t, writeLayout(join(tempDir(t), form), layoutFiles(IMAGES)));
      const found = (name: string) => layout.find(parseReference(name)).map(({ digest }) => digest);
      assert.deepEqual(found("arm64v8/python:3.11-slim"), [digestOf(BASE.root.bytes)]);
      assert.deepEqual(found("docker.io/arm64v8/busybox:1.36"), [digestOf(BUSYBOX.root.bytes)]);
      assert.deepEqual(found("python:3.11-slim"), []);
      assert.deepEqual(found("1.36"), [], "the whole name counts where there is one");
      assert.equal(layout.entries.length, 2);
      for (const [digest, source] of [...BASE.blobs, ...BUSYBOX.blobs]) {
        const bytes = Buffer.from(source as Uint8Array);
        assert.equal(await layout.size(digest), bytes.length);
        assert.deepEqual(await bytesOf(layout.read(digest)), bytes);
        assert.deepEqual(await bytesOf(layout.read(digest, 10)), bytes.subarray(10));
        assert.deepEqual(await bytesOf(layout.read(digest, bytes.length)), Buffer.alloc(0));
      }
      assert.equal(await layout.size(digestOf(Buffer.from("nothing"))), undefined);
    });
    test("documents that are missing, malformed or too large", async (t) => {
      const write = (name: string, text?: string) => {
        const files = layoutFiles(IMAGES);
        if (text === undefined) files.delete(name);
        else files.set(name, Buffer.from(text));
        return writeLayout(join(tempDir(t), form), files);
      };
      for (const name of ["oci-layout", "index.json"]) {
        await rejectsWith(openLayout(write(name)), "input", new RegExp(`has no ${name}`), /skopeo copy docker-archive/);
        await rejectsWith(openLayout(write(name, "{")), "integrity", new RegExp(`/${name}: .*malformed`), /not JSON/);
        await rejectsWith(openLayout(write(name, " ".repeat(5_000_000))), "integrity", /larger than/);
      }
      await rejectsWith(openLayout(write("oci-layout", '{"imageLayoutVersion":"2"}')), "integrity", /1\.0\.0/);
      const traversal =
        '{"schemaVersion":2,"manifests":[{"mediaType":"x","size":1,"digest":"sha256:../../etc/passwd"}]}';
      await rejectsWith(openLayout(write("index.json", traversal)), "integrity", /manifests\/0\/digest/);
    });
    test("links lead nowhere", async (t) => {
      const dir = tempDir(t);
      const [digest] = BUSYBOX.blobs.keys();
      const files = layoutFiles(IMAGES);
      const bytes = files.get(blobPath(digest!))!;
      files.delete(blobPath(digest!));
      const links = [
        { path: "elsewhere", data: bytes },
        { path: blobPath(digest!), symlink: "../../elsewhere" },
      ];
      const file = writeLayout(join(dir, form), files, links);
      if (form.endsWith("/")) {
        writeFileSync(join(file, "elsewhere"), bytes);
        symlinkSync("../../elsewhere", join(file, blobPath(digest!)));
      }
      assert.equal(await (await open(t, file)).size(digest!), undefined);
    });
  });
}

describe("tar files", () => {
  const DOCUMENTS = [...layoutFiles(IMAGES)].map(([path, data]) => ({ path, data }));
  const write = (t: TestContext, bytes: Uint8Array) => {
    const file = join(tempDir(t), "x.tar");
    writeFileSync(file, bytes);
    return file;
  };
  test("of a folder, as tar makes it", async (t) => {
    if (!requireTool(t, "tar")) return;
    const dir = tempDir(t);
    writeLayout(join(dir, "layout/"), layoutFiles(IMAGES));
    for (const format of ["gnu", "pax", "ustar"]) {
      const file = join(dir, `${format}.tar`);
      await runOk("tar", ["-c", "-f", file, `--format=${format}`, "-C", join(dir, "layout"), "."]);
      const layout = await open(t, file);
      const [digest, bytes] = [...BASE.blobs][1]!;
      assert.deepEqual(await bytesOf(layout.read(digest)), bytes);
    }
  });
  test("paths that are not a layout's are never used", async (t) => {
    const [digest, bytes] = [...BASE.blobs][0]!;
    const own = DOCUMENTS.filter(({ path }) => path !== blobPath(digest));
    for (const prefix of ["/", "../", "blobs/../", "x/"]) {
      const tar = tarOf([...own, { path: `${prefix}${blobPath(digest)}`, data: bytes as Uint8Array }]);
      assert.equal(await (await open(t, write(t, tar))).size(digest), undefined, prefix);
    }
  });
  test("of two blobs with one name the later one counts, two indexes are refused", async (t) => {
    const [digest, bytes] = [...BASE.blobs][0]!;
    const twice = tarOf([{ path: blobPath(digest), data: "wrong" }, ...DOCUMENTS]);
    assert.deepEqual(await bytesOf((await open(t, write(t, twice))).read(digest)), bytes);
    const index = { path: "./index.json", data: '{"schemaVersion":2,"manifests":[]}' };
    await rejectsWith(openLayout(write(t, tarOf([...DOCUMENTS, index]))), "integrity", /index\.json occurs twice/);
  });
  test("what ends early or is none", async (t) => {
    const whole = tarOf(DOCUMENTS);
    await rejectsWith(
      openLayout(write(t, whole.subarray(0, whole.length - 2048))),
      "integrity",
      /in the middle of blobs/,
    );
    await rejectsWith(openLayout(write(t, whole.subarray(0, 520))), "integrity", /in the middle of oci-layout/);
    await rejectsWith(openLayout(write(t, Buffer.alloc(0))), "integrity", /empty/);
    await rejectsWith(openLayout(write(t, Buffer.from("hello".repeat(300)))), "integrity", /checksum/);
    await rejectsWith(openLayout(write(t, gzipSync(whole))), "input", /is packed/, /gunzip/);
    await rejectsWith(openLayout(join(tempDir(t), "none.tar")), "unreachable", /no such file/);
    await rejectsWith(openLayout("/dev/null"), "input", /not a file/);
  });
  test("a file that is cut after it was opened", async (t) => {
    const file = write(t, tarOf(DOCUMENTS));
    const layout = await open(t, file);
    truncateSync(file, 1024);
    const [digest] = [...BASE.blobs.keys()];
    await rejectsWith(bytesOf(layout.read(digest!)), "integrity", /cut while it was read/);
  });
});

test("a folder that vanishes after it was opened", async (t) => {
  const dir = tempDir(t);
  const layout = await open(t, writeLayout(join(dir, "layout/"), layoutFiles(IMAGES)));
  renameSync(join(dir, "layout"), join(dir, "gone"));
  const [digest] = [...BASE.blobs.keys()];
  assert.equal(await layout.size(digest!), undefined);
  await rejectsWith(bytesOf(layout.read(digest!)), "unreachable", /ENOENT/);
});

test("what skopeo writes", async (t) => {
  if (!requireTool(t, "skopeo")) return;
  const dir = tempDir(t);
  const source = writeLayout(join(dir, "source/"), layoutFiles([{ image: BASE, name: "base" }]));
  const reference = parseReference("docker.io/arm64v8/python:3.11-slim");
  for (const target of [`oci:${dir}/copy`, `oci-archive:${dir}/copy.tar`]) {
    const name = `${target}:docker.io/arm64v8/python:3.11-slim`;
    await runOk("skopeo", ["copy", "--insecure-policy", "--all", `oci:${source}:base`, name]);
    const layout = await open(t, target.slice(target.indexOf(":") + 1));
    assert.deepEqual(
      layout.find(reference).map(({ digest }) => digest),
      [digestOf(BASE.root.bytes)],
    );
    for (const [digest, bytes] of BASE.blobs) assert.deepEqual(await bytesOf(layout.read(digest)), bytes);
  }
});
