import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Aircrate, aircrateFor, copyGallery, type Ended } from "../support/aircrate.ts";
import { appears } from "../support/appears.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { noise } from "../support/noise.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const;
const STATUS = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGKILL: null } as const;

type Signal = (typeof SIGNALS)[number];
const NAME = "out.auterionos";

interface Site {
  readonly aircrate: Aircrate;
  readonly registry: EmbeddedRegistry;
  /** Folder of the output, empty at first. */
  readonly place: string;
  readonly args: readonly string[];
}

/** A moment of a build: resolves when it has come. */
interface Moment {
  readonly name: string;
  /** Makes the registry slow, so that the moment lasts. */
  readonly fault?: Parameters<EmbeddedRegistry["setFault"]>[0];
  readonly comes: (site: Pick<Site, "registry" | "place">) => Promise<void>;
}

const MOMENTS: readonly Moment[] = [
  {
    name: "while a manifest is awaited",
    fault: ({ kind }) => (kind === "manifest" ? { delayMs: 60_000 } : undefined),
    comes: ({ registry }) => until(() => registry.requests.some(({ kind }) => kind === "manifest")),
  },
  {
    name: "while a layer is pulled",
    fault: ({ kind }) => (kind === "blob" ? { bytesPerSecond: 5_000 } : undefined),
    comes: ({ registry }) => until(() => registry.requests.some(({ kind, sent }) => kind === "blob" && sent > 4_000)),
  },
  {
    name: "while a layer stalls",
    fault: ({ kind }) => (kind === "blob" ? { stallAfter: 6_000 } : undefined),
    comes: ({ registry }) => until(() => registry.requests.filter(({ sent }) => sent >= 6_000).length >= 2),
  },
  {
    name: "while the file is written",
    comes: ({ place }) => appears(place, isTemporary),
  },
];

test("a build that is stopped by a signal leaves nothing under the name of its file", async (t) => {
  const { site, expected } = await prepare(t);
  for (const [i, moment] of MOMENTS.entries()) {
    for (const signal of i === 1 ? SIGNALS : (["SIGTERM", "SIGKILL"] as const)) {
      await t.test(`${signal} ${moment.name}`, (t) => stopped(site(t), { signal, moment, expected }));
    }
  }

  await t.test("and the file of an earlier build as it was", async (t) => {
    const place = site(t);
    const reset = () => place.aircrate.build(place.args);
    await reset();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const args = [...place.args, "--app-version", "2"];
      const { status } = await interrupted(place, args, { signal, moment: MOMENTS.at(-1)!, reset });
      assert.equal(status, STATUS[signal]);
      assert.equal(await sha256Of(join(place.place, NAME)), expected);
    }
  });

  await t.test("nor does a second signal disturb the first", async (t) => {
    const { aircrate, args, place, registry } = site(t);
    registry.setFault(MOMENTS[1]!.fault);
    const running = aircrate.start(["build", ...args]);
    await MOMENTS[1]!.comes({ registry, place });
    running.kill("SIGINT");
    running.kill("SIGTERM");
    const { status, stderr } = await running.ended;
    assert.ok(status === 130 || status === 143, stderr);
    assert.deepEqual(readdirSync(place), []);
  });
});

async function stopped(
  site: Site,
  { signal, moment, expected }: { signal: Signal; moment: Moment; expected: string },
): Promise<void> {
  const { aircrate, args, place } = site;
  const reset = () => rmSync(join(place, NAME));
  const { status, stdout, stderr } = await interrupted(site, args, { signal, moment, reset });
  assert.equal(status, STATUS[signal], stderr);
  assert.equal(stdout, "");
  assert.equal(stderr, signal === "SIGKILL" ? "" : `aircrate: stopped by ${signal}\n`);

  const left = readdirSync(place);
  assert.ok(!left.includes(NAME), "no file under the final name");
  if (signal !== "SIGKILL") {
    assert.deepEqual(left, [], "no temporary file");
    const temporary = join(aircrate.store, "aircrate/tmp");
    assert.deepEqual(existsSync(temporary) ? readdirSync(temporary) : [], [], "none in the store");
  }
  // The next build goes on with what the stopped one left in the store, and makes what a first one makes.
  await aircrate.build(args);
  assert.equal(await sha256Of(join(place, NAME)), expected);
}

/** A project whose output takes long enough to write for a signal to come in between. */
async function prepare(t: TestContext) {
  const registry = await demoRegistry(t);
  const project = copyGallery(t);
  const service = join(project, "src/camera-control");
  writeFileSync(join(service, "Dockerfile"), `${readFileSync(join(service, "Dockerfile"), "utf8")}COPY noise /noise\n`);
  mkdirSync(join(service, "noise"));
  for (let i = 0; i < 6; i += 1) writeFileSync(join(service, "noise", `${i}`), noise(i, 6_000_000));
  const site = (t: TestContext): Site => {
    registry.setFault(undefined);
    registry.clearRequests();
    const place = tempDir(t);
    const args = [project, "-o", join(place, NAME), ...mirror(registry), "--progress", "none"];
    return { aircrate: aircrateFor(t), registry, place, args };
  };
  const { aircrate, args, place } = site(t);
  await aircrate.build(args);
  return { site, expected: await sha256Of(join(place, NAME)) };
}

/**
 * Starts a build and sends it the signal when the moment has come. A build that was done by then, on a machine that is
 * busy with other things, is started again, up to fifteen times; `reset` puts its place in order.
 */
async function interrupted(
  { aircrate, registry, place }: Site,
  args: readonly string[],
  { signal, moment, reset }: { signal: Signal; moment: Moment; reset: () => unknown },
): Promise<Ended> {
  for (let attempt = 1; ; attempt += 1) {
    registry.setFault(moment.fault);
    const coming = moment.comes({ registry, place });
    coming.catch(() => undefined);
    const running = aircrate.start(["build", ...args]);
    await Promise.race([coming, running.ended]);
    running.kill(signal);
    const ended = await running.ended;
    registry.setFault(undefined);
    if (ended.status !== 0 || attempt === 16) return ended;
    await reset();
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !condition(); await sleep(5)) {
    if (Date.now() > deadline) throw new Error("the moment did not come");
  }
}

function isTemporary(name: string): boolean {
  return name.endsWith(".tmp");
}
