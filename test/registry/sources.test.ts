import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import { AircrateError } from "../../lib/error.ts";
import { ARM64 } from "../../lib/platform.ts";
import { createRegistryClient, type RegistrySource } from "../../lib/registry/client.ts";
import { resolveImage } from "../../lib/registry/resolve.ts";
import { trySources } from "../../lib/registry/sources.ts";
import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { onCleanup } from "../support/cleanup.ts";
import type { EmbeddedRegistry, Fault, RegistryRequest } from "../support/embedded-registry.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import type { ImageContent } from "../support/image-content.ts";
import { clientWith, referenceIn, registryWith, rule } from "../support/registries.ts";
import { image, indexOf } from "./platform-images.ts";

interface Scene {
  readonly content: ImageContent;
  readonly origin: EmbeddedRegistry;
  readonly mirrors: readonly EmbeddedRegistry[];
  /** What was passed over, as `HOST: WHY`. */
  readonly passed: string[];
  resolve(name?: string): ReturnType<typeof resolveImage>;
}

interface Setting {
  readonly mirrors?: number;
  readonly fallback?: boolean;
  readonly content?: ImageContent;
}

/** A registry with `app:1`, and mirrors of it that have the same below `cache/`. */
async function scene(t: TestContext, setting: Setting = {}): Promise<Scene> {
  const { content = indexOf(["linux/arm64"]), fallback = true } = setting;
  const start = async (repository: string) => {
    const registry = await registryWith(t);
    registry.addImage(repository, "1", content);
    return registry;
  };
  const origin = await start("app");
  const mirrors = await Promise.all(Array.from({ length: setting.mirrors ?? 1 }, () => start("cache/app")));
  const places = mirrors.map(({ host }) => `${host}/cache`);
  const client = clientWith(t, { registries: new Map([[origin.host, rule(places, { fallback })]]) });
  const passed: string[] = [];
  return {
    ...{ content, origin, mirrors, passed },
    resolve(name = "app:1") {
      const reference = referenceIn(origin, name);
      return trySources(
        client.sources(reference),
        (source) => resolveImage(source, reference, { platform: ARM64 }),
        (host, why) => void passed.push(`${host}: ${why}`),
      );
    },
  };
}

const paths = ({ requests }: EmbeddedRegistry) => requests.map(({ path }) => path);

test("the first mirror is asked, under its path, and nobody else", async (t) => {
  const { origin, mirrors, resolve, content, passed } = await scene(t, { mirrors: 2 });
  const { index, manifest } = await resolve();
  assert.equal(index?.descriptor.digest, digestOf(content.root.bytes));
  assert.deepEqual(paths(mirrors[0]!).slice(0, 3), [
    "/v2/",
    "/v2/cache/app/manifests/1",
    `/v2/cache/app/manifests/${manifest.descriptor.digest}`,
  ]);
  assert.deepEqual([mirrors[1]!.requests.length, origin.requests.length, passed.length], [0, 0, 0]);
});

