import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import type { LayerCacheOptions } from "../../lib/cache/cache.ts";
import { cacheTag } from "../../lib/cache/entry.ts";
import type { BuiltLayer } from "../../lib/layer/build.ts";
import { recordFile, type Store } from "../../lib/store/layout.ts";
import { CACHE_ANNOTATION } from "../../spec/layer-cache.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { onCleanup } from "../support/cleanup.ts";
import { errorAnswer } from "../support/embedded-registry/answer.ts";
import type { FaultHook } from "../support/embedded-registry.ts";
import { registryWith } from "../support/registries.ts";
import { freePort } from "../support/tools.ts";
import { entries, fill, machine, openTransfers, stopPacking } from "./machine.ts";

after(stopPacking);

function withSource(layers: readonly BuiltLayer[], source: BuiltLayer["source"]): BuiltLayer[] {
  return layers.map((layer) => ({ ...layer, source }));
}

function temporaryFiles(store: Store): string[] {
  return ["tmp", "partial"].flatMap((room) => {
    try {
      return readdirSync(recordFile(store, room));
    } catch {
      return [];
    }
  });
}

test("layers that are there are taken, with what others do when they are pulled", async (t) => {
  const registry = await registryWith(t);
  const layers = await fill(t, registry);
  const { store, cache, build, warnings, events } = await machine(t, registry.host);
  assert.deepEqual(await build(), withSource(layers, "cache"));
  assert.deepEqual(warnings, []);
  assert.deepEqual(cache.counts(), { asked: 2, taken: 2, pushed: 0, pushedSize: 0 });
  assert.deepEqual(temporaryFiles(store), []);
  for (const { diffId, digest, size } of layers) {
    const reference = `${registry.host}/team/cache:${cacheTag(diffId)}`;
    const told = events.filter((event) => "layer" in event && event.layer === digest);
    assert.deepEqual(told[0], { kind: "pull-start", reference, layer: digest, size, from: 0 });
    assert.deepEqual(told.at(-1), { kind: "pull-end", reference, layer: digest, size, stored: digest });
  }
  const manifests = registry.requests.filter(({ kind }) => kind === "manifest").map(({ reference }) => reference);
  assert.deepEqual(manifests.sort(), layers.map(({ diffId }) => cacheTag(diffId)).sort());
});

test("layers and repositories that are not there are packed without a word", async (t) => {
  const registry = await registryWith(t);
  const { cache, build, warnings } = await machine(t, registry.host);
  assert.deepEqual(
    (await build()).map(({ source }) => source),
    ["packed", "packed"],
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual(cache.counts(), { asked: 2, taken: 0, pushed: 0, pushedSize: 0 });
});

const REFUSED = { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } };
/** What is wrong with a registry, and what is told of it. */
const FAULTS: readonly (readonly [name: string, told: RegExp, fault: FaultHook])[] = [
  ["500", /answers 500/, () => ({ answer: { status: 500 } })],
  ["500 for the blob", /answers 500/, ({ kind }) => (kind === "blob" ? { answer: { status: 500 } } : undefined)],
  ["401", /user name and a password/, () => ({ answer: REFUSED })],
  ["403", /does not allow/, ({ kind }) => (kind === "ping" ? undefined : { answer: errorAnswer(403, "DENIED", "no") })],
  ["429", /later/, ({ kind }) => (kind === "manifest" ? { answer: { status: 429 } } : undefined)],
  ["a blob that is cut", /./, ({ kind }) => (kind === "blob" ? { cutAfter: 1000 } : undefined)],
  ["a blob that is gone", /answers 404/, ({ kind }) => (kind === "blob" ? { answer: { status: 404 } } : undefined)],
  ["a blob with a wrong byte", /digest/, ({ kind }) => (kind === "blob" ? { corruptAt: 5000 } : undefined)],
  [
    "a blob without end",
    /more than/,
    ({ kind }) => (kind === "blob" ? { contentLength: null, answer: ENDLESS } : undefined),
  ],
  ["a manifest without end", /larger than/, ({ kind }) => (kind === "manifest" ? { answer: ENDLESS } : undefined)],
  [
    "no manifest",
    /not JSON/,
    ({ kind }) => (kind === "manifest" ? { answer: { status: 200, body: "<html>" } } : undefined),
  ],
];
/** For faults that one has to wait for. */
const IMPATIENT = { answerMs: 300 };

const SILENT: typeof FAULTS = [
  ["no answer", /no answer within 0.3 s/, ({ kind }) => (kind === "manifest" ? { stallAfter: "request" } : undefined)],
  ["a blob that stalls", /silent|less time/, ({ kind }) => (kind === "blob" ? { stallAfter: 1000 } : undefined)],
];
const ENDLESS = { status: 200, body: Buffer.alloc(6_000_000) };

