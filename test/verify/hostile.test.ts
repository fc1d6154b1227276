import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { AircrateError } from "../../lib/error.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { tarOf } from "../support/ustar.ts";
import { has, verifyPackage } from "./mutation.ts";
import { type PackageHooks, packageOf } from "./sample.ts";
import { blob, type Doc, edit, flip, json, type Layout, without } from "./sample-archive.ts";

const LAYOUTS: readonly Layout[] = ["hybrid", "hybrid-gzip", "flat", "legacy", "crane", "oci"];

test("a flipped bit anywhere in what is used is a problem, and never a crash", async (t) => {
  const good = packageOf();
  const file = join(tempDir(t), "package.auterionos");
  const random = generator(1);
  for (let i = 0; i < 200; i += 1) {
    const at = random(good.length);
    writeFileSync(file, flip(good, at));
    try {
      const { problems } = await verifyFile(file);
      if (problems.length === 0) assert.ok(isUnused(good, at), `byte ${at} was flipped and nothing was found`);
    } catch (error) {
      // The first header: it may no longer look like a tar file.
      assert.ok(error instanceof AircrateError && at < 512, `byte ${at}: ${(error as Error).stack}`);
    }
  }
});

test("a file that ends anywhere is a problem or no file of ours, and never a crash", async (t) => {
  const good = packageOf();
  const file = join(tempDir(t), "package.auterionos");
  for (let size = 0; size < good.length; size += 61) {
    writeFileSync(file, good.subarray(0, size));
    try {
      const { problems, warnings } = await verifyFile(file);
      if (problems.length === 0) has(warnings, "artifact", /no whole end mark/);
    } catch (error) {
      assert.ok(error instanceof AircrateError && size < 512, `${size} bytes: ${(error as Error).stack}`);
    }
  }
});

test("documents with anything in any place never crash it", async (t) => {
  const random = generator(2);
  for (let i = 0; i < 200; i += 1) {
    const hooks = spoil(random);
    try {
      JSON.stringify(await verifyPackage(t, hooks));
    } catch (error) {
      assert.fail(`round ${i}: ${(error as Error).stack}`);
    }
  }
});

test("documents nested without end are refused", async (t) => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const items = await verifyPackage(t, { archive: (a) => edit(a, "manifest.json", { data: deep }) });
  has(items.problems, /manifest.json$/, /nested more than 100 deep/);
  const inner = await verifyPackage(t, { metaData: () => ({ "auterion-metadata": deep }) });
  has(inner.problems, /auterion-metadata$/, /nested more than 100 deep/);
  const app = await verifyPackage(t, { app: () => deep.slice(0, 20_000) });
  has(app.problems, /auterion-app.yml/, /nested/);
});

test("one document that names the same things over and over costs no more than it weighs", async (t) => {
  const many = await verifyPackage(t, {
    layout: "flat",
    items(items: Doc) {
      items[0].Layers = Array.from({ length: 1000 }, () => items[0].Layers[0]);
      items.push(...Array.from({ length: 20 }, (_, i) => ({ ...items[0], RepoTags: [`a:${i}`] })));
    },
  });
  has(many.problems, /^image a:/, /beyond 10000 layers/);
  const loop = await verifyPackage(t, {
    archive(entries) {
      const index = "application/vnd.oci.image.index.v1+json";
      const below = json({ schemaVersion: 2, mediaType: index, manifests: [] });
      const entry = { mediaType: index, digest: `sha256:${blob(below).slice(13)}`, size: below.length };
      const manifests = Array.from({ length: 10_000 }, () => entry);
      const top = { path: "index.json", data: json({ schemaVersion: 2, manifests }) };
      return [...without(entries, "index.json"), top, { path: blob(below), data: below }];
    },
  });
  has(loop.problems, /index.json$/, /leads to no image/);
});

test("documents are only read up to a size, and members counted", async (t) => {
  const large = Buffer.from(`{"a":"${"x".repeat(5 * 1024 * 1024)}"}`);
  const config = await verifyPackage(t, { archive: (a) => edit(a, "manifest.json", { data: large }) });
  has(config.problems, /manifest.json$/, /too large/);
  const file = join(tempDir(t), "many.tar");
  const header = tarOf([{ path: "x/" }]).subarray(0, 512);
  writeFileSync(file, gzipSync(Buffer.concat([...Array.from({ length: 100_001 }, () => header), Buffer.alloc(1024)])));
  await assert.rejects(verifyFile(file), { fault: "input", message: /more than 100000 members/ });
});

