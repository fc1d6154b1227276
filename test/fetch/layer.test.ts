import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { digestOf, hex } from "../../lib/digest.ts";
import { downloadBlob } from "../../lib/fetch/download.ts";
import { type FetchOptions, fetchLayer } from "../../lib/fetch/layer.ts";
import { parseReference } from "../../lib/reference.ts";
import type { RegistrySource } from "../../lib/registry/client.ts";
import { blobFile, recordFile, type Store } from "../../lib/store/layout.ts";
import { claimPartial } from "../../lib/store/partial.ts";
import type { Descriptor } from "../../spec/oci.ts";
import type { EmbeddedRegistry, Fault, FaultHook } from "../support/embedded-registry.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { TYPES } from "../support/image-content.ts";
import { poolFor } from "../support/pool.ts";
import { clientWith, registryWith } from "../support/registries.ts";
import { noise } from "../support/seeded.ts";
import { storeFiles, tempStore } from "../support/store.ts";
import { tarOf } from "../support/ustar.ts";

const TAR = tarOf([{ path: "noise", data: noise(1, 3_000_000) }]);
const BLOB = gzipSync(TAR, { level: 1 });
const SIZE = BLOB.length;
const LAYER: Descriptor = { mediaType: TYPES.oci.layer, digest: digestOf(BLOB), size: SIZE };

interface Setting {
  readonly store: Store;
  readonly registry: EmbeddedRegistry;
  /** The numbers that were told: where downloads began, and bytes that arrived. */
  readonly starts: number[];
  arrived: number;
  run(options?: Partial<FetchOptions>): ReturnType<typeof fetchLayer>;
}

async function setting(t: TestContext, fault?: FaultHook, bytes = BLOB): Promise<Setting> {
  const store = await tempStore(t);
  const registry = await registryWith(t);
  registry.putBlob("app", bytes, LAYER.digest);
  registry.setFault((request) => (request.kind === "blob" ? fault?.(request) : undefined));
  const pool = poolFor(t, { threads: 1 });
  const it: Setting = {
    ...{ store, registry, starts: [], arrived: 0 },
    run: (options) =>
      fetchLayer(store, pool, LAYER, {
        where: "app:1",
        diffId: digestOf(TAR),
        maxPlainSize: 1e9,
        sources: [sourceOf(t, registry)],
        pauses: [1, 1, 1],
        onStart: (from) => it.starts.push(from),
        onBytes: (size) => {
          it.arrived += size;
        },
        ...options,
      }),
  };
  return it;
}

function sourceOf(t: TestContext, registry: EmbeddedRegistry): RegistrySource {
  return clientWith(t).sources(parseReference(`${registry.host}/app:1`))[0]!;
}

/** Requests for the blob: where each began, its answer and the bytes of it that were sent. */
function answers(registry: EmbeddedRegistry): [from: number, status: number | undefined, sent: number][] {
  return registry.requests
    .filter(({ kind }) => kind === "blob")
    .map(({ range, status, sent }) => [Number(/\d+/.exec(range ?? "0")), status, sent]);
}

async function assertFetched(it: Setting, options?: Partial<FetchOptions>): Promise<void> {
  const layer = await it.run(options);
  assert.deepEqual([layer.digest, layer.diffId, layer.plainSize], [LAYER.digest, digestOf(TAR), TAR.length]);
  assert.equal(Buffer.compare(readFileSync(blobFile(it.store, layer.digest)), BLOB), 0);
  assert.deepEqual(partials(it.store), []);
}

function partials(store: Store): string[] {
  return storeFiles(store).filter((file) => file.startsWith("aircrate/partial/") || file.startsWith("aircrate/tmp/"));
}

/** The answer went on from what the cut one left; a break may take bytes with it that were on their way. */
function assertJoined(answer: ReturnType<typeof answers>[number] | undefined, cutAfter: number): void {
  const [from] = answer ?? [0];
  assert.ok(from > 0 && from <= cutAfter, `${from}`);
  assert.deepEqual(answer, [from, 206, SIZE - from]);
}

const ILL: Fault = { answer: { status: 503, body: "ill" } };

