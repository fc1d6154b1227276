import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import { PACKING } from "../../lib/gzip/deflate.ts";
import { recordPackedBlocks } from "../../lib/store/records.ts";
import { errorAnswer } from "../support/embedded-registry/answer.ts";
import type { EmbeddedRegistry, FaultHook } from "../support/embedded-registry.ts";
import { registryWith } from "../support/registries.ts";
import { machine, openTransfers, placed, stopPacking } from "./machine.ts";

after(stopPacking);

/** What changed something. */
function written({ requests }: EmbeddedRegistry): string[] {
  return requests.filter(({ method }) => method === "PUT").map(({ kind }) => kind);
}

test("what one machine pushes another one takes", async (t) => {
  const registry = await registryWith(t, { push: {} });
  const first = await machine(t, registry.host);
  const layers = await first.build();
  await first.cache.push(placed(layers));
  assert.deepEqual(first.warnings, []);
  const pushedSize = layers.reduce((sum, { size }) => sum + size, 0);
  assert.deepEqual(first.cache.counts(), { asked: 2, taken: 0, pushed: 2, pushedSize });
  assert.deepEqual(written(registry).sort(), ["manifest", "manifest", "upload", "upload", "upload"]);
  const repository = `${registry.host}/team/cache`;
  for (const { digest: layer, size } of layers) {
    const told = first.events.filter((event) => "layer" in event && event.layer === layer);
    assert.deepEqual(told[0], { kind: "push-start", reference: repository, layer, size, from: 0 });
    assert.deepEqual(told.at(-1), { kind: "push-end", reference: repository, layer, size });
  }

  const second = await machine(t, registry.host);
  assert.deepEqual(
    await second.build(),
    layers.map((layer) => ({ ...layer, source: "cache" })),
  );
  registry.clearRequests();
  await second.cache.push(placed(layers));
  assert.deepEqual(written(registry), [], "what is there is not sent");
});

test("a blob that is there without its entry gets that alone", async (t) => {
  const registry = await registryWith(t, { push: {} });
  const { build, cache } = await machine(t, registry.host);
  const layers = placed(await build());
  await cache.push(layers.slice(0, 1));
  const lost: FaultHook = ({ kind, method }) =>
    kind === "manifest" && method === "HEAD" ? { answer: errorAnswer(404, "MANIFEST_UNKNOWN", "lost") } : undefined;
  registry.setFault(lost);
  registry.clearRequests();
  await cache.push(layers.slice(0, 1));
  assert.deepEqual(written(registry), ["manifest"]);
});

test("a layer is not pushed when its blocks are not known any more", async (t) => {
  const registry = await registryWith(t, { push: {} });
  const { build, cache, store, warnings } = await machine(t, registry.host);
  const layers = placed(await build());
  const { place } = layers[0]!;
  await recordPackedBlocks(store, PACKING.name, { version: 1, place, digest: digestOf("other"), blocks: [] });
  await cache.push(layers);
  assert.deepEqual(warnings, []);
  assert.equal(cache.counts().pushed, 1);
});

test("nothing is pushed to a cache that was left alone", async (t) => {
  const registry = await registryWith(t, { push: {} });
  const { build, cache, warnings } = await machine(t, registry.host);
  registry.setFault(() => ({ answer: { status: 500 } }));
  const layers = placed(await build());
  registry.setFault(undefined);
  await cache.push(layers);
  assert.deepEqual(written(registry), []);
  assert.equal(warnings.length, 1);
});

const FAULTS: readonly (readonly [name: string, told: RegExp, fault: FaultHook])[] = [
  ["it takes no pushes", /takes no pushes/, ({ kind }) => upload(kind, errorAnswer(405, "UNSUPPORTED", "no"))],
  ["it refuses", /does not allow it: .*answers 403/, ({ kind }) => upload(kind, errorAnswer(403, "DENIED", "no"))],
  ["it has no room", /no room/, ({ kind }) => upload(kind, { status: 507 })],
  [
    "it says nothing when it is asked what is there",
    /no answer within/,
    ({ kind, method }) => (kind === "manifest" && method === "HEAD" ? { stallAfter: "request" } : undefined),
  ],
];

function upload(kind: string, answer: ReturnType<typeof errorAnswer>) {
  return kind === "upload" ? { answer } : undefined;
}

describe("a cache that cannot be pushed to is told of once", () => {
  for (const [name, told, fault] of FAULTS) {
    test(name, async (t) => {
      const registry = await registryWith(t, { push: {} });
      const { build, cache, warnings, events } = await machine(t, registry.host, { answerMs: 2000 });
      const layers = placed(await build());
      registry.setFault(fault);
      await cache.push(layers);
      assert.equal(warnings.length, 1, warnings.join("\n"));
      assert.match(warnings[0]!, /^the layer cache [^ ]+ was left alone: /);
      assert.match(warnings[0]!, told);
      assert.equal(cache.counts().pushed, 0);
      assert.deepEqual(openTransfers(events), []);
    });
  }
});
