import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { aircrateFor } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { makeImage } from "../support/image-content.ts";
import { noise } from "../support/noise.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";

test("a build that was killed goes on with the layer where it stopped, and no byte is sent twice", async (t) => {
  const registry = await registryWith(t);
  const image = makeImage({
    platform: { os: "linux", architecture: "arm64" },
    layers: [tarOf([{ path: "noise", data: noise(1, 12_000_000) }])],
  });
  registry.addImage("app", "1", image);
  const size = Math.max(...[...image.blobs.values()].map((blob) => (blob as Uint8Array).length));
  const project = tempDir(t);
  writeFiles(project, { "auterion-app.yml": manifestOf().replace("build: one", `image: "${registry.host}/app:1"`) });
  const out = join(tempDir(t), "out");
  const args = [project, "-o", out];
  await aircrateFor(t).build(args);
  const expected = await sha256Of(out);

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await t.test(signal, async (t) => {
      const aircrate = aircrateFor(t);
      const layer = () => registry.requests.filter(({ kind, sent }) => kind === "blob" && sent > 10_000);
      registry.clearRequests();
      registry.setFault(({ kind }) => (kind === "blob" ? { bytesPerSecond: 10_000_000 } : undefined));
      const running = aircrate.start(["build", ...args]);
      while ((layer()[0]?.sent ?? 0) < 6_000_000) await sleep(5);
      running.kill(signal);
      assert.notEqual((await running.ended).status, 0);
      registry.setFault(undefined);

      const folder = join(aircrate.store, "aircrate/partial");
      const [left, ...more] = readdirSync(folder);
      assert.deepEqual(more, []);
      const from = statSync(join(folder, left!)).size;
      // What was in memory is lost to SIGKILL.
      assert.ok(from > 3_000_000, `${from}`);
      registry.clearRequests();
      await aircrate.build(args);
      assert.deepEqual(
        layer().map(({ range, sent }) => [range, sent]),
        [[`bytes=${from}-`, size - from]],
      );
      assert.equal(await sha256Of(out), expected);
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});

test("what another process is still fetching is left alone", async (t) => {
  const registry = await registryWith(t);
  registry.addImage(
    "app",
    "1",
    makeImage({
      platform: { os: "linux", architecture: "arm64" },
      layers: [tarOf([{ path: "n", data: noise(2, 5e6) }])],
    }),
  );
  const project = tempDir(t);
  writeFiles(project, { "auterion-app.yml": manifestOf().replace("build: one", `image: "${registry.host}/app:1"`) });
  const aircrate = aircrateFor(t);
  const folder = join(aircrate.store, "aircrate/partial");
  const out = tempDir(t);
  registry.setFault(({ kind }) => (kind === "blob" ? { stallAfter: 2_000_000 } : undefined));
  const slow = aircrate.start(["build", project, "-o", join(out, "slow")]);
  while (!registry.requests.some(({ kind, sent }) => kind === "blob" && sent === 2_000_000)) await sleep(5);
  const before = readdirSync(folder);
  registry.setFault(undefined);
  await aircrate.build([project, "-o", join(out, "quick")]);
  assert.equal(before.length, 1);
  assert.deepEqual(readdirSync(folder), before, "the one of the slow build, and none of the other");
  slow.kill("SIGKILL");
  await slow.ended;
});
