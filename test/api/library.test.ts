import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as aircrate from "../../lib/index.ts";
import { decodeJson } from "../../spec/decode.ts";
import { PullReport } from "../../spec/local-reports.ts";
import { deviceServer } from "../device/device-server.ts";
import { GALLERY_FACTS } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { rejectsWith } from "../support/faults.ts";
import { keyFiles } from "../support/keys.ts";
import { writeFiles } from "../support/project.ts";
import { siteFor } from "./site.ts";

const BASES = ["arm64v8/busybox:1.36", "arm64v8/python:3.11-slim"];

test("a project goes from its lock to a device by the library alone", async (t) => {
  const { project, place, settings, registry } = await siteFor(t);
  const at = (name: string) => join(place, name);

  assert.equal((await aircrate.check(project, settings)).problems, 0);
  assert.deepEqual((await aircrate.plan(project, settings)).app?.slug, GALLERY_FACTS.slug);
  assert.equal((await aircrate.lock(project, settings)).images.length, BASES.length);
  assert.equal((await aircrate.vendor(project, { ...settings, output: at("bases.tar") })).images.length, BASES.length);

  const { privateFile, publicFile } = keyFiles(t, "ec");
  const key = readFileSync(privateFile);
  const events: string[] = [];
  const onEvent = ({ kind }: aircrate.BuildEvent) => void events.push(kind);
  const signed = await aircrate.build(project, { ...settings, output: at("1"), key, locked: true, onEvent });
  assert.equal(signed.signature?.algorithm, "ECDSA P-256");
  assert.ok(events.includes("resolve"));
  assert.equal(key.toString(), readFileSync(privateFile, "utf8"), "the caller's key is left alone");
  const verified = await aircrate.verify(at("1"), { keys: [publicFile] });
  assert.deepEqual([verified.problems, verified.signer], [[], publicFile]);
  assert.equal((await aircrate.inspect(at("1"))).kind, "auterionos");

  await aircrate.build(project, { ...settings, output: at("plain"), offline: true });
  const { file, replaced } = await aircrate.sign(at("plain"), { key: privateFile, output: at("later") });
  assert.deepEqual([file, replaced], [at("later"), false]);
  assert.equal(await sha256Of(at("later")), await sha256Of(at("1")));

  const update = { ...settings, appVersion: "2" };
  await aircrate.build(project, { ...update, output: at("2") });
  await aircrate.build(project, { ...update, output: at("2-thin"), since: [at("1")] });
  events.length = 0;
  await aircrate.thicken(at("2-thin"), { ...settings, output: at("2-again"), onEvent });
  assert.ok(events.includes("step-bytes"));
  assert.equal(await sha256Of(at("2-again")), await sha256Of(at("2")));

  const { different, thin } = await aircrate.diff(at("1"), at("2"), settings);
  assert.deepEqual([different, thin?.possible], [true, true]);
  const written = await aircrate.exportImages(at("2"), { ...settings, output: at("2.tar"), format: "oci" });
  assert.equal(written, statSync(at("2.tar")).size);
  const pushed = await aircrate.push(at("2"), [`${registry.host}/team`], settings);
  assert.equal(pushed.images.length, signed.images.length);

  const device = await deviceServer(t, {
    "GET /api/local-updater/ping": {},
    "GET /api/local-updater/version": { body: { version: "v2.2" } },
    "POST /api/local-updater/v2.2/update": { body: {} },
  });
  const sent: number[] = [];
  const installed = await aircrate.install(at("2"), {
    env: { AUTERION_DEVICE_ADDRESS: device.address },
    onEvent: (event) => void (event.kind === "upload" && sent.push(event.sent)),
  });
  assert.deepEqual([installed.size, sent.at(-1)], [readFileSync(at("2")).length, installed.size]);
});

