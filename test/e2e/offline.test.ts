import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Lock } from "../../spec/lock.ts";
import { aircrateFor, copyGallery, readText } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { requireRoot, requireTool } from "../support/tools.ts";

test("with a complete lock and store nothing is asked, and no network is needed", async (t) => {
  const registry = await demoRegistry(t);
  const dir = copyGallery(t);
  const aircrate = aircrateFor(t);
  const out = tempDir(t);
  const build = (name: string, ...more: string[]) => aircrate.build([dir, "-o", join(out, name), ...more]);
  assert.equal((await aircrate.run(["lock", dir, ...mirror(registry)])).status, 0);
  await build("first", ...mirror(registry));
  registry.clearRequests();
  // Also without --offline: there is nothing to ask for.
  await build("second", ...mirror(registry));
  assert.deepEqual(registry.requests, []);
  const names = ["first", "second"];
  if (requireRoot(t) && requireTool(t, "unshare")) {
    for (const [name, ...more] of [["alone"], ["locked", "--locked"], ["offline", "--locked", "--offline"]]) {
      await aircrate.build([dir, "-o", join(out, name!), ...more], { isolated: true });
      names.push(name!);
    }
    rmSync(join(dir, "aircrate.lock"));
    const asking = await aircrate.run(["build", dir, "-o", join(out, "failed"), ...mirror(registry)], {
      isolated: true,
    });
    assert.equal(asking.status, 4, "there really is no network");
  }
  for (const name of names) assert.equal(await sha256Of(join(out, name)), await sha256Of(join(out, "first")), name);
});

test("--offline lists all that is missing, over all images", async (t) => {
  const registry = await demoRegistry(t);
  const dir = copyGallery(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  assert.equal((await aircrate.run(["lock", ...mirror(registry)])).status, 0);
  const { images }: Lock = JSON.parse(readText(dir, "aircrate.lock"));
  const lines = (names: readonly string[], documents: boolean) =>
    names.flatMap((name) => {
      const { manifest, config, layers } = images[name]!.platforms["linux/arm64"]!;
      const all = [
        ["manifest", manifest] as const,
        ["config", config] as const,
        ...layers.map((one) => ["layer", one] as const),
      ];
      return all
        .filter(([what]) => documents || what === "layer")
        .map(([what, { digest, size }]) => `  ${name}: the store lacks ${what} ${digest} (${size} bytes)\n`);
    });
  const names = ["docker.io/arm64v8/python:3.11-slim", "docker.io/arm64v8/busybox:1.36"];
  registry.clearRequests();
  // Locking keeps manifests and configs.
  for (const [store, documents] of [
    [aircrate.store, false],
    [join(tempDir(t), "empty"), true],
  ] as const) {
    const { status, stderr } = await aircrate.run(["build", "--locked", "--offline"], { store });
    assert.equal(status, 7);
    const expected = [
      "aircrate: 2 images are not in the store, and --offline allows no registry\n",
      ...lines(names, documents),
      "  -> build once without --offline\n",
      "  -> without a network: aircrate vendor on a machine that has one, here aircrate build --offline --vendor FILE\n",
    ];
    assert.equal(stderr, expected.join(""));
  }
  assert.deepEqual(registry.requests, []);
});
