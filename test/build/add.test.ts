import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "../../lib/build/build.ts";
import { digestOf } from "../../lib/digest.ts";
import { extractFile } from "../../lib/unpack/extract.ts";
import { serverFor } from "../http/servers.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { readSavedImage } from "../support/image-root.ts";
import { writeFiles } from "../support/project.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";
import { block, extension, paxOf } from "../tar/parsing.ts";

const TAR = tarOf([
  { path: "bin/", mode: 0o711, uid: 3, gid: 4 },
  { path: "bin/run", data: "#!/bin/sh\n", mode: 0o4755, uid: 7, gid: 8 },
  { path: "bin/go", hardlink: "bin/run", mode: 0o4755, uid: 7, gid: 8 },
  { path: "bin/link", symlink: "../x" },
]);
function sha256(bytes: string | Uint8Array): string {
  return digestOf(bytes).slice("sha256:".length);
}

const UNPACKED = [
  "directory app/bin 711 3:4",
  `file app/bin/go 4755 7:8 ${sha256("#!/bin/sh\n")}`,
  "symlink app/bin/link 777 0:0 -> ../x",
  "hardlink app/bin/run 4755 7:8 -> app/bin/go",
];

/** What the layers of an image from scratch hold, without the folders that its parents are. */
async function layersOf(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<BuildOptions> = {},
): Promise<string[][]> {
  writeFiles(dir, { "aircrate.yml": "images: {app: {context: .}}\n", ...files });
  const { file } = await build({
    dir,
    store: join(dir, "..", "store"),
    output: join(dir, "..", "out.tar"),
    ...options,
  });
  return (await readSavedImage(file)).layers.map((layer) =>
    layer
      .filter(({ path }) => path !== "app")
      .map(({ path, type, mode, uid, gid, link, sha256 }) =>
        [
          type,
          path,
          mode.toString(8),
          `${uid}:${gid}`,
          ...(link === "" ? [] : ["->", link]),
          ...(type === "file" ? [sha256] : []),
        ].join(" "),
      ),
  );
}

function folder(t: TestContext): string {
  return join(tempDir(t), "project");
}

test("ADD unpacks archives, whatever they are called, and copies what is none", async (t) => {
  if (!requireTool(t, "xz")) return;
  const files = {
    Dockerfile: "FROM scratch\nADD a.tar /app/\nADD b.bin /app/\nADD c.xz /app/\nADD d.tar.gz e.gz /app/\n",
    "a.tar": TAR,
    "b.bin": gzipSync(TAR),
    "c.xz": execFileSync("xz", ["-c"], { input: TAR }),
    "d.tar.gz": "no archive",
    "e.gz": gzipSync("no archive, either"),
  };
  const [a, b, c, rest] = await layersOf(folder(t), files);
  assert.deepEqual([a, b, c], [UNPACKED, UNPACKED, UNPACKED]);
  assert.deepEqual(
    rest,
    ["d.tar.gz", "e.gz"].map((name) => `file app/${name} 644 0:0 ${sha256(files[name as keyof typeof files])}`),
  );
});

test("what cannot be unpacked is refused with what helps", async (t) => {
  if (!requireTool(t, "bzip2")) return;
  const dir = folder(t);
  const files = { "a.tar.bz2": execFileSync("bzip2", ["-c"], { input: TAR }) };
  const dockerfile = (flags: string) => `FROM scratch\nADD ${flags}a.tar.bz2 /app/\n`;
  const unpacking = layersOf(dir, { ...files, Dockerfile: dockerfile("") });
  await rejectsWith(
    unpacking,
    "input",
    /Dockerfile:2: .*cannot be unpacked/,
    /bzip2 -dc a\.tar\.bz2 \| gzip -n > a\.tar\.gz/,
  );
  const [copied] = await layersOf(dir, { ...files, Dockerfile: dockerfile("--unpack=false ") });
  assert.deepEqual(copied, [`file app/a.tar.bz2 644 0:0 ${sha256(files["a.tar.bz2"])}`]);
  const whiteout = { "a.tar.bz2": tarOf([{ path: "x/.wh.y" }]), Dockerfile: dockerfile("") };
  await rejectsWith(layersOf(dir, whiteout), "input", /\.wh\./);
});