function first(fault: Fault, times = 1): FaultHook {
  return ({ attempt }) => (attempt <= times ? fault : undefined);
}

test("one answer, when nothing goes wrong", async (t) => {
  const it = await setting(t);
  await assertFetched(it);
  assert.deepEqual(answers(it.registry), [[0, 200, SIZE]]);
  assert.deepEqual([it.starts, it.arrived], [[0], SIZE]);
});

describe("a download that breaks goes on from what is there, and nothing is sent twice", () => {
  for (const [name, fault] of [
    ["cut", { cutAfter: 1_000_000 }],
    ["cut, without a length", { cutAfter: 1_000_000, contentLength: null }],
    ["reset", { cutAfter: 1_000_000, reset: true }],
  ] as const) {
    test(name, async (t) => {
      const it = await setting(t, first(fault));
      await assertFetched(it);
      const [one, two, ...more] = answers(it.registry);
      assert.deepEqual(more, []);
      assert.equal(one![1], 200);
      assertJoined(two, 1_000_000);
      assert.deepEqual([it.starts, it.arrived], [[0], SIZE]);
    });
  }
  test("many times, as long as there is progress", async (t) => {
    const it = await setting(t, () => ({ cutAfter: 200_000 }));
    await assertFetched(it, { pauses: [1] });
    assert.ok(answers(it.registry).length >= Math.ceil(SIZE / 200_000));
    assert.deepEqual([it.starts, it.arrived], [[0], SIZE]);
  });
  test("an answer that ends early, in order", async (t) => {
    const body = BLOB.subarray(0, 500_000);
    const it = await setting(t, first({ answer: { status: 200, body }, contentLength: null }));
    await assertFetched(it);
    assert.deepEqual(answers(it.registry).at(-1), [500_000, 206, SIZE - 500_000]);
  });
  test("a server that falls ill in the middle", async (t) => {
    const it = await setting(t, ({ attempt }) =>
      attempt === 1 ? { cutAfter: 1_000_000 } : attempt < 4 ? ILL : undefined,
    );
    await assertFetched(it);
    assertJoined(answers(it.registry).at(-1), 1_000_000);
  });
  test("one that fell silent and was given up by the transport", async (t) => {
    const it = await setting(t);
    const real = sourceOf(t, it.registry);
    let calls = 0;
    const source: RegistrySource = {
      ...real,
      async get(path, options) {
        const answer = await real.get(path, options);
        calls += 1;
        if (calls > 1) return answer;
        const silent = Object.assign(new Error("silent"), { code: "UND_ERR_BODY_TIMEOUT" });
        setTimeout(() => (answer.body as unknown as Readable).destroy(silent), 200);
        return answer;
      },
    };
    it.registry.setFault((request) => (request.kind === "blob" ? first({ stallAfter: 700_000 })(request) : undefined));
    await assertFetched(it, { sources: [source] });
    assert.deepEqual(answers(it.registry)[1], [700_000, 206, SIZE - 700_000]);
  });
});

describe("a server that cannot go on where it stopped", () => {
  const from = 400_000;
  const cut = { cutAfter: from };
  for (const [name, second] of [
    ["ignores Range", { ignoreRange: true }],
    ["answers 416", { answer: { status: 416, body: "no" } }],
    ["sends another part", { headers: { "content-range": `bytes 5-${SIZE - 1}/${SIZE}` } }],
    [
      "sends it all as a part",
      { answer: { status: 206, headers: { "content-range": `bytes 0-${SIZE - 1}/${SIZE}` }, body: BLOB } },
    ],
    ["does not say which part", { headers: { "content-range": null } }],
    ["says nonsense", { headers: { "content-range": "bytes -1-x/y" } }],
  ] as const) {
    test(name, async (t) => {
      const it = await setting(t, ({ attempt }) => (attempt === 1 ? cut : attempt === 2 ? second : undefined));
      await assertFetched(it);
      assert.deepEqual(it.starts, [0, 0]);
      assert.ok(it.arrived > SIZE && it.arrived <= from + SIZE);
    });
  }
  test("never, and always breaks at the same place", async (t) => {
    const it = await setting(t, () => ({ ...cut, ignoreRange: true }));
    await rejectsWith(it.run(), "unreachable", /connection was cut/);
    assert.equal(answers(it.registry).length, 4, "one more than pauses");
  });
  test("and answers 416 to everything but the first half", async (t) => {
    const it = await setting(t, ({ range }) => (range ? { answer: { status: 416, body: "" } } : cut));
    await rejectsWith(it.run(), "unreachable", /connection was cut/);
    assert.ok(answers(it.registry).length < 10);
  });
});