test("what is pulled or built serves builds without a registry, in this store and in others", async (t) => {
  const { project, place, registry, settings, store } = await siteFor(t);
  const pulled = await aircrate.pull(BASES, settings);
  decodeJson(PullReport, Buffer.from(JSON.stringify(pulled)));
  assert.deepEqual(
    pulled.images.map(({ reference }) => reference),
    BASES.map((name) => `docker.io/${name}`),
  );
  registry.clearRequests();
  const first = await aircrate.build(project, { ...settings, output: join(place, "first"), offline: true });
  assert.deepEqual(registry.requests, []);
  const layers = new Set(first.images.flatMap((image) => image.layers.map(({ digest }) => digest)));
  for (const { digest } of pulled.images.flatMap((image) => image.layers)) assert.ok(layers.has(digest));

  const context = writeFiles(join(place, "context"), { Dockerfile: "FROM scratch\nCOPY . /\n", file: "text" });
  await aircrate.buildImage(context, { ...settings, tags: ["tool:1"], args: { A: "b" } });
  const parts: Uint8Array[] = [];
  const output = async (bytes: Uint8Array) => void parts.push(Uint8Array.from(bytes));
  assert.equal(await aircrate.save(["tool:1"], { ...settings, output }), Buffer.concat(parts).length);
  await aircrate.save(["tool:1"], { ...settings, output: join(place, "tool.tar") });
  assert.deepEqual(readFileSync(join(place, "tool.tar")), Buffer.concat(parts));

  const other = { ...settings, store: join(place, "other store") };
  const { files } = await aircrate.importFiles([join(place, "tool.tar"), join(place, "first")], other);
  assert.equal(files[0]?.images.length, 1);
  assert.equal((await aircrate.prune({ ...other, dryRun: true })).store, other.store);
  assert.notEqual(other.store, store);
});

test("a layer cache is found where the command finds it", async (t) => {
  const { project, settings, place, registry } = await siteFor(t);
  const [one, other] = [`${registry.host}/team/one`, `${registry.host}/team/other`];
  const env = { ...settings.env, AIRCRATE_CACHE: one };
  for (const [options, cache] of [
    [{ env }, one],
    [{ env, cache: other }, other],
    [{ env, cache: "off" }, undefined],
    [{ env, cache: other, offline: true }, undefined],
  ] as const) {
    const report = await aircrate.build(project, { ...settings, ...options, output: join(place, "out") });
    assert.equal(report.cache?.repository, cache);
  }
});

test("settings that cannot be are refused by their names", async (t) => {
  const { project, settings, place } = await siteFor(t);
  for (const [options, message] of [
    [{ retries: 0 }, /^retries is not a whole number from 1 to 1000$/],
    [{ retryMaxWait: -1 }, /^retryMaxWait is not a number from 0 to 86400$/],
    [{ timeout: Number.NaN }, /^timeout is not a number from 0.001 to 86400$/],
    [{ epoch: 1.5 }, /^epoch is not a whole number from 0 to 8589934591$/],
    [{ mirrors: ["docker.io"] }, /"docker.io" is not a mirror/],
    [{ cacheMode: "read-write" }, /^to push layers, name the repository/],
    [{ env: { ...settings.env, AIRCRATE_CACHE_MODE: "write" } }, /^AIRCRATE_CACHE_MODE is neither/],
  ] as const) {
    await rejectsWith(aircrate.build(project, { ...settings, ...options }), "usage", message);
  }
  await rejectsWith(aircrate.pull(["a"], { ...settings, platform: "arm64" }), "usage", /is not a platform/);
  await rejectsWith(aircrate.install(place, { wait: 0 }), "usage", /^wait is not a number/);
});

test("a project with a warning is not built strictly, and a file with problems is not installed", async (t) => {
  const { project, settings, place } = await siteFor(t);
  const manifest = join(project, "auterion-app.yml");
  writeFileSync(manifest, `${readFileSync(manifest, "utf8")}\nunknown-key: 1\n`);
  const build = aircrate.build(project, { ...settings, strict: true, output: join(place, "out") });
  await rejectsWith(build, "input", /check found 1 problem\b/, /problem AC013/);
  const device = await deviceServer(t, {});
  await rejectsWith(aircrate.install(manifest, { device: device.address }), "input");
  assert.deepEqual(device.requests, [], "nothing is sent");
});
