import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import { type Aircrate, aircrateFor } from "../support/aircrate.ts";
import { openArtifact, unpackTar } from "../support/artifact.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { startEmbeddedRegistry } from "../support/embedded-registry.ts";
import { generatedBase } from "../support/generated-base.ts";
import { noise } from "../support/noise.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

/** What a second service on the same base may add to the file beyond its own layers, in bytes. */
const ALLOWANCE = 5 * 1024;

const HEAD = `auterion-api-version: 3
auterion-app-base: none
app-name: sharing
app-author: com.example
app-version: "1"
target-platform: skynode
services:
`;

test("a base is in the file once, however many services stand on it", async (t) => {
  const registry = await startEmbeddedRegistry();
  onCleanup(t, () => registry.close());
  const base = generatedBase();
  registry.addImage("arm64v8/python", "3.11-slim", base);
  const aircrate = aircrateFor(t);
  const dir = tempDir(t);
  const options = ["--mirror", `docker.io=${registry.host}`];

  const reports: BuildReport[] = [];
  for (const count of [1, 2, 3]) {
    const project = writeProject(join(dir, `${count}`), count);
    reports.push(await buildFile(aircrate, project, options));
  }
  const [one, two, three] = reports as [BuildReport, BuildReport, BuildReport];
  const shared = one.images[0]!.layers.slice(0, 2);
  for (const [smaller, larger] of [
    [one, two],
    [two, three],
  ] as const) {
    const added = larger.images.at(-1)!;
    assert.deepEqual(
      added.layers.slice(0, 2).map(({ digest }) => digest),
      shared.map(({ digest }) => digest),
    );
    assert.ok(added.ownSize > 10_000, "its own layer is no small thing");
    const growth = larger.size - smaller.size - added.ownSize;
    assert.ok(growth < ALLOWANCE, `grew by ${growth} bytes beyond its own layers`);
    // The layers of the base weigh far more than that, so it can tell.
    assert.ok(added.sharedSize > 10 * ALLOWANCE);
  }

  if (!requireTool(t, "tar", "gzip")) return;
  const { payloadDir } = await openArtifact(three.file, join(dir, "open"));
  const image = readFileSync(join(payloadDir, "com.example.sharing.image"));
  for (const { digest } of shared) {
    const blob = base.blobs.get(digest);
    assert.ok(blob instanceof Uint8Array);
    assert.equal(occurrences(image, Buffer.from(blob)), 1, `${digest} as the registry gave it`);
  }
  const unpacked = join(dir, "image");
  mkdirSync(unpacked);
  await runOk("sh", ["-c", 'gzip -dc "$1" > "$1.tar"', "sh", join(payloadDir, "com.example.sharing.image")]);
  const members = await unpackTar(join(payloadDir, "com.example.sharing.image.tar"), unpacked);
  assert.equal(new Set(members).size, members.length);
  const manifest: { Layers: string[] }[] = JSON.parse(readFileSync(join(unpacked, "manifest.json"), "utf8"));
  assert.equal(manifest.length, 3);
  for (const [i, { diffId }] of shared.entries()) {
    const path = `blobs/sha256/${diffId.slice("sha256:".length)}`;
    assert.deepEqual(
      manifest.map(({ Layers }) => Layers[i]),
      [path, path, path],
    );
    assert.equal(members.filter((member) => member === path).length, 1);
  }
});

/** An application with so many services on one base; each has a file of its own that packs badly. */
function writeProject(dir: string, count: number): string {
  let manifest = HEAD;
  for (let i = 1; i <= count; i += 1) {
    const service = join(dir, `s${i}`);
    mkdirSync(service, { recursive: true });
    writeFileSync(join(service, "Dockerfile"), "FROM arm64v8/python:3.11-slim\nCOPY own /own\n");
    writeFileSync(join(service, "own"), noise(i, 20_000));
    manifest += `  s${i}: { build: s${i} }\n`;
  }
  writeFileSync(join(dir, "auterion-app.yml"), manifest);
  return dir;
}

async function buildFile(aircrate: Aircrate, project: string, options: string[]): Promise<BuildReport> {
  return aircrate.build([project, "-o", join(project, "out.auterionos"), ...options]);
}

function occurrences(haystack: Buffer, needle: Buffer): number {
  let count = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) count += 1;
  return count;
}
