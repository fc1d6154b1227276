import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { Value } from "@sinclair/typebox/value";
import { digestOf } from "../../lib/digest.ts";
import { checkLock, lockDifferences, requireLocked } from "../../lib/lock/check.ts";
import { readLock } from "../../lib/lock/file.ts";
import { type LockOptions, lockProject } from "../../lib/lock/lock.ts";
import { makePlan } from "../../lib/plan/make.ts";
import { blobFile, openStore } from "../../lib/store/layout.ts";
import type { Lock } from "../../spec/lock.ts";
import { LockReport } from "../../spec/lock-report.ts";
import { type Answer, serverFor } from "../http/servers.ts";
import { tempDir } from "../support/cleanup.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { makeImage, makeIndex } from "../support/image-content.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { noise } from "../support/seeded.ts";
import { tarOf } from "../support/ustar.ts";

const [ONE, TWO] = [noise(1, 100_000), noise(2, 1000)];
const [ONE_SUM, TWO_SUM] = [digestOf(ONE), digestOf(TWO)];
const ARM64 = { os: "linux", architecture: "arm64" };
const AMD64 = { os: "linux", architecture: "amd64" };

async function projectFor(t: TestContext, answers: Record<string, Answer>, dockerfile: (origin: string) => string) {
  const server = await serverFor(t, answers);
  const registry = await registryWith(t);
  const image = (platform: typeof ARM64) => ({
    image: makeImage({
      platform,
      layers: [tarOf([{ path: "a" }])],
      config: { Env: [`VERSION=${platform.architecture}`, `SUM=${TWO_SUM}`] },
    }),
    platform,
  });
  registry.addImage("library/base", "1", makeIndex([image(ARM64), image(AMD64)]));
  const dir = tempDir(t);
  const write = (text: (origin: string) => string) =>
    writeFiles(dir, { "aircrate.yml": "images: { app: { context: . } }\n", Dockerfile: text(server.origin) });
  write(dockerfile);
  const store = join(tempDir(t), "store");
  const mirrors = new Map([["docker.io", registry.host]]);
  return {
    ...{ dir, store, server, registry, write },
    async lock(options?: Partial<LockOptions>): Promise<LockReport> {
      const report = await lockProject({ dir, store, registry: { mirrors, retry: { tries: 1 } }, ...options });
      assert.ok(Value.Check(LockReport, report));
      return report;
    },
    read: (): Lock => JSON.parse(readFileSync(join(dir, "aircrate.lock"), "utf8")),
    plan: (simulation = false) => makePlan(dir, { simulation }),
  };
}

const add = (checksum: string, url: string) => `ADD --checksum=${checksum} ${url} /a/\n`;

test("files are locked with size and address; what is known is not fetched again, what is unused goes", async (t) => {
  const scratch = (origin: string) => `FROM scratch\nARG V=one\n${add(ONE_SUM, `${origin}/$V?s=s3cret#part`)}`;
  const project = await projectFor(t, { "/one?s=s3cret": { body: ONE } }, scratch);
  const { dir, store, server, lock, read, write } = project;
  const report = await lock();
  const locked = { platforms: ["linux/arm64"], size: ONE.length, url: `${server.origin}/one?s=s3cret` };
  assert.deepEqual(read(), { version: 1, images: {}, files: { [ONE_SUM]: locked } });
  const shown = { digest: ONE_SUM, url: `${server.origin}/one`, size: ONE.length };
  assert.deepEqual([report.files, report.platforms], [[{ ...shown, change: "added" }], ["linux/arm64"]]);
  assert.ok(readFileSync(blobFile(await openStore(store), ONE_SUM)).equals(ONE));

  // From the store without the lock, and from the lock without the store.
  const bytes = readFileSync(join(dir, "aircrate.lock"));
  rmSync(join(dir, "aircrate.lock"));
  await lock();
  assert.deepEqual(readFileSync(join(dir, "aircrate.lock")), bytes);
  const other = join(tempDir(t), "other");
  const again = await lock({ store: other });
  assert.deepEqual([again.written, again.files], [false, [{ ...shown, change: "kept" }]]);
  await lock({ store: other, update: [] });
  assert.equal(server.requests.length, 1);

  // Another address of the same file is no reason to ask it.
  write((origin) => `FROM scratch\n${add(ONE_SUM, `${origin}/moved`)}`);
  await lock();
  assert.equal(read().files![ONE_SUM]!.url, `${server.origin}/moved`);
  write(() => "FROM scratch\n");
  assert.deepEqual(
    (await lock()).files.map(({ change }) => change),
    ["dropped"],
  );
  assert.deepEqual(read(), { version: 1, images: {} });
  assert.equal(server.requests.length, 1);
});