describe("a cache that is out of order is left alone after one warning, and the layers are packed", () => {
  const cases = [
    ...FAULTS.map((fault) => [...fault, {}] as const),
    ...SILENT.map((fault) => [...fault, IMPATIENT] as const),
  ];
  for (const [name, told, fault, options] of cases) {
    test(name, async (t) => {
      const registry = await registryWith(t);
      const layers = await fill(t, registry);
      registry.setFault(fault);
      const { cache, build, warnings, events } = await machine(t, registry.host, options);
      assert.deepEqual(await build(), withSource(layers, "packed"));
      assert.deepEqual(openTransfers(events), []);
      assert.equal(warnings.length, 1, warnings.join("\n"));
      assert.match(warnings[0]!, new RegExp(`^the layer cache ${registry.host}/team/cache was left alone: `));
      assert.match(warnings[0]!, told);
      const before = registry.requests.length;
      assert.equal(await cache.take({ diffId: layers[0]!.diffId, plainSize: 9e9 }, async () => true), undefined);
      assert.equal(registry.requests.length, before, "nothing is asked any more");
    });
  }

  test("nobody listens", async (t) => {
    const { build, warnings } = await machine(t, `127.0.0.1:${await freePort()}`);
    assert.deepEqual(
      (await build()).map(({ source }) => source),
      ["packed", "packed"],
    );
    assert.match(warnings.join("\n"), /^.*nothing listens there \(ECONNREFUSED\)$/);
  });

  test("a server that accepts and says nothing", async (t) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket.on("error", () => {})));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onCleanup(t, () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const { build, warnings } = await machine(t, `127.0.0.1:${address.port}`, IMPATIENT);
    const start = performance.now();
    await build();
    assert.ok(performance.now() - start < 5000, "it is given up after its 0.3 s");
    assert.match(warnings.join("\n"), /^[^\n]*no answer within 0.3 s$/);
  });
});

test("a blob that comes more slowly than it is packed is given up", async (t) => {
  const registry = await registryWith(t);
  const layers = await fill(t, registry);
  registry.setFault(({ kind }) => (kind === "blob" ? { bytesPerSecond: 20_000 } : undefined));
  const { build, warnings } = await machine(t, registry.host, IMPATIENT);
  assert.deepEqual(await build(), withSource(layers, "packed"));
  assert.match(warnings.join("\n"), /^[^\n]*packing a layer takes less time than getting it from there$/);
});

test("a layer under the tag of another one is found out", async (t) => {
  const registry = await registryWith(t);
  const layers = await fill(t, registry);
  const [wanted, other] = await entries(t);
  const { annotations, ...rest } = JSON.parse(other!.entry.toString());
  const { diffId } = wanted!.layer;
  const bytes = Buffer.from(
    JSON.stringify({ ...rest, annotations: { ...annotations, [CACHE_ANNOTATION.diffId]: diffId } }),
  );
  registry.putManifest("team/cache", { mediaType: MEDIA.ociManifest, bytes }, cacheTag(diffId));
  const { build, warnings } = await machine(t, registry.host);
  const built = await build();
  assert.equal(built[0]!.source, "packed");
  assert.deepEqual(withSource(built, "packed"), withSource(layers, "packed"));
  assert.match(warnings.join("\n"), new RegExp(`^[^\n]*${cacheTag(diffId)} is not packed as layers are packed here$`));
});

test("what is stopped tells nothing and packs nothing", async (t) => {
  const registry = await registryWith(t);
  await fill(t, registry);
  const stop = new AbortController();
  registry.setFault(({ kind }) => {
    if (kind === "blob") stop.abort();
    return undefined;
  });
  const network = { userAgent: "aircrate/test", signal: stop.signal };
  const { build, warnings } = await machine(t, registry.host, { network });
  await assert.rejects(build(), { name: "AbortError" });
  assert.deepEqual(warnings, []);
});

test("credentials go to the registry of the cache, for its repository", async (t) => {
  const registry = await registryWith(t, { auth: { mode: "basic", username: "me", password: "secret" } });
  const layers = await fill(t, registry);
  const asked: string[] = [];
  const findCredentials: LayerCacheOptions["findCredentials"] = async (host, repository) => {
    asked.push(`${host}/${repository}`);
    return { user: "me", password: "secret" };
  };
  const { build } = await machine(t, registry.host, { findCredentials });
  assert.deepEqual(await build(), withSource(layers, "cache"));
  assert.deepEqual([...new Set(asked)], [`${registry.host}/team/cache`]);
});
