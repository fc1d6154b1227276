import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { hex } from "../../lib/digest.ts";
import { PACKING } from "../../lib/gzip/deflate.ts";
import { blobFile, hasBlob, recordFile, type Store } from "../../lib/store/layout.ts";
import { listStore } from "../../lib/store/list.ts";
import { findPackedLayer, findPulledLayer } from "../../lib/store/records.ts";
import { findStore } from "../../lib/store/survey.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import { decode } from "../../spec/decode.ts";
import { StoreListing, StoreVerification } from "../../spec/store-reports.ts";
import { tempDir } from "../support/cleanup.ts";
import { storeFiles } from "../support/store.ts";
import { flip } from "../verify/sample-archive.ts";
import { age, DAY, filledStore } from "./filled.ts";

async function verified(store: Store): Promise<StoreVerification> {
  return decode(StoreVerification, await verifyStore(store));
}

test("a store that is right", async (t) => {
  const { store } = await filledStore(t);
  const before = storeFiles(store);
  const { blobs } = await listStore(store);
  const { checked, problems, ...rest } = await verified(store);
  assert.deepEqual(problems, []);
  assert.equal(rest.void, 0);
  assert.deepEqual(checked, { blobs, layers: 4, references: 2 });
  assert.deepEqual(storeFiles(store), before);
  assert.deepEqual((await verified(await findStore(join(tempDir(t), "none")))).problems, []);
});

/** Spoils a store; verifying finds what is expected, makes it harmless, and finds nothing then. */
async function finds(t: TestContext, spoil: (filled: Awaited<ReturnType<typeof filledStore>>) => [RegExp, RegExp][]) {
  const filled = await filledStore(t);
  const expected = spoil(filled);
  const { problems } = await verified(filled.store);
  const text = problems.map(({ where, message }) => `${where}: ${message}`).join("\n");
  assert.equal(problems.length, expected.length, text);
  for (const [where, message] of expected) {
    assert.ok(
      problems.some((problem) => where.test(problem.where) && message.test(problem.message)),
      `${where} ${message}\n${text}`,
    );
  }
  assert.deepEqual((await verified(filled.store)).problems, []);
  return filled;
}

test("a flipped bit in a layer, large or small, and one byte too many or too few", async (t) => {
  for (const damage of [
    (bytes: Buffer) => flip(bytes, 20),
    (bytes: Buffer) => flip(bytes, bytes.length - 1),
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)]),
    (bytes: Buffer) => bytes.subarray(0, -1),
    () => Buffer.alloc(0),
  ]) {
    const { store, shared, packed } = await finds(t, ({ store, shared, packed }) =>
      [shared, packed].map(({ digest }) => {
        writeFileSync(blobFile(store, digest), damage(readFileSync(blobFile(store, digest))));
        return [new RegExp(digest), /is damaged: its bytes have the digest sha256:/];
      }),
    );
    assert.equal(await findPulledLayer(store, shared.digest), undefined);
    assert.equal(await hasBlob(store, packed), false);
    for (const { digest } of [shared, packed]) {
      assert.ok(storeFiles(store).includes(`aircrate/quarantine/${hex(digest)}`));
    }
    assert.equal((await verified(store)).void, 2);
    const listing = decode(StoreListing, await listStore(store));
    assert.deepEqual(
      listing.references.map(({ complete }) => complete),
      [false, false],
    );
    assert.equal(listing.quarantine.count, 2);
  }
});

test("a damaged or missing config makes its reference void", async (t) => {
  for (const damaged of [true, false]) {
    const { store, two } = await finds(t, ({ store, config }) => {
      const reference: [RegExp, RegExp] = [
        /one:1 \(linux\/arm64\)/,
        /its config sha256:[0-9a-f]{64} is not in the store/,
      ];
      if (!damaged) {
        rmSync(blobFile(store, config));
        return [reference];
      }
      writeFileSync(blobFile(store, config), "{}");
      return [reference, [new RegExp(config), /is damaged/]];
    });
    assert.deepEqual(
      (await listStore(store)).references.map(({ reference }) => reference),
      [two],
    );
    const { manifests } = JSON.parse(readFileSync(join(store.root, "index.json"), "utf8"));
    assert.equal(manifests.length, 1);
  }
});

test("records that do not fit their blob, or are none", async (t) => {
  const { store, packed } = await finds(t, ({ store, packed }) => {
    const file = recordFile(store, `packed-${PACKING.name}`, `${hex(packed.diffId)}.json`);
    writeFileSync(file, JSON.stringify({ ...packed, crc: (packed.crc ^ 1) >>> 0 }));
    writeFileSync(recordFile(store, "layers", `${"0".repeat(64)}.json`), "{");
    writeFileSync(recordFile(store, "references", `${"0".repeat(64)}.json`), "[]");
    return [
      [/^aircrate\/packed-/, /does not fit the blob/],
      [/^aircrate\/layers\/0{64}\.json/, /is no record/],
      [/^aircrate\/references\/0{64}\.json/, /is no record/],
    ];
  });
  assert.equal(await findPackedLayer(store, PACKING.name, packed.diffId), undefined);
  assert.equal(await hasBlob(store, packed), true, "the blob itself is right");
});

test("a record under a name that is not its own", async (t) => {
  await finds(t, ({ store }) => {
    const [first, second] = storeFiles(store).filter((file) => file.startsWith("aircrate/references/"));
    writeFileSync(join(store.root, first!), readFileSync(join(store.root, second!)));
    return [[new RegExp(first!), /is no record/]];
  });
});

test("the documents for other tools", async (t) => {
  const { store } = await finds(t, ({ store }) => {
    writeFileSync(join(store.root, "oci-layout"), '{"imageLayoutVersion":"9"}');
    writeFileSync(join(store.root, "index.json"), '{"schemaVersion":2,"manifests":[]}');
    return [
      [/^oci-layout$/, /imageLayoutVersion/],
      [/^index\.json$/, /does not list .*one:1, .*two:1|does not list .*two:1, .*one:1/],
    ];
  });
  assert.equal(JSON.parse(readFileSync(join(store.root, "index.json"), "utf8")).manifests.length, 2);
  await finds(t, ({ store }) => {
    rmSync(join(store.root, "oci-layout"));
    writeFileSync(join(store.root, "index.json"), "{");
    return [
      [/^oci-layout$/, /ENOENT/],
      [/^index\.json$/, /is not JSON/],
    ];
  });
});

test("listing and verifying are no use", async (t) => {
  const { store, packed } = await filledStore(t);
  age([blobFile(store, packed.digest)], 5 * DAY);
  const { references } = await listStore(store);
  for (const { manifest } of references) age([blobFile(store, manifest)], 5 * DAY);
  const before = (await listStore(store)).references;
  await verified(store);
  assert.deepEqual((await listStore(store)).references, before);
  assert.ok(before.every(({ used }) => Date.now() - Date.parse(used) > 4 * DAY));
});
