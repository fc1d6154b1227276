import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MAX_LAYERS } from "../../lib/archive/compose.ts";
import { build } from "../../lib/build/build.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { makeImage } from "../support/image-content.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";

const PLATFORM = { os: "linux", architecture: "arm64", variant: "v8" };

/** Builds an image of one layer on one of `added` layers on a pulled one of `pulled` layers. */
async function buildDeep(t: TestContext, pulled: number, added: number) {
  const registry = await registryWith(t);
  const layers = Array.from({ length: pulled }, (_, i) => tarOf([{ path: `file-${i}` }]));
  registry.addImage("arm64v8/deep", "1", makeImage({ platform: PLATFORM, layers }));
  const dir = writeFiles(join(tempDir(t), "project"), {
    "aircrate.yml": "images: { tools: { context: ., dockerfile: Dockerfile.tools }, app: { context: app } }\n",
    "Dockerfile.tools": `FROM arm64v8/deep:1\n${Array.from({ length: added }, (_, i) => `COPY text /t${i}\n`).join("")}`,
    "app/Dockerfile": "FROM tools\nCOPY text /app/\n",
    "app/text": "app\n",
    text: "text\n",
  });
  const store = join(tempDir(t), "store");
  const output = join(dir, "out.tar");
  return build({ dir, store, output, registry: { mirrors: new Map([["docker.io", registry.host]]) } });
}

test("an image may have 125 layers", async (t) => {
  const { images } = await buildDeep(t, MAX_LAYERS - 3, 2);
  assert.equal(images[0]?.layers.length, 125);
});

test("of one with more, the error tells which image brings how many", async (t) => {
  const error = await rejectsWith(
    buildDeep(t, 120, 5),
    "input",
    /aircrate\.yml:1: app has 126 layers, .* at most 125$/m,
  );
  assert.deepEqual(error.reason, ["docker.io/arm64v8/deep:1 has 120", "tools adds 5", "app adds 1"]);
  assert.match(error.hint.join(), /join COPY/);
});

test("where the base alone has too many, another base is the only help", async (t) => {
  const error = await rejectsWith(buildDeep(t, 130, 0), "input", /app has 131 layers/, /deep:1 has 130$/m);
  assert.deepEqual(error.hint, ["choose a base with fewer layers than docker.io/arm64v8/deep:1"]);
});