describe("wrong bytes", () => {
  test("behind the place where it broke: fetched once more, as a whole", async (t) => {
    const it = await setting(t, ({ attempt }) =>
      attempt === 1 ? { cutAfter: 1_000_000 } : attempt === 2 ? { corruptAt: 5 } : undefined,
    );
    await assertFetched(it);
    assert.deepEqual(answers(it.registry)[2], [0, 200, SIZE]);
    assert.deepEqual(it.starts, [0, 0]);
  });
  test("once more is not for ever", async (t) => {
    const it = await setting(t, ({ range }) => (range ? { corruptAt: 5 } : { cutAfter: 1_000_000 }));
    await rejectsWith(it.run(), "integrity", /digest that names it/);
    assert.equal(answers(it.registry).length, 4);
    assert.deepEqual(partials(it.store), [], "wrong bytes are not kept");
  });
  test("in one answer: not fetched again", async (t) => {
    const it = await setting(t, () => ({ corruptAt: 5 }));
    await rejectsWith(it.run(), "integrity", /digest that names it/);
    assert.equal(answers(it.registry).length, 1);
    assert.deepEqual(partials(it.store), []);
  });
  test("more of them than announced: cut off at once", async (t) => {
    const body = Buffer.concat([BLOB, Buffer.alloc(50_000_000)]);
    const it = await setting(t, () => ({ answer: { status: 200, body }, contentLength: null }));
    await rejectsWith(it.run(), "integrity", /announced size/, /more than/);
    assert.ok(answers(it.registry)[0]![2] < 30_000_000);
    assert.ok(it.arrived <= SIZE);
    assert.deepEqual(partials(it.store), []);
  });
  test("another length announced: none are taken", async (t) => {
    for (const body of [BLOB.subarray(1), Buffer.concat([BLOB, BLOB])]) {
      const it = await setting(t, () => ({ answer: { status: 200, body } }));
      await rejectsWith(it.run(), "integrity", /announced size/, new RegExp(`received ${body.length}`));
      assert.equal(it.arrived, 0);
      assert.equal(answers(it.registry).length, 1);
    }
  });
  test("another length announced for the whole of which a part is sent", async (t) => {
    const it = await setting(t, ({ attempt }) =>
      attempt === 1 ? { cutAfter: 100_000 } : { headers: { "content-range": `bytes 7-200000/${SIZE + 1}` } },
    );
    await rejectsWith(it.run(), "integrity", /announced size/);
    assert.deepEqual(partials(it.store), []);
  });
  test("fewer of them, always, without a length", async (t) => {
    const body = BLOB.subarray(0, 100_000);
    const it = await setting(t, () => ({ answer: { status: 200, body }, contentLength: null }));
    await rejectsWith(it.run(), "integrity", /announced size/, /received 100000/);
    assert.equal(answers(it.registry).length, 4);
    assert.deepEqual(partials(it.store), []);
  });
});

