import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { build } from "../../lib/build/build.ts";
import { digestOf } from "../../lib/digest.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { type ImageContent, makeImage } from "../support/image-content.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";

/** A base that says where things go; `DIR` is a folder of it, of this mode. */
function baseWith(directory: string, mode: number): ImageContent {
  return makeImage({
    platform: { os: "linux", architecture: "arm64", variant: "v8" },
    layers: [tarOf([{ path: `${directory}/`, mode }])],
    form: "docker",
    config: { Env: [`DIR=/${directory}`] },
  });
}

async function projectOn(t: TestContext, base: ImageContent) {
  const registry = await registryWith(t);
  registry.addImage("base", "1", base);
  const dir = tempDir(t);
  mkdirSync(join(dir, "context"));
  writeFileSync(join(dir, "context/file"), "content");
  const instructions = (lines: readonly string[]) =>
    writeFileSync(join(dir, "context/Dockerfile"), [`FROM ${registry.host}/base:1`, ...lines, ""].join("\n"));
  writeFileSync(join(dir, "aircrate.yml"), "images: { image: { context: context } }\n");
  const output = join(dir, "image.tar");
  const run = async (store = join(dir, "store")) => {
    const pool = createWorkPool({ threads: 1 });
    const { warnings } = await build({ dir, store, output, format: "docker-archive", pool });
    return { digest: digestOf(readFileSync(output)), warnings };
  };
  /** What a machine makes that knows nothing yet. */
  const fresh = () => run(tempDir(t));
  return { registry, dir, instructions, run, fresh };
}

// A variable that is not set is worth a warning.
const LINES = ["COPY file $DIR/file", "LABEL a=$UNKNOWN"];

test("an image on a base that is as it was is what it is on a machine that knows nothing", async (t) => {
  const { instructions, run, fresh } = await projectOn(t, baseWith("data", 0o750));
  instructions(LINES);
  const first = await run();
  assert.equal(first.warnings.length, 1);
  assert.deepEqual(await run(), first, "with each warning once");
  assert.deepEqual(await fresh(), first);
  instructions([...LINES, "LABEL b=1"]);
  const edited = await run();
  assert.notEqual(edited.digest, first.digest);
  assert.deepEqual(await fresh(), edited);
});

test("an image on a base that moved is made on the new one", async (t) => {
  const { registry, instructions, run, fresh } = await projectOn(t, baseWith("data", 0o750));
  instructions(LINES);
  const first = await run();
  for (const base of [baseWith("data", 0o700), baseWith("other", 0o700)]) {
    registry.addImage("base", "1", base);
    const moved = await run();
    assert.notEqual(moved.digest, first.digest);
    assert.deepEqual(await fresh(), moved);
  }
  registry.addImage("base", "1", baseWith("data", 0o750));
  assert.deepEqual(await run(), first);
});

test("what is wrong with an image on a known base is told once, where it is", async (t) => {
  const { instructions, run } = await projectOn(t, baseWith("data", 0o750));
  instructions(LINES);
  await run();
  instructions([...LINES, "COPY missing $DIR/"]);
  await rejectsWith(run(), "input", /Dockerfile:4: there is no missing in the build context/);
});
