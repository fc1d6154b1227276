import assert from "node:assert/strict";
import { existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import * as aircrate from "../../lib/index.ts";
import { encodeHeader } from "../../lib/tar/header.ts";
import { deviceServer } from "../device/device-server.ts";
import { appears } from "../support/appears.ts";
import { failure } from "../support/faults.ts";
import { keyFiles } from "../support/keys.ts";
import { noise } from "../support/noise.ts";
import { writeFiles } from "../support/project.ts";
import { type Site, siteFor } from "./site.ts";

const REASON = new Error("enough");

type Call = (signal: AbortSignal) => Promise<unknown>;

test("every function can be stopped, before it begins and right after, and leaves nothing", async (t) => {
  const site = await siteFor(t);
  const { place, store } = site;
  const calls = await everyFunction(t, site);
  const named = Object.keys(aircrate).filter((name) => /^[a-z]/.test(name));
  assert.deepEqual(Object.keys(calls).sort(), named.sort(), "every function is here");
  const before = readdirSync(place);
  for (const [name, call] of Object.entries(calls)) {
    assert.equal(await call(AbortSignal.abort(REASON)).catch((error) => error), REASON, name);
    const stop = new AbortController();
    const running = call(stop.signal);
    stop.abort(REASON);
    assert.equal(await running.catch((error) => error), REASON, name);
    assert.deepEqual(readdirSync(place), before, name);
    assertTidy(store, name);
  }
  for (const [name, call] of Object.entries(calls)) {
    await assert.doesNotReject(call(new AbortController().signal), name);
  }
});

/** Each with what it needs to succeed. */
async function everyFunction(
  t: TestContext,
  { project, place, settings, registry }: Site,
): Promise<Record<string, Call>> {
  const at = (name: string) => join(place, name);
  await aircrate.lock(project, settings);
  const one = { ...settings, output: at("one") };
  await aircrate.build(project, one);
  const thin = { ...settings, output: at("thin"), since: [at("one")], appVersion: "2" };
  await aircrate.build(project, thin);
  const context = writeFiles(at("context"), { Dockerfile: "FROM scratch\nCOPY . /\n" });
  const tool = { ...settings, tags: ["tool:1"] };
  await aircrate.buildImage(context, tool);
  const device = await deviceServer(t, {
    "GET /api/local-updater/ping": {},
    "GET /api/local-updater/version": { body: { version: "v2.2" } },
    "POST /api/local-updater/v2.2/update": { body: {} },
  });
  const { privateFile: key } = keyFiles(t, "ec");
  const output = at("out");
  return {
    build: (signal) => aircrate.build(project, { ...settings, output, signal }),
    buildImage: (signal) => aircrate.buildImage(context, { ...tool, signal }),
    check: (signal) => aircrate.check(project, { ...settings, signal }),
    diff: (signal) => aircrate.diff(at("one"), at("thin"), { ...settings, signal }),
    exportImages: (signal) => aircrate.exportImages(at("one"), { ...settings, output, signal }),
    importFiles: (signal) => aircrate.importFiles([at("one")], { ...settings, signal }),
    inspect: (signal) => aircrate.inspect(at("one"), { signal }),
    install: (signal) => aircrate.install(at("one"), { device: device.address, signal }),
    lock: (signal) => aircrate.lock(project, { ...settings, signal }),
    plan: (signal) => aircrate.plan(project, { ...settings, signal }),
    prune: (signal) => aircrate.prune({ ...settings, signal }),
    pull: (signal) => aircrate.pull(["arm64v8/busybox:1.36"], { ...settings, signal }),
    push: (signal) => aircrate.push(at("one"), [`${registry.host}/team`], { ...settings, signal }),
    save: (signal) => aircrate.save(["tool:1"], { ...settings, output, signal }),
    sign: (signal) => aircrate.sign(at("one"), { key, output, signal }),
    thicken: (signal) => aircrate.thicken(at("thin"), { ...settings, output, signal }),
    vendor: (signal) => aircrate.vendor(project, { ...settings, output, signal }),
    verify: (signal) => aircrate.verify(at("one"), { signal }),
  };
}

/** Nothing temporary is in the store, and nobody is said to work with it. */
function assertTidy(store: string, message: string): void {
  for (const room of ["tmp", "leases"]) {
    const folder = join(store, "aircrate", room);
    assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], [], `${message}: ${room}`);
  }
}

