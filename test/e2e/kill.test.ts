import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hex } from "../../lib/digest.ts";
import { aircrateFor } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { makeImage } from "../support/image-content.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { noise, seeded } from "../support/seeded.ts";
import { tarOf } from "../support/ustar.ts";

const IMAGE = makeImage({
  platform: { os: "linux", architecture: "arm64" },
  layers: [1, 2, 3].map((seed) => tarOf([{ path: `noise${seed}`, data: noise(seed, 250_000 * seed) }])),
});

const CHAINS = 10;
const KILLS = 5;

/** A pull takes about half a second at this speed, beside the start of the process. */
const SPEED = 2_000_000;

async function setting(t: TestContext) {
  const registry = await registryWith(t);
  registry.addImage("base", "1", IMAGE);
  const dir = writeFiles(tempDir(t), {
    "auterion-app.yml": manifestOf(),
    "one/Dockerfile": "FROM registry.example/base:1\nCOPY Dockerfile /\n",
  });
  const file = join(tempDir(t), "out.auterionos");
  const args = ["build", dir, "-o", file, "--mirror", `registry.example=${registry.host}`];
  return { registry, args, file, aircrate: aircrateFor(t) };
}

let killed = 0;

/** Kills a build again and again, each time on what the one before left, and lets the last one come to its end. */
async function chain(t: TestContext, seed: number, expected: string): Promise<void> {
  const { registry, args, file, aircrate } = await setting(t);
  registry.setFault(({ kind }) => (kind === "blob" ? { bytesPerSecond: SPEED } : undefined));
  const random = seeded(seed);
  const finished = new Set<string>();
  for (let i = 0; i <= KILLS; i += 1) {
    registry.clearRequests();
    const running = aircrate.start(args);
    if (i < KILLS) {
      await Promise.race([sleep(150 + random(900)), running.ended]);
      running.kill("SIGKILL");
    }
    const { status, signal, stderr } = await running.ended;
    if (signal === "SIGKILL") killed += 1;
    else assert.equal(status, 0, stderr);
    for (const { kind, reference } of registry.requests) {
      assert.ok(kind !== "blob" || !finished.has(reference!), `${reference} was whole and is asked for again`);
    }
    for (const digest of IMAGE.blobs.keys()) {
      if (existsSync(join(aircrate.store, "blobs/sha256", hex(digest)))) finished.add(digest);
    }
  }
  assert.equal(finished.size, IMAGE.blobs.size);
  assert.equal(await sha256Of(file), expected);
  const verified = await aircrate.run(["store", "verify"]);
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
}

describe("a build that is killed at any moment is finished by the next one", { concurrency: 2 }, () => {
  let expected: Promise<string> | undefined;
  const undisturbed = async (t: TestContext) => {
    const { args, file, aircrate } = await setting(t);
    const { status, stderr } = await aircrate.run(args);
    assert.equal(status, 0, stderr);
    return sha256Of(file);
  };
  for (let seed = 1; seed <= CHAINS; seed += 1) {
    test(`${KILLS} times, chain ${seed}`, async (t) => {
      expected ??= undisturbed(t);
      await chain(t, seed, await expected);
    });
  }
});

test("most of the kills came in the middle", () => {
  assert.ok(killed >= (CHAINS * KILLS) / 2, `${killed} of ${CHAINS * KILLS}`);
});
