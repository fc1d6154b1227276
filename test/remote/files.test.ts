import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import type { Fault } from "../../lib/error.ts";
import type { BuildEvent } from "../../lib/events.ts";
import { createRemoteFiles, type RemoteFiles, type RemoteOptions } from "../../lib/remote/files.ts";
import { blobFile, recordFile, type Store } from "../../lib/store/layout.ts";
import { listStore } from "../../lib/store/list.ts";
import { pruneStore } from "../../lib/store/prune.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import { openLayout } from "../../lib/vendor/layout.ts";
import { type Answer, serverFor } from "../http/servers.ts";
import { age, DAY } from "../store/filled.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { blobPath, layoutFiles, writeLayout } from "../support/image-layout.ts";
import { poolFor } from "../support/pool.ts";
import { noise } from "../support/seeded.ts";
import { assertEmpty, storeFiles, tempStore } from "../support/store.ts";

const CONTENT = noise(1, 300_000);
const CHECKSUM = digestOf(CONTENT);
const WHERE = "Dockerfile:7";
const ASKED = { checksum: CHECKSUM, where: WHERE };

function remote(t: TestContext, store: Store, options: Partial<RemoteOptions> = {}): RemoteFiles {
  const retry = { firstWait: 5, tries: 3 };
  const files = createRemoteFiles(store, poolFor(t, { threads: 1 }), { userAgent: "aircrate/test", retry, ...options });
  onCleanup(t, () => files.close());
  return files;
}

function blobsOf(store: Store): string[] {
  return storeFiles(store).filter((file) => file.startsWith("blobs/"));
}

test("a file is fetched once, and found without network from then on", async (t) => {
  const store = await tempStore(t);
  const headers = { "content-length": String(CONTENT.length) };
  const server = await serverFor(t, { "/a/app.bin?x=1": { body: CONTENT, headers } });
  const events: BuildEvent[] = [];
  const first = remote(t, store, { onEvent: (event) => events.push(event) });
  const url = `${server.origin}/a/app.bin?x=1`;
  const [one, two] = await Promise.all([first.fetch(url, ASKED), first.fetch(`${server.origin}/other`, ASKED)]);
  assert.deepEqual(one, { file: blobFile(store, CHECKSUM), size: CONTENT.length, name: "app.bin" });
  assert.deepEqual(two, { ...one, name: "other" });
  assert.ok(readFileSync(one.file).equals(CONTENT));
  assert.equal(server.requests.length, 1);
  const sent = server.requests[0]!.headers;
  assert.deepEqual([sent.authorization, sent["accept-encoding"]], [undefined, "identity"]);
  const layer = CHECKSUM;
  const reference = `${server.origin}/a/app.bin`;
  assert.deepEqual(events.at(0), { kind: "pull-start", reference, layer, size: CONTENT.length, from: 0 });
  assert.deepEqual(events.at(-1), { kind: "pull-end", reference, layer, size: CONTENT.length, stored: CHECKSUM });

  assert.deepEqual(await remote(t, store, { offline: true }).fetch("https://none.invalid/x", ASKED), {
    ...one,
    name: "x",
  });
});

test("redirects are followed, also to another server", async (t) => {
  const store = await tempStore(t);
  const other = await serverFor(t, { "/real?signed=s3cret": { body: CONTENT } });
  const server = await serverFor(t, {
    "/app": { status: 302, headers: { location: `${other.origin}/real?signed=s3cret` } },
  });
  const { name, size } = await remote(t, store).fetch(`${server.origin}/app`, ASKED);
  assert.deepEqual([name, size], ["app", CONTENT.length]);
});

test("what breaks off is fetched again", async (t) => {
  const store = await tempStore(t);
  const cut: Answer = { body: CONTENT.subarray(0, 100_000), cut: true };
  const server = await serverFor(t, { "/app": [cut, { status: 503 }, { body: CONTENT }] });
  const { size } = await remote(t, store).fetch(`${server.origin}/app`, ASKED);
  assert.deepEqual([size, server.requests.length], [CONTENT.length, 3]);
  assert.equal(storeFiles(store).length, 2);
});