describe("the environment of the base", () => {
  const dockerfile = (origin: string) => `FROM base:1\n${add("$SUM", `${origin}/$VERSION`)}`;
  const answers = { "/arm64": { body: TWO }, "/amd64": { body: TWO } };

  test("says address and checksum when it is locked, on each platform", async (t) => {
    const { server, registry, lock, read } = await projectFor(t, answers, dockerfile);
    await lock();
    const locked = { platforms: ["linux/arm64"], size: TWO.length, url: `${server.origin}/arm64` };
    assert.deepEqual(read().files, { [TWO_SUM]: locked });
    registry.clearRequests();
    await lock();
    assert.deepEqual(registry.requests, [], "it is in the store");
    const both = { ...locked, platforms: ["linux/amd64", "linux/arm64"], url: `${server.origin}/amd64` };
    await lock({ simulation: true });
    assert.deepEqual(read().files, { [TWO_SUM]: both });
    await lock();
    assert.deepEqual(read().files, { [TWO_SUM]: both }, "whichever platform is asked for");
  });

  test("decides later whether the lock fits", async (t) => {
    const { lock, plan, read } = await projectFor(t, answers, dockerfile);
    await lock();
    const wanted = await plan();
    const without: Lock = { version: 1, images: read().images };
    checkLock(wanted, read());
    checkLock(wanted, without);
    const file = { checksum: TWO_SUM, where: "Dockerfile:2" };
    requireLocked(wanted, read(), file);
    await assert.rejects(async () => requireLocked(wanted, without, file), {
      fault: "refused",
      reason: [`Dockerfile:2: the file ${TWO_SUM} is not in aircrate.lock`],
    });
  });
});

test("a lock fits when it names each file on the platform, and no other", async (t) => {
  const { dir, lock, plan, read, write } = await projectFor(
    t,
    { "/one": { body: ONE } },
    (origin) => `FROM base:1\n${add(ONE_SUM, `${origin}/one`)}`,
  );
  const none = await rejectsWith((async () => checkLock(await plan(), undefined))(), "refused", /no lock file/);
  const where = `${join(dir, "Dockerfile")}:2`;
  assert.ok(none.reason.includes(`${where}: the file ${ONE_SUM} is not locked`), allText(none));
  await lock();
  checkLock(await plan(), read());
  const old: Lock = { version: 1, images: read().images };
  assert.deepEqual(lockDifferences(await plan(), old), {
    missing: [`${where}: the file ${ONE_SUM} is not in aircrate.lock`],
    unused: [],
  });
  assert.deepEqual(lockDifferences(await plan(true), { ...old, files: read().files }).missing, [
    `${join(dir, "Dockerfile")}:1: docker.io/library/base:1 is not in aircrate.lock for linux/amd64`,
    `${where}: the file ${ONE_SUM} is not in aircrate.lock for linux/amd64`,
  ]);
  write(() => "FROM base:1\n");
  assert.deepEqual(lockDifferences(await plan(), read()), {
    missing: [],
    unused: [`nothing uses the file ${ONE_SUM} any more`],
  });
  assert.deepEqual(lockDifferences(await plan(true), read()).unused, [], "it is not for that platform");
});

test("a failure writes no lock and tells no secret", async (t) => {
  const { dir, server, lock } = await projectFor(
    t,
    { "/one?s3cret": { body: TWO } },
    (origin) => `FROM scratch\n${add(ONE_SUM, `${origin}/one?s3cret`)}`,
  );
  const error = await rejectsWith(lock(), "integrity", /does not have the digest/);
  assert.equal(error.where, `${join(dir, "Dockerfile")}:2`);
  assert.ok(!allText(error).includes("s3cret"), allText(error));
  assert.ok(!existsSync(join(dir, "aircrate.lock")));
  assert.equal(server.requests.length, 1);
  writeFileSync(join(dir, "aircrate.lock"), '{"version":1,"images":{}}');
  assert.deepEqual(await readLock(dir), { version: 1, images: {} });
});