test("memory does not grow with the file", { timeout: 120_000 }, async (t) => {
  const file = join(tempDir(t), "large.tar");
  const layer = Buffer.alloc(300 * 1024 * 1024);
  const large = tarOf([
    { path: "layer.tar", data: gzipSync(layer, { level: 1 }) },
    { path: "manifest.json", data: json([{ Config: "config.json", RepoTags: ["a:1"], Layers: ["layer.tar"] }]) },
  ]);
  writeFileSync(file, gzipSync(large));
  const script = `
    import { verifyFile } from ${JSON.stringify(new URL("../../lib/verify/verify.js", import.meta.url).href)};
    const { checked } = await verifyFile(process.argv[1]);
    console.log(JSON.stringify({ layers: checked.layers, memory: process.resourceUsage().maxRSS / 1024 }));`;
  const output = await runOk(process.execPath, ["--input-type=module", "-e", script, file]);
  const { layers, memory } = JSON.parse(output);
  assert.equal(layers, 1);
  assert.ok(memory < 200, `${memory} MB for a layer of 300 MB`);
});

/** Whether no reader looks at a byte of the outer tar file, or none that looks at it finds anything else there. */
function isUnused(file: Buffer, at: number): boolean {
  for (let header = 0; header < file.length; ) {
    const size = Number.parseInt(file.toString("latin1", header + 124, header + 135), 8);
    if (Number.isNaN(size)) return false;
    const content = header + 512;
    const end = content + Math.ceil(size / 512) * 512;
    // The blank and the NUL that end the number in the checksum's field.
    if (at < content) return at - header >= 148 && at - header < 156;
    if (at >= content + size && at < end) return true;
    if (at < end) {
      // Time and system in the header of gzip, and codes for symbols that do not occur.
      const packed = file.subarray(content, content + size);
      return gunzipSync(flip(packed, at - content)).equals(gunzipSync(packed));
    }
    header = end;
  }
  return false;
}

/** Numbers below a bound that are the same in every run ("Numerical Recipes", 32 bits). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  1.5,
  "",
  "x",
  "../../etc/passwd",
  "__proto__",
  [],
  {},
  [[]],
  JSON.parse('{"__proto__":1}'),
  ["a"],
  [null],
  `sha256:${"0".repeat(64)}`,
  "\0",
  "a".repeat(5000),
  2 ** 53,
];

/** Hooks that put something odd into one of the documents. */
function spoil(random: (bound: number) => number): PackageHooks {
  const mutate = (doc: Doc): Doc => {
    const places: [Doc, string][] = [];
    collectPlaces(doc, places);
    for (let count = 1 + random(3); count > 0; count -= 1) {
      const [owner, key] = places[random(places.length)]!;
      const kind = random(4);
      if (kind === 0) delete owner[key];
      else if (kind === 1 && typeof owner[key] === "string") owner[key] += "x";
      else if (kind === 2 && Array.isArray(owner)) owner.push(owner[Number(key)]);
      else owner[key] = ODD[random(ODD.length)];
    }
    return doc;
  };
  const spoilers: PackageHooks[] = [
    { index: mutate },
    { items: mutate },
    { ociManifest: mutate },
    { info: mutate },
    { typeInfo: mutate },
    { metaData: mutate },
    { metaData: (doc) => ({ "auterion-metadata": JSON.stringify(mutate(doc)) }) },
    {
      images(images) {
        mutate(images[random(2)]!.config);
        return images;
      },
    },
    { app: (text) => spoilText(text, random) },
  ];
  return { layout: LAYOUTS[random(LAYOUTS.length)]!, ...spoilers[random(spoilers.length)] };
}

function collectPlaces(doc: Doc, places: [Doc, string][]): void {
  for (const key of Object.keys(doc)) {
    places.push([doc, key]);
    if (typeof doc[key] === "object" && doc[key] !== null) collectPlaces(doc[key], places);
  }
}

const SCRAPS = ["", "x", ": [", "- ", "&a *a", "!!binary x", "null", " \t", "{", "'"];

function spoilText(text: string, random: (bound: number) => number): string {
  const lines = text.split("\n");
  const at = random(lines.length);
  const line = lines[at]!;
  lines[at] = line.slice(0, random(line.length + 1)) + SCRAPS[random(SCRAPS.length)]!;
  lines.splice(random(lines.length), random(2), lines[random(lines.length)]!);
  return lines.join("\n");
}
