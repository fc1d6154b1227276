import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import { type Assembly, assembleImage, type Operation } from "../../lib/image/assemble.ts";
import { emptyImage, type Image } from "../../lib/image/image.ts";
import { createRootFs } from "../../lib/image/rootfs.ts";
import { parseMode } from "../../lib/mode.ts";
import type { TarEntry } from "../../lib/tar/sequence.ts";
import { openFolder } from "../../lib/tree/context.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { FILE, link, folder as node } from "../support/root.ts";

const PLATFORM = { os: "linux", architecture: "arm64", variant: "v8" };

/** A base with some folders, a link and an account. */
function baseImage(): Image {
  const root = createRootFs();
  root.apply({
    version: 1,
    directories: [
      ["etc", "755", 0, 0],
      ["tmp", "1777", 0, 0],
      ["usr/bin", "755", 0, 0],
      ["home/app", "700", 1000, 100],
    ],
    symlinks: [["bin", "usr/bin"]],
    files: "etc/passwd\0etc/group\0etc/file",
    whiteouts: [],
    opaque: [],
    accounts: { passwd: "app:x:1000:100::/:\n", group: "staff:x:50:\n" },
  });
  return { ...emptyImage(PLATFORM), root: async () => root };
}

function contextOf(t: TestContext) {
  const dir = tempDir(t);
  mkdirSync(join(dir, "src"));
  writeFileSync(join(dir, "src/main.py"), "print()");
  writeFileSync(join(dir, "passwd"), "other:x:7:8::/:\n");
  return openFolder(dir, ".");
}

const takeNothing = async () => assert.fail("nothing has to be taken");

/** Assembles without packing anything; gives the image and the entries of its layers. */
async function assemble(base: Image, assembly: Partial<Assembly>) {
  const layers: string[][] = [];
  const buildLayer = async (entries: readonly TarEntry[]) => {
    layers.push(
      entries.map(({ path, type, mode, uid, gid, mtime }) => {
        assert.equal(mtime, 1234);
        return `${path}${type === "directory" ? "/" : ""} ${mode.toString(8)} ${uid}:${gid}`;
      }),
    );
    const diffId = digestOf(String(layers.length));
    const record: LayerRecord = { version: 1, diffId, plainSize: 0, digest: diffId, size: 0, crc: 0 };
    return { ...record, source: "packed" as const, place: "" };
  };
  const image = await assembleImage(
    base,
    { operations: [], config: {}, ...assembly },
    { buildLayer, take: takeNothing, epoch: 1234 },
  );
  return { image, layers };
}

function folder(path: string, user = ""): Operation {
  return { kind: "folder", path, user, where: "Dockerfile:2", history: { created_by: `WORKDIR ${path}` } };
}

test("history and layers go together; what makes no layer says so", async (t) => {
  const where = "Dockerfile:3";
  const copies = () => [{ sources: [{ tree: contextOf(t), pattern: "src" }], destination: "/app", where }];
  const { image, layers } = await assemble(baseImage(), {
    operations: [
      { kind: "config", history: { created_by: "ENV A=b" } },
      folder("/app"),
      { kind: "copy", where, copies, history: { created_by: "COPY src /app", comment: "c" } },
      folder("/app"),
      { kind: "config", history: { created_by: "CMD" } },
    ],
    config: { Env: ["A=b"] },
    author: "me",
  });
  assert.deepEqual(layers, [["app/ 755 0:0"], ["app/ 755 0:0", "app/main.py 644 0:0"]]);
  const created = "1970-01-01T00:20:34Z";
  assert.deepEqual(image.config, {
    ...{ architecture: "arm64", os: "linux", variant: "v8" },
    ...{ rootfs: { type: "layers", diff_ids: [] }, created, author: "me", config: { Env: ["A=b"] } },
    history: [
      { created, created_by: "ENV A=b", empty_layer: true },
      { created, created_by: "WORKDIR /app" },
      { created, created_by: "COPY src /app", comment: "c" },
      { created, created_by: "WORKDIR /app", empty_layer: true },
      { created, created_by: "CMD", empty_layer: true },
    ],
  });
  assert.equal(image.configBytes, undefined);
  assert.deepEqual(
    image.layers.map(({ origin }) => origin),
    ["WORKDIR /app", "COPY src /app"],
  );
  assert.equal((await image.root()).find("app/main.py")?.kind, "file");
});