test("pulling stops in the middle of a layer", async (t) => {
  const { registry, project, place, settings, store } = await siteFor(t);
  registry.setFault(({ kind }) => (kind === "blob" ? { stallAfter: 6_000 } : undefined));
  for (const work of [
    (options: aircrate.BuildOptions) => aircrate.build(project, { ...options, output: join(place, "out") }),
    (options: aircrate.PullOptions) => aircrate.pull(["arm64v8/python:3.11-slim"], options),
  ]) {
    const stop = new AbortController();
    const onEvent = ({ kind }: aircrate.BuildEvent) => void (kind === "pull-bytes" && stop.abort(REASON));
    assert.equal(await failure(work({ ...settings, signal: stop.signal, onEvent })), REASON);
    assert.deepEqual(readdirSync(place), []);
    assertTidy(store, "pull");
  }
});

test("reading a large file stops long before its end", async (t) => {
  const { place } = await siteFor(t);
  const { privateFile: key } = keyFiles(t, "ec");
  const [file, artifact] = [hollow(place, "layer.tar"), hollow(place, "version")];
  const works: Call[] = [
    (signal) => aircrate.inspect(file, { signal }),
    (signal) => aircrate.verify(file, { signal }),
    (signal) => aircrate.importFiles([file], { store: join(place, "store"), signal }),
    (signal) => aircrate.inspect(artifact, { signal }),
    (signal) => aircrate.sign(artifact, { key, signal }),
  ];
  for (const work of works) {
    const stop = new AbortController();
    const running = work(stop.signal);
    await somewhatLater();
    stop.abort(REASON);
    assert.equal(await failure(running), REASON);
  }
  assertTidy(join(place, "store"), "import");
});

/** An archive whose only member takes long to read and no time to make: it is a hole of nearly 8 GiB. */
function hollow(folder: string, member: string): string {
  const file = join(folder, `with ${member}`);
  const size = 8 * 1024 ** 3 - 512;
  writeFileSync(file, encodeHeader({ path: member, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size }));
  truncateSync(file, size + 512);
  return file;
}

/** Turns of the event loop in which a file is opened and a part of it is read. */
async function somewhatLater(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("what is written or taken into a store is gone when that stops", async (t) => {
  const { place, settings, store } = await siteFor(t);
  const context = writeFiles(join(place, "context"), {
    Dockerfile: "FROM scratch\nCOPY . /\n",
    big: noise(1, 8_000_000),
  });
  await aircrate.buildImage(context, { ...settings, tags: ["big:1"] });
  const parts: Uint8Array[] = [];
  await aircrate.save(["big:1"], { ...settings, output: (bytes) => parts.push(Uint8Array.from(bytes)) });
  // Packed once more, so that its layer is spooled.
  const packed = join(place, "big.tar.gz");
  writeFileSync(packed, gzipSync(Buffer.concat(parts), { level: 1 }));
  const before = readdirSync(place).sort();

  const stop = new AbortController();
  const output = () => stop.abort(REASON);
  assert.equal(await failure(aircrate.save(["big:1"], { ...settings, output, signal: stop.signal })), REASON);

  const cases: [folder: string, Call][] = [
    [place, (signal) => aircrate.save(["big:1"], { ...settings, output: join(place, "saved"), signal })],
    [join(store, "aircrate/tmp"), (signal) => aircrate.importFiles([packed], { ...settings, signal })],
  ];
  await aircrate.prune({ ...settings, olderThan: 0 });
  for (const [folder, work] of cases) {
    const stop = new AbortController();
    const coming = appears(folder).then(() => stop.abort(REASON));
    assert.equal(await failure(work(stop.signal)), REASON);
    await coming;
    assert.deepEqual(readdirSync(place).sort(), before);
    assertTidy(store, "stopped");
  }
});