describe("what fails leaves nothing behind, and tells no secret", () => {
  const other = noise(2, 1000);
  const table: readonly (readonly [name: string, answer: Answer, fault: Fault, text: RegExp, options?: object])[] = [
    ["another file", { body: other }, "integrity", new RegExp(`wanted ${CHECKSUM}\nreceived ${digestOf(other)}`)],
    ["a file cut short", { body: CONTENT.subarray(0, 1000) }, "integrity", /received/],
    ["no file", { status: 404, body: "s3cret" }, "unreachable", /does not have a file/],
    ["forbidden", { status: 403 }, "forbidden", /no credentials are sent/],
    ["asked to log in", { status: 401 }, "forbidden", /answers 401/],
    ["a server that fails", { status: 500 }, "unreachable", /answers 500\ntried 3 times/],
    ["a part", { status: 206, body: CONTENT }, "unreachable", /answers 206/],
    ["always cut", { body: CONTENT.subarray(0, 1000), cut: true }, "unreachable", /tried 3 times/],
    [
      "too large as announced",
      { body: CONTENT, headers: { "content-length": "300000" } },
      "integrity",
      /more than 1000 bytes/,
      { maxSize: 1000 },
    ],
    ["too large", { body: CONTENT }, "integrity", /more than 1000 bytes/, { maxSize: 1000 }],
    ["silence", { silent: true }, "unreachable", /no answer within/, { timeout: 100, retry: { tries: 1 } }],
  ];
  for (const [name, answer, fault, text, options = {}] of table) {
    test(name, async (t) => {
      const store = await tempStore(t);
      const server = await serverFor(t, { "/app?s3cret": answer });
      const files = remote(t, store, options);
      const error = await rejectsWith(files.fetch(`${server.origin}/app?s3cret`, ASKED), fault, text);
      assert.equal(error.where, WHERE);
      assert.ok(!allText(error).includes("s3cret"), allText(error));
      assertEmpty(store);
    });
  }

  test("nobody listens, and another address has it", async (t) => {
    const store = await tempStore(t);
    const server = await serverFor(t, { "/app": { body: CONTENT } });
    const files = remote(t, store);
    await assert.rejects(files.fetch("http://127.0.0.1:1/app", ASKED), { fault: "unreachable" });
    assert.equal((await files.fetch(`${server.origin}/app`, ASKED)).size, CONTENT.length);
  });

  test("several who wait for one file do not fail with the address of the first", async (t) => {
    const store = await tempStore(t);
    const server = await serverFor(t, { "/app": { body: CONTENT } });
    const files = remote(t, store);
    const wrong = files.fetch(`${server.origin}/none`, ASKED);
    const [one, two] = await Promise.allSettled([wrong, files.fetch(`${server.origin}/app`, ASKED)]);
    assert.deepEqual([one.status, two.status], ["rejected", "fulfilled"]);
    await rejectsWith(wrong, "unreachable", /does not have a file/);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ["/none", "/app"],
    );
  });

  test("offline", async (t) => {
    const store = await tempStore(t);
    const server = await serverFor(t, { "/app": { body: CONTENT } });
    const error = await rejectsWith(
      remote(t, store, { offline: true }).fetch(`${server.origin}/app?s3cret`, ASKED),
      "refused",
    );
    assert.deepEqual(error.reason, [`the store lacks ${CHECKSUM}, ${server.origin}/app`]);
    assert.equal(server.requests.length, 0);
  });
});