describe("a mirror is left for the next place when it", () => {
  const on =
    (kind: RegistryRequest["kind"], fault: Fault) =>
    (request: RegistryRequest): Fault | undefined =>
      request.kind === kind ? fault : undefined;
  const answer = (status: number, body = ""): Fault => ({ answer: { status, body } });
  for (const [name, fault, why] of [
    ["does not have the image", on("manifest", answer(404)), /: there is no such image: answers 404$/],
    ["does not have the config", on("blob", answer(404)), /: there is no such image: answers 404$/],
    ["refuses", on("manifest", answer(403)), /: does not allow it: answers 403$/],
    [
      "refuses at the door",
      on("ping", { answer: { status: 401, headers: { "www-authenticate": "Basic" } } }),
      /password$/,
    ],
    ["is asked too often", on("manifest", answer(429)), /: the registry asks to come back later: answers 429$/],
    ["is broken", on("manifest", answer(500)), /: the registry does not deliver: answers 500$/],
    ["is overloaded", on("blob", answer(503)), /: the registry does not deliver: answers 503$/],
    ["cuts the connection", on("manifest", { cutAfter: 10 }), /: cannot be reached: /],
    ["redirects to where it must not", on("manifest", { redirect: "ftp://127.0.0.1/" }), /redirects in a way/],
    ["sends another manifest", on("manifest", { corruptAt: 5 }), /: its manifest does not have the digest/],
    ["sends another config", on("blob", { corruptAt: 5 }), /: its config does not have the digest/],
    ["sends a config of another size", on("blob", answer(200, "{}")), /: its config does not have the announced size/],
    [
      "sends a page of a portal",
      on("manifest", answer(200, "<html>")),
      /: the registry sends a manifest that is not JSON$/,
    ],
    ["sends another document", on("manifest", answer(200, "{}")), /: the manifest is malformed: /],
    [
      "sends too much",
      on("manifest", answer(200, " ".repeat(MAX_DOCUMENT + 1))),
      /: the answer is larger than 4194304/,
    ],
  ] as const) {
    test(name, async (t) => {
      const { origin, mirrors, resolve, content, passed } = await scene(t);
      const [mirror] = mirrors;
      mirror!.setFault(fault);
      const { index } = await resolve();
      assert.equal(index?.descriptor.digest, digestOf(content.root.bytes));
      assert.deepEqual(paths(origin).slice(0, 2), ["/v2/", "/v2/app/manifests/1"]);
      assert.equal(passed.length, 1);
      assert.ok(passed[0]!.startsWith(`${mirror!.host}: `), passed[0]);
      assert.match(passed[0]!, why);
    });
  }
  test("is not there, for a reference with digest as well", async (t) => {
    const { origin, mirrors, resolve, content, passed } = await scene(t);
    await mirrors[0]!.close();
    const digest = digestOf(content.root.bytes);
    assert.equal((await resolve(`app@${digest}`)).index?.descriptor.digest, digest);
    assert.equal(paths(origin)[1], `/v2/app/manifests/${digest}`);
    assert.match(passed[0]!, /: cannot be reached: nothing listens there \(ECONNREFUSED\)$/);
  });
});

test("for a digest it decides, for a tag the mirror's word counts", async (t) => {
  const { mirrors, resolve, content, passed } = await scene(t);
  const older = image();
  mirrors[0]!.addImage("cache/app", "1", older);
  assert.equal((await resolve()).manifest.descriptor.digest, digestOf(older.root.bytes));
  const digest = digestOf(content.root.bytes);
  mirrors[0]!.setFault(({ reference }) =>
    reference === digest ? { answer: { status: 200, body: older.root.bytes } } : undefined,
  );
  assert.equal((await resolve(`app:1@${digest}`)).index?.descriptor.digest, digest);
  assert.match(passed.join("\n"), /its manifest does not have the digest that names it: wanted sha256:/);
});

test("what an image is not for is said by the first that has it", async (t) => {
  const { origin, resolve } = await scene(t, { content: indexOf(["linux/amd64"]) });
  await rejectsWith(resolve(), "input", /not for linux\/arm64/);
  assert.equal(origin.requests.length, 0);
});

