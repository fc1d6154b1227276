import assert from "node:assert/strict";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { recordFile, USE_STEP } from "../../lib/store/layout.ts";
import { inUseSince, readLeases, takeLease } from "../../lib/store/lease.ts";
import { assertEmpty, tempStore } from "../support/store.ts";

test("what the oldest user may need is told while it lives", async (t) => {
  const store = await tempStore(t);
  assert.equal(await inUseSince(store), Number.POSITIVE_INFINITY);
  const before = Date.now();
  const [first, second] = [await takeLease(store), await takeLease(store)];
  const since = await inUseSince(store);
  assert.ok(since >= before - USE_STEP && since <= Date.now() - USE_STEP);
  await first();
  assert.ok((await inUseSince(store)) >= since);
  await second();
  await second();
  assert.equal(await inUseSince(store), Number.POSITIVE_INFINITY);
  assertEmpty(store);
});

test("a lease that nobody renews any more, or that is damaged, does not count", async (t) => {
  const store = await tempStore(t);
  const giveBack = await takeLease(store);
  const folder = recordFile(store, "leases");
  const [name] = readdirSync(folder);
  const late = new Date(Date.now() - 10 * 60_000);
  utimesSync(join(folder, name!), late, late);
  writeFileSync(join(folder, "damaged.json"), "{");
  assert.equal(await inUseSince(store), Number.POSITIVE_INFINITY);
  assert.deepEqual(
    (await readLeases(store)).map(({ live }) => live),
    [false, false],
  );
  await giveBack();
});

test("a store that cannot be written to is used without", async (t) => {
  const store = await tempStore(t);
  writeFileSync(recordFile(store, "leases"), "in the way");
  const giveBack = await takeLease(store);
  assert.equal(await inUseSince(store), Number.POSITIVE_INFINITY);
  await giveBack();
});