test("ADD keeps a capability and gives it to the layer", async (t) => {
  const value = Buffer.alloc(20, "c").toString();
  const tar = Buffer.concat([
    extension("x", paxOf("SCHILY.xattr.security.capability", value)),
    block({}),
    Buffer.alloc(1024),
  ]);
  const dir = folder(t);
  writeFiles(dir, {
    "aircrate.yml": "images: {app: {context: .}}\n",
    Dockerfile: "FROM scratch\nADD a.tar /\n",
    "a.tar": tar,
  });
  const store = join(dir, "..", "store");
  const { images } = await build({ dir, store, output: join(dir, "..", "out.tar") });
  const layer = join(store, "blobs/sha256", images[0]!.layers[0]!.digest.slice("sha256:".length));
  const extracted = await extractFile(layer, { spool: join(dir, "..", "spool"), maxPlainSize: 1e6 });
  assert.ok("entries" in extracted);
  assert.deepEqual(
    extracted.entries.map(({ path, xattrs }) => [path, xattrs]),
    [["file", new Map([["security.capability", new Uint8Array(Buffer.from(value))]])]],
  );
});

test("offline, all files that are missing stand in one list, also those of an image that waits for another", async (t) => {
  const dir = folder(t);
  const [a, b, c] = ["a", "b", "c"].map((name) => digestOf(name));
  const files = {
    "aircrate.yml": `images:
  app: { context: . }
  tree: { from: app, layers: [{ copy: [{ url: "http://h/c", checksum: "${c}", to: / }] }] }
`,
    Dockerfile: `FROM scratch
ADD --checksum=${a} http://h/a?s3cret /
ADD --checksum=${b} http://h/b /
ADD --checksum=${a} http://h/again /
`,
  };
  writeFiles(dir, files);
  const options = { dir, store: join(dir, "..", "store"), output: join(dir, "..", "out.tar"), offline: true };
  const error = await rejectsWith(build(options), "refused", /^3 remote files are not in the store, and --offline/);
  assert.deepEqual(error.reason, [
    `${join(dir, "Dockerfile")}:2: the store lacks ${a}, http://h/a`,
    `${join(dir, "Dockerfile")}:3: the store lacks ${b}, http://h/b`,
    `${join(dir, "aircrate.yml")}:3: the store lacks ${c}, http://h/c`,
  ]);
  writeFiles(dir, { Dockerfile: "FROM gone:1\n" });
  const both = await rejectsWith(build(options), "refused", /^1 image and 1 remote file are not in the store, and/);
  assert.deepEqual(both.reason, [
    "docker.io/library/gone:1: the store lacks its manifest",
    `${join(dir, "aircrate.yml")}:3: the store lacks ${c}, http://h/c`,
  ]);
});

test("ADD fetches a remote file by its checksum, once", async (t) => {
  const packed = gzipSync(TAR);
  const server = await serverFor(t, { "/dist/app.tgz": { body: packed } });
  const add = `ADD --checksum=${digestOf(packed)}`;
  const dockerfile = (url: string) => `FROM scratch
${add} ${url} /app/
${add} --chmod=644 --chown=5:6 ${url} /app/other
${add} --unpack ${url} /app/
`;
  const dir = folder(t);
  const expected = (layers: string[][]) => {
    const [copied, named, unpacked] = layers;
    assert.deepEqual(copied, [`file app/app.tgz 600 0:0 ${sha256(packed)}`]);
    assert.deepEqual(named, [`file app/other 644 5:6 ${sha256(packed)}`]);
    assert.deepEqual(unpacked, UNPACKED);
  };
  const url = `${server.origin}/dist/app.tgz`;
  await rejectsWith(
    layersOf(dir, { Dockerfile: dockerfile(url) }, { offline: true }),
    "refused",
    /--offline allows no/,
  );
  expected(await layersOf(dir, { Dockerfile: dockerfile(url) }));
  assert.equal(server.requests.length, 1);
  expected(await layersOf(dir, { Dockerfile: dockerfile(url) }, { offline: true }));
  assert.equal(server.requests.length, 1);
  const wrong = dockerfile(url).replaceAll(digestOf(packed), digestOf("x"));
  await rejectsWith(layersOf(dir, { Dockerfile: wrong }), "integrity", /Dockerfile:2: /, /received sha256:/);
});