// The owners are those that BuildKit gives (measured with Docker 20.10).
test("WORKDIR makes folders for its user, through links, and only where there is none", async () => {
  for (const [path, user, ...layer] of [
    ["/w/x", "app", "w/ 755 1000:100", "w/x/ 755 1000:100"],
    ["/w/x", "1000", "w/ 755 1000:1000", "w/x/ 755 1000:1000"],
    ["/w/x", "1000:50", "w/ 755 1000:50", "w/x/ 755 1000:50"],
    ["/w/x", "app:staff", "w/ 755 1000:50", "w/x/ 755 1000:50"],
    ["/w", "", "w/ 755 0:0"],
    ["/bin/x", "", "usr/ 755 0:0", "usr/bin/ 755 0:0", "usr/bin/x/ 755 0:0"],
    ["/tmp/x", "7", "tmp/ 1777 0:0", "tmp/x/ 755 7:7"],
    ["/home/app/x/", "", "home/ 755 0:0", "home/app/ 700 1000:100", "home/app/x/ 755 0:0"],
  ] as const) {
    assert.deepEqual((await assemble(baseImage(), { operations: [folder(path, user)] })).layers, [layer], path);
  }
  for (const path of ["/", "/tmp", "/bin", "/home/app/.", "/home/../tmp"]) {
    const { layers, image } = await assemble(baseImage(), { operations: [folder(path, "nobody")] });
    assert.deepEqual(layers, [], path);
    assert.equal(image.config.history?.[0]?.empty_layer, true);
  }
});

test("owners by name are looked up in the image as it is at that moment", async (t) => {
  const copy = (source: string, destination: string, user?: string): Operation => {
    const owner = user === undefined ? {} : { owner: { user } };
    const sources = [{ tree: contextOf(t), pattern: source }];
    const where = "Dockerfile:3";
    return {
      kind: "copy",
      where,
      copies: () => [{ sources, destination, where, ...owner }],
      history: { created_by: "COPY" },
    };
  };
  const { layers } = await assemble(baseImage(), { operations: [copy("src", "/x", "app")] });
  assert.deepEqual(layers, [["x/ 755 1000:100", "x/main.py 644 1000:100"]]);
  await rejectsWith(
    assemble(baseImage(), { operations: [copy("src", "/x", "nobody")] }),
    "input",
    /Dockerfile:3: the image has no user nobody/,
  );
  // Once its own file has taken the place of the accounts, the old ones count no more.
  await rejectsWith(
    assemble(baseImage(), { operations: [copy("passwd", "/etc/passwd"), copy("src", "/x", "app")] }),
    "input",
    /no user app/,
  );
  const { layers: own } = await assemble(baseImage(), {
    operations: [copy("passwd", "/etc/passwd"), copy("src", "/x", "other")],
  });
  assert.deepEqual(own[1], ["x/ 755 7:8", "x/main.py 644 7:8"]);
});

test("several copies can make one layer", async (t) => {
  const tree = contextOf(t);
  const where = "aircrate.yml:3";
  const mode = parseMode("755")!;
  const copies = () => [
    { sources: [{ tree, pattern: "src" }], destination: "/a", where },
    { sources: [{ tree, pattern: "src/main.py" }], destination: "/a/main.py", where: "aircrate.yml:4", mode },
  ];
  const operation: Operation = { kind: "copy", where, copies, history: { created_by: "COPY" } };
  assert.deepEqual((await assemble(baseImage(), { operations: [operation] })).layers, [
    ["a/ 755 0:0", "a/main.py 755 0:0"],
  ]);
});

test("an image on top of another leaves that one as it is", async () => {
  const base = baseImage();
  const first = await assemble(base, { operations: [folder("/one")] });
  const second = await assemble(first.image, { operations: [folder("/two"), folder("/one")] });
  assert.deepEqual(second.layers, [["two/ 755 0:0"]]);
  assert.equal(second.image.layers.length, 2);
  assert.equal((await base.root()).find("one"), undefined);
  assert.equal((await first.image.root()).find("two"), undefined);
  assert.equal((await second.image.root()).find("one")?.kind, "directory");
  assert.deepEqual(
    second.image.config.history?.map(({ created_by }) => created_by),
    ["WORKDIR /one", "WORKDIR /two", "WORKDIR /one"],
  );
});

test("a folder that cannot be made is told with its line", async () => {
  const root = createRootFs();
  root.put("file", FILE);
  root.put("loop", link("loop"));
  root.put("dir", node(0o755, 0, 0));
  const base: Image = { ...emptyImage(PLATFORM), root: async () => root };
  for (const [path, user, reason] of [
    ["/file", "", /\/file is no folder/],
    ["/file/x", "", /\/file is no folder/],
    ["/loop/x", "", /too many symbolic links/],
    ["/new", "nobody", /no user nobody/],
    ["/new", "0:nogroup", /no group nogroup/],
  ] as const) {
    const error = await rejectsWith(assemble(base, { operations: [folder(path, user)] }), "input", reason);
    assert.equal(error.where, "Dockerfile:2");
  }
});