describe("several sources", () => {
  test("the next one goes on where the one before stopped", async (t) => {
    const it = await setting(t, ({ attempt }) => (attempt === 1 ? { cutAfter: 1_000_000 } : ILL));
    const other = await registryWith(t);
    other.putBlob("app", BLOB);
    await assertFetched(it, { sources: [sourceOf(t, it.registry), sourceOf(t, other)] });
    assertJoined(answers(other)[0], 1_000_000);
  });
  test("one that does not have it is asked once", async (t) => {
    const it = await setting(t);
    const other = await registryWith(t);
    await assertFetched(it, { sources: [sourceOf(t, other), sourceOf(t, it.registry)] });
    assert.equal(answers(other).length, 1);
    await rejectsWith((await setting(t)).run({ sources: [sourceOf(t, other)] }), "unreachable", /no such image/);
  });
  for (const [name, fault] of [
    ["wrong bytes", { corruptAt: 7 }],
    ["too many bytes", { answer: { status: 200, body: Buffer.concat([BLOB, BLOB]) }, contentLength: null }],
    ["another length", { answer: { status: 200, body: "{}" } }],
  ] as const) {
    test(`one that sends ${name} does not keep the next one from being right`, async (t) => {
      const it = await setting(t, () => fault);
      const other = await registryWith(t);
      other.putBlob("app", BLOB);
      await assertFetched(it, { sources: [sourceOf(t, it.registry), sourceOf(t, other)] });
      assert.deepEqual(answers(other), [[0, 200, SIZE]]);
    });
  }
});

describe("a later run", () => {
  test("goes on with what the one before left", async (t) => {
    const it = await setting(t, ({ attempt }) => (attempt === 1 ? { cutAfter: 1_500_000 } : ILL));
    await rejectsWith(it.run(), "unreachable", /503/);
    assert.equal(partials(it.store).length, 1);
    it.registry.setFault(undefined);
    it.registry.clearRequests();
    it.starts.length = 0;
    await assertFetched(it);
    const [one, ...more] = answers(it.registry);
    assertJoined(one, 1_500_000);
    assert.deepEqual([it.starts, more], [[one![0]], []]);
  });
  test("only checks what is whole", async (t) => {
    const it = await setting(t);
    writeFileSync((await claimPartial(it.store, LAYER.digest)).file, BLOB);
    abandonAll(it.store);
    await assertFetched(it);
    assert.deepEqual(answers(it.registry), []);
    assert.deepEqual(it.starts, [SIZE]);
  });
  test("fetches once more what is whole and wrong, or too long", async (t) => {
    for (const bytes of [Buffer.alloc(SIZE), Buffer.alloc(SIZE + 1), Buffer.alloc(1000)]) {
      const it = await setting(t);
      writeFileSync((await claimPartial(it.store, LAYER.digest)).file, bytes);
      abandonAll(it.store);
      await assertFetched(it);
      assert.deepEqual(answers(it.registry).at(-1), [0, 200, SIZE]);
    }
  });
});

/** Makes every partial blob nobody's. */
function abandonAll(store: Store): void {
  const folder = recordFile(store, "partial");
  for (const name of readdirSync(folder)) {
    renameSync(join(folder, name), join(folder, `${hex(LAYER.digest)}.0123456789ab`));
  }
}

test("two that fetch the same at once do not write to one file", async (t) => {
  const it = await setting(t, () => ({ bytesPerSecond: 20_000_000 }));
  const [one, two] = await Promise.all([it.run(), it.run()]);
  assert.deepEqual(one, two);
  assert.deepEqual(answers(it.registry), [
    [0, 200, SIZE],
    [0, 200, SIZE],
  ]);
  assert.deepEqual(partials(it.store), []);
});

test("an abort ends a pause, and what is there is kept", async (t) => {
  const it = await setting(t, ({ attempt }) => (attempt === 1 ? { cutAfter: 500_000 } : ILL));
  const controller = new AbortController();
  const running = failure(it.run({ signal: controller.signal, pauses: [60_000] }));
  while (it.arrived < 500_000) await new Promise((resolve) => setTimeout(resolve, 5));
  setTimeout(() => controller.abort(), 50);
  const error = await running;
  assert.equal((error as Error).name, "AbortError");
  assert.equal(partials(it.store).length, 1);
});

test("a disk that is full is the store's fault, and no reason to ask again", async (t) => {
  const it = await setting(t);
  const options = { where: "app:1", file: "/dev/full", pauses: [1, 1, 1] };
  const running = downloadBlob(it.store, [sourceOf(t, it.registry)], LAYER, options);
  await rejectsWith(running, "unreachable", /store cannot be written to/, /ENOSPC/);
  assert.equal(answers(it.registry).length, 1);
});