test("when all fail it is the registry's error, with a line for each mirror", async (t) => {
  const { origin, mirrors, resolve } = await scene(t, { mirrors: 3 });
  const [one, two, three] = mirrors.map(({ host }) => host);
  await mirrors[0]!.close();
  mirrors[1]!.setFault(({ kind }) => (kind === "manifest" ? { corruptAt: 5 } : undefined));
  const gone = { answer: { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}' } };
  for (const { setFault } of [mirrors[2]!, origin]) setFault(({ kind }) => (kind === "manifest" ? gone : undefined));
  const error = await rejectsWith(resolve(), "unreachable", /there is no such image/, /check the repository/);
  assert.equal(error.where, `${origin.host}/app:1`);
  const digest = digestOf(indexOf(["linux/arm64"]).root.bytes);
  assert.deepEqual(error.reason, [
    `${origin.host} answers 404: unknown`,
    `mirror ${one}: cannot be reached: nothing listens there (ECONNREFUSED)`,
    `mirror ${two}: its manifest does not have the digest that names it: wanted ${digest}`,
    `mirror ${three}: there is no such image: answers 404: unknown`,
  ]);
});

test("without fall back the registry is never asked", async (t) => {
  const { origin, mirrors, resolve } = await scene(t, { mirrors: 2, fallback: false });
  for (const mirror of mirrors)
    mirror.setFault(({ kind }) => (kind === "manifest" ? { answer: { status: 403 } } : undefined));
  const [first, last] = mirrors.map(({ host }) => host);
  const error = await rejectsWith(
    resolve(),
    "forbidden",
    new RegExp(`^${origin.host}/app:1: ${last} does not allow it`),
  );
  assert.deepEqual(error.reason, [`${last} answers 403`, `mirror ${first}: does not allow it: answers 403`]);
  assert.equal(origin.requests.length, 0);
});

describe("in one run", () => {
  // Nothing can be counted where nothing listens, so the host that answers sends on to one that does not.
  const gone = (kind: RegistryRequest["kind"]) => (request: RegistryRequest) =>
    request.kind === kind ? { redirect: "http://127.0.0.1:1/" } : undefined;
  test("a mirror that cannot be connected to is not asked again", async (t) => {
    for (const kind of ["ping", "manifest"] as const) {
      const { mirrors, resolve, passed } = await scene(t);
      mirrors[0]!.setFault(gone(kind));
      await resolve();
      const before = mirrors[0]!.requests.length;
      assert.ok(before > 0);
      await resolve();
      assert.equal(mirrors[0]!.requests.length, before);
      assert.equal(passed.length, 2);
      assert.equal(passed[0], passed[1]);
    }
  });
  test("one that answers is, whatever it answered", async (t) => {
    const { origin, mirrors, resolve } = await scene(t);
    for (const fault of [{ answer: { status: 503 } }, { answer: { status: 404 } }, { corruptAt: 5 }]) {
      mirrors[0]!.setFault(({ kind }) => (kind === "manifest" ? fault : undefined));
      await resolve();
    }
    mirrors[0]!.setFault(undefined);
    origin.clearRequests();
    await resolve();
    assert.equal(origin.requests.length, 0);
  });
  test("the last place is, whatever happened", async (t) => {
    const { origin, mirrors, resolve } = await scene(t);
    mirrors[0]!.setFault(gone("ping"));
    origin.setFault(gone("ping"));
    await rejectsWith(resolve(), "unreachable", /cannot be reached/);
    origin.setFault(undefined);
    await resolve();
  });
});

test("each host is given its own credentials", async (t) => {
  const login = (user: string) => ({ user, password: `${user}-secret` });
  const content = image();
  const registryOf = async (user: string, repository: string) => {
    const registry = await registryWith(t, { auth: { mode: "basic", username: user, password: `${user}-secret` } });
    registry.addImage(repository, "1", content);
    return registry;
  };
  const [origin, mirror] = [await registryOf("origin", "app"), await registryOf("mirror", "hub/app")];
  const users = new Map([[origin.host, "origin"]]);
  const client = (known: ReadonlyMap<string, string>) => {
    const client = createRegistryClient({
      userAgent: "aircrate/test",
      registries: new Map([[origin.host, rule([`${mirror.host}/hub`])]]),
      findCredentials: async (host) => (known.has(host) ? login(known.get(host)!) : undefined),
    });
    onCleanup(t, () => client.close());
    return client;
  };
  const resolve = (known: ReadonlyMap<string, string>) => {
    const reference = referenceIn(origin, "app:1");
    return trySources(client(known).sources(reference), (source) =>
      resolveImage(source, reference, { platform: ARM64 }),
    );
  };
  await resolve(users);
  assert.deepEqual(
    mirror.requests.map(({ authorization }) => authorization),
    ["none"],
    "the registry's credentials are not sent to a mirror",
  );
  origin.clearRequests();
  await resolve(new Map([...users, [mirror.host, "mirror"]]));
  assert.equal(origin.requests.length, 0);
  assert.equal(mirror.requests.at(-1)?.status, 200);
});

test("an abort and a fault of our own end it", async () => {
  const source = (host: string): RegistrySource => ({ host, get: assert.fail, read: assert.fail });
  const errors = [
    new DOMException("stop", "AbortError"),
    new AircrateError("internal", "a fault"),
    new AircrateError("input", "no image"),
    new TypeError("a fault"),
  ];
  for (const error of errors) {
    const asked: string[] = [];
    const attempt = async ({ host }: RegistrySource) => {
      asked.push(host);
      throw error;
    };
    assert.equal(await failure(trySources([source("a"), source("b")], attempt)), error);
    assert.deepEqual(asked, ["a"]);
  }
  const only = new AircrateError("unreachable", "gone", { where: "w" });
  assert.equal(
    await failure(trySources([source("a")], () => Promise.reject(only))),
    only,
    "one source: its error as it is",
  );
});