describe("an image layout that has files among its blobs", () => {
  async function vendorWith(t: TestContext, bytes?: Buffer) {
    const blobs = bytes === undefined ? [] : [[blobPath(CHECKSUM), bytes] as const];
    const file = writeLayout(join(tempDir(t), "bases.tar"), new Map([...layoutFiles([]), ...blobs]));
    const vendor = await openLayout(file);
    onCleanup(t, () => vendor.close());
    return { file, vendor };
  }
  const spoilt = Buffer.from(CONTENT);
  spoilt[7]! ^= 1;

  test("comes before the server, and what it has is in the store from then on", async (t) => {
    const store = await tempStore(t);
    const server = await serverFor(t, {});
    const { vendor } = await vendorWith(t, CONTENT);
    const { file } = await remote(t, store, { vendor }).fetch(`${server.origin}/app`, ASKED);
    assert.ok(readFileSync(file).equals(CONTENT));
    await remote(t, store, { offline: true }).fetch(`${server.origin}/app`, ASKED);
    const other = await tempStore(t);
    await remote(t, other, { vendor, offline: true }).fetch("https://none.invalid/app", ASKED);
    assert.equal(storeFiles(other).length, 2, "the blob and its record");
    assert.equal(server.requests.length, 0);
  });

  test("without the file, or with other bytes: the server is asked", async (t) => {
    const server = await serverFor(t, { "/app": { body: CONTENT } });
    for (const [bytes, passed] of [
      [undefined, 0],
      [spoilt, 1],
      [CONTENT.subarray(1), 1],
    ] as const) {
      const { vendor, file } = await vendorWith(t, bytes);
      const events: BuildEvent[] = [];
      const files = remote(t, await tempStore(t), { vendor, onEvent: (event) => events.push(event) });
      assert.ok(readFileSync((await files.fetch(`${server.origin}/app`, ASKED)).file).equals(CONTENT));
      const hosts = events.flatMap((event) => (event.kind === "pass-over" ? event.host : []));
      assert.deepEqual(hosts, Array(passed).fill(file));
    }
    assert.equal(server.requests.length, 3);
  });

  test("offline it is told what is missing, and what is wrong", async (t) => {
    const store = await tempStore(t);
    const { vendor: without, file } = await vendorWith(t);
    const absent = remote(t, store, { vendor: without, offline: true }).fetch("https://none.invalid/app?s3cret", ASKED);
    const error = await rejectsWith(absent, "refused", /aircrate vendor/);
    assert.deepEqual(error.reason, [`the store and ${file} lack ${CHECKSUM}, https://none.invalid/app`]);
    const { vendor, file: damaged } = await vendorWith(t, spoilt);
    const wrong = remote(t, store, { vendor, offline: true }).fetch("https://none.invalid/app", ASKED);
    await rejectsWith(
      wrong,
      "integrity",
      new RegExp(`received ${digestOf(spoilt)}\nfrom ${damaged}`),
      /aircrate vendor/,
    );
    const large = remote(t, store, { vendor, offline: true, maxSize: 1000 }).fetch("https://none.invalid/app", ASKED);
    await rejectsWith(large, "integrity", /gives more than 1000 bytes/);
    assertEmpty(store);
  });
});

test("a file that was damaged in the store is set aside and fetched again", async (t) => {
  const store = await tempStore(t);
  const server = await serverFor(t, { "/app": { body: CONTENT } });
  await remote(t, store).fetch(`${server.origin}/app`, ASKED);
  const spoilt = Buffer.from(CONTENT);
  spoilt[7]! ^= 1;
  writeFileSync(blobFile(store, CHECKSUM), spoilt);
  const { file } = await remote(t, store).fetch(`${server.origin}/app`, ASKED);
  assert.ok(readFileSync(file).equals(CONTENT));
  assert.equal(server.requests.length, 2);
  writeFileSync(blobFile(store, CHECKSUM), spoilt);
  await assert.rejects(remote(t, store, { offline: true }).fetch(`${server.origin}/app`, ASKED), { fault: "refused" });
});

test("the store lists, verifies and prunes it by its last use", async (t) => {
  const store = await tempStore(t);
  const server = await serverFor(t, { "/app": { body: CONTENT } });
  await remote(t, store).fetch(`${server.origin}/app`, ASKED);
  assert.deepEqual((await listStore(store)).files, { count: 1, size: CONTENT.length });
  assert.deepEqual((await verifyStore(store)).problems, []);
  await pruneStore(store);
  await pruneStore(store, { locked: { references: new Set(), digests: new Set() }, olderThan: DAY });
  assert.equal(blobsOf(store).length, 1);
  age([blobFile(store, CHECKSUM)], 3 * DAY);
  await pruneStore(store, { olderThan: 4 * DAY });
  assert.equal(blobsOf(store).length, 1);
  // Found is used.
  await remote(t, store, { offline: true }).fetch(`${server.origin}/app`, ASKED);
  await pruneStore(store, { olderThan: 2 * DAY });
  assert.equal(blobsOf(store).length, 1);
  age([blobFile(store, CHECKSUM)], 3 * DAY);
  await pruneStore(store, { olderThan: 2 * DAY });
  assertEmpty(store);
});

test("verifying removes a record that is not true, and counts one without blob", async (t) => {
  const store = await tempStore(t);
  const server = await serverFor(t, { "/app": { body: CONTENT } });
  await remote(t, store).fetch(`${server.origin}/app`, ASKED);
  const record = recordFile(store, "files", `${CHECKSUM.slice(7)}.json`);
  writeFileSync(record, JSON.stringify({ version: 1, digest: CHECKSUM, size: 7 }));
  const { problems } = await verifyStore(store);
  assert.deepEqual(
    problems.map(({ message }) => message),
    [`does not fit the blob ${CHECKSUM}`],
  );
  assert.ok(!existsSync(record));
  writeFileSync(record, JSON.stringify({ version: 1, digest: digestOf("gone"), size: 4 }));
  assert.equal((await verifyStore(store)).problems.length, 1, "it does not stand under its name");
});
