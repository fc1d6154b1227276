import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build } from "../../lib/build/build.ts";
import { nativeGivesPakoBytes } from "../../lib/gzip/deflate.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { aircrateFor } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { noise } from "../support/noise.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { startRegistry } from "../support/registry.ts";
import { runOk } from "../support/run.ts";
import { prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

/** How skopeo stores the layers, and by which way it gets there. */
const ENCODINGS: readonly (readonly [name: string, by: (dir: string) => string, options: string[], type: RegExp])[] = [
  ["zstd", (dir) => `oci:${dir}:1`, ["--dest-compress-format", "zstd"], /\.tar\+zstd$/],
  ["zstd:chunked", (dir) => `oci:${dir}:1`, ["--dest-compress-format", "zstd:chunked"], /\.tar\+zstd$/],
  ["plain", (dir) => `dir:${dir}`, ["--dest-decompress"], /\.tar$/],
];

test("images of zstd and of plain layers in a real registry become a package", async (t) => {
  if (!requireTool(t, "docker-registry", "skopeo")) return;
  const dir = tempDir(t);
  const registry = await startRegistry({ dir: join(dir, "registry") });
  onCleanup(t, registry.stop);
  const base = join(dir, "base");
  const files = { "d/text": prose(1, 1_000_000).toString(), Dockerfile: "FROM scratch\nCOPY d /d\nCOPY noise /\n" };
  writeFiles(base, { "aircrate.yml": "images: { base: { context: . } }\n", ...files });
  writeFileSync(join(base, "noise"), noise(1, 200_000));
  const oci = join(dir, "base.tar");
  await aircrateFor(t).build([base, "--format", "oci", "-o", oci]);

  for (const [name, by, options, type] of ENCODINGS) {
    await t.test(name, async (t) => {
      const repository = name.replace(":", "-");
      const way = by(join(dir, repository));
      const target = `docker://${registry.host}/${repository}:1`;
      await runOk("skopeo", ["copy", "--quiet", ...options, `oci-archive:${oci}`, way]);
      await runOk("skopeo", ["copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", way, target]);
      const { layers } = JSON.parse(await runOk("skopeo", ["inspect", "--raw", "--tls-verify=false", target]));
      for (const { mediaType } of layers) assert.match(mediaType, type);

      const aircrate = aircrateFor(t);
      const project = tempDir(t);
      const image = `${registry.host}/${repository}:1`;
      writeFiles(project, {
        "auterion-app.yml": `${manifestOf()}  two: { image: "${image}" }\n`,
        "one/Dockerfile": `FROM ${image}\nCOPY app /app\n`,
        "one/app": prose(2, 100_000).toString(),
      });
      const out = join(tempDir(t), "out.auterionos");
      const report = await aircrate.build([project, "-o", out]);
      const expected = await sha256Of(out);
      const sources = report.images.flatMap((one) => one.layers.map(({ source }) => source));
      assert.deepEqual(sources, ["pulled", "pulled", "packed", "pulled", "pulled"]);
      const { status, stdout } = await aircrate.run(["verify", out]);
      assert.equal(status, 0, stdout);

      // From the store, into a store of its own, and packed by pako there.
      const again = await aircrate.build([project, "-o", out, "--offline"]);
      assert.equal(await sha256Of(out), expected);
      assert.ok(again.images.every((one) => one.layers.every(({ source }) => source === "store")));
      for (const native of nativeGivesPakoBytes() ? [true, false] : [false]) {
        await build({ dir: project, output: out, store: tempDir(t), pool: createWorkPool({ native }) });
        assert.equal(await sha256Of(out), expected);
      }
    });
  }
});
