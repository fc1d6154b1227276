import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../../lib/credentials/credentials.ts";
import { readBody } from "../../lib/http/answer.ts";
import type { Transport } from "../../lib/http/transport.ts";
import { parseReference } from "../../lib/reference.ts";
import { answerChallenge } from "../../lib/registry/auth.ts";
import type { FaultHook } from "../support/embedded-registry.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { MEDIA } from "../support/push.ts";
import { clientWith, registryWith } from "../support/registries.ts";
import type { Registry } from "../support/registry.ts";
import { registryFor } from "../support/seed.ts";
import { REFRESH_TOKEN } from "../support/token-server.ts";
import { BLOB, fetchBlob, kinds, withBlob } from "./blob-fetch.ts";

const IDENTITY = { identityToken: REFRESH_TOKEN };

/** Reads a manifest of the seeded registry with a client of its own. */
function reader(t: TestContext, registry: Registry, credentials: Credentials) {
  const client = clientWith(t, { credentials });
  return async (repository = "library/busybox") => {
    const reference = parseReference(`${registry.host}/${repository}:1.36`);
    const answer = await client.sources(reference)[0]!.get("manifests/1.36", { where: "w", accept: MEDIA.ociIndex });
    return JSON.parse(String(await readBody(answer, 1e6, "w")));
  };
}

/** Statuses in the access log of the registry. */
function statuses(registry: Registry): number[] {
  return [...registry.log().matchAll(/"GET \/v2\/\S* HTTP\/1\.1" (\d+)/g)].map(([, status]) => Number(status));
}

describe("identity tokens", () => {
  test("are posted to the token service of a real registry", async (t) => {
    const registry = await registryFor(t, { mode: "token", token: { field: "access_token" } });
    if (registry === undefined) return;
    const read = reader(t, registry, IDENTITY);
    assert.equal((await read()).schemaVersion, 2);
    assert.equal((await read("arm64v8/busybox")).schemaVersion, 2);
    const service = "aircrate-registry";
    assert.deepEqual(
      registry.tokens?.requests,
      ["library/busybox", "arm64v8/busybox"].map((name) => ({
        ...{ method: "POST", service, scopes: [`repository:${name}:pull`], credentials: "refresh_token", status: 200 },
      })),
    );
    const wrong = reader(t, registry, { identityToken: "hunter2-token" });
    const error = await rejectsWith(wrong(), "forbidden", /refuses the identity token/);
    assert.doesNotMatch(allText(error), /hunter2/);
  });

  test("that have run out are no fault of the network", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token" } });
    const body = '{"error":"invalid_grant","error_description":"hunter2"}';
    registry.setFault(({ kind }) => (kind === "token" ? { answer: { status: 400, body } } : undefined));
    const failed = fetchBlob(clientWith(t, { credentials: IDENTITY }), registry, path);
    const error = await rejectsWith(failed, "forbidden", /refuses the identity token/);
    assert.doesNotMatch(allText(error), /hunter2/);
    registry.setFault(({ kind }) => (kind === "token" ? { answer: { status: 502, body } } : undefined));
    await rejectsWith(fetchBlob(clientWith(t, { credentials: IDENTITY }), registry, path), "unreachable", /502/);
  });

  test("do not serve where a password is asked for", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "basic", username: "a", password: "b" } });
    const failed = fetchBlob(clientWith(t, { credentials: IDENTITY }), registry, path);
    await rejectsWith(failed, "forbidden", /there is an identity token only/);
    assert.deepEqual(kinds(registry), ["ping none 401"]);
  });

  test("do not follow a redirect to another origin", async (t) => {
    const auth = { mode: "token", refreshToken: REFRESH_TOKEN } as const;
    const { registry, path } = await withBlob(t, { auth });
    const other = await registryWith(t, { auth });
    registry.setFault(({ kind }) => (kind === "token" ? { redirect: other.tokenUrl } : undefined));
    const client = clientWith(t, { credentials: IDENTITY });
    const error = await rejectsWith(fetchBlob(client, registry, path), "unreachable", /a form is not sent on/);
    assert.ok(!allText(error).includes(REFRESH_TOKEN));
    assert.deepEqual(kinds(other), []);
    registry.setFault(undefined);
    assert.equal(await fetchBlob(client, registry, path), String(BLOB));
  });
});

describe("the life of a token", () => {
  test("a real one of 5 seconds is renewed before the registry has to refuse it", async (t) => {
    const registry = await registryFor(t, { mode: "token", token: { ttl: 5 } });
    if (registry === undefined) return;
    const read = reader(t, registry, { user: registry.user, password: registry.password });
    // The end of a token is a whole second: only one from the beginning of a second lives as long as it says.
    await sleep(1020 - (Date.now() % 1000));
    for (const end = Date.now() + 5500; Date.now() < end; await sleep(250)) await read();
    assert.equal(registry.tokens?.requests.length, 2);
    assert.deepEqual(
      statuses(registry).filter((status) => status !== 200),
      [401],
    );
  });

  const token = (life: object): FaultHook => {
    return ({ kind }) => (kind === "token" ? { answer: { status: 200, body: JSON.stringify(life) } } : undefined);
  };
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  for (const [name, answer, seconds] of [
    ["60 s when it does not tell", () => ({}), 50],
    ["a fifth of a short one is left", () => ({ expires_in: 5 }), 4],
    ["ten seconds of a long one are left", () => ({ expires_in: 300 }), 290],
    ["since it was issued, when the service kept it", () => ({ expires_in: 300, issued_at: ago(200) }), 90],
    ["since now, when it was over before it came", () => ({ expires_in: 300, issued_at: ago(301) }), 290],
    ["since now, when it is from the future", () => ({ expires_in: 300, issued_at: ago(-100) }), 290],
    ["since now, when that is no time", () => ({ expires_in: 300, issued_at: "yesterday" }), 290],
  ] as const) {
    test(`renewed after ${seconds} s: ${name}`, async (t) => {
      let passed = 0;
      const now = performance.now.bind(performance);
      t.mock.method(performance, "now", () => now() + passed * 1000);
      const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
      const { token: good } = (await (
        await fetch(`${registry.tokenUrl}?service=embedded-registry&scope=repository:team/app:pull`)
      ).json()) as { token: string };
      registry.setFault(token({ token: good, ...answer() }));
      const client = clientWith(t);
      const asked = async () => {
        registry.clearRequests();
        await fetchBlob(client, registry, path);
        return kinds(registry).filter((kind) => !kind.startsWith("ping"));
      };
      assert.deepEqual(await asked(), ["token none 200", "blob bearer 200"]);
      passed = seconds - 3;
      assert.deepEqual(await asked(), ["blob bearer 200"]);
      passed = seconds + 2;
      assert.deepEqual(await asked(), ["token none 200", "blob bearer 200"]);
    });
  }

  test("five requests that find it out of date renew it once", async (t) => {
    let passed = 0;
    const now = performance.now.bind(performance);
    t.mock.method(performance, "now", () => now() + passed);
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
    const client = clientWith(t);
    await fetchBlob(client, registry, path);
    passed = 295_000;
    await Promise.all([1, 2, 3, 4, 5].map(() => fetchBlob(client, registry, path)));
    assert.equal(registry.requests.filter(({ kind }) => kind === "token").length, 2);
    assert.equal(registry.requests.filter(({ status }) => status === 401).length, 1);
  });
});

test("the scope of the challenge is asked for beside our own, also when the token is renewed", async (t) => {
  let passed = 0;
  const now = performance.now.bind(performance);
  t.mock.method(performance, "now", () => now() + passed);
  const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
  const scope = "repository:shared/base:pull repository:team/app:pull";
  const header = `Bearer realm="${registry.tokenUrl}",service="embedded-registry",scope="${scope}"`;
  let refusals = 1;
  registry.setFault(({ kind }) => {
    if (kind !== "blob" || refusals === 0) return undefined;
    refusals -= 1;
    return { answer: { status: 401, headers: { "www-authenticate": header } } };
  });
  const client = clientWith(t);
  await fetchBlob(client, registry, path);
  passed = 295_000;
  await fetchBlob(client, registry, path);
  const own = "repository:team/app:pull";
  assert.deepEqual(
    registry.requests.filter(({ kind }) => kind === "token").map(({ query }) => query.getAll("scope")),
    [[own], [own, "repository:shared/base:pull"], [own, "repository:shared/base:pull"]],
  );
});

test("where a token service may be", async () => {
  class Asked extends Error {}
  const transport = {
    send: () => Promise.reject(new Asked()),
  } as unknown as Transport;
  const ask = (realm: string, host: string, plain: boolean) =>
    answerChallenge(transport, async () => IDENTITY, {
      ...{ challenge: `Bearer realm="${realm}"`, host, plain, repository: "a", where: "w" },
    });
  for (const [realm, host, plain] of [
    ["https://auth.example/token", "r.example", false],
    ["https://auth.example/token", "127.0.0.1:5000", true],
    ["http://127.0.0.1:5001/token", "127.0.0.1:5000", true],
    ["http://localhost:5001/token", "127.0.0.1:5000", true],
    ["http://r.example:5001/token", "r.example:5000", true],
  ] as const) {
    await assert.rejects(ask(realm, host, plain), Asked, realm);
  }
  for (const [realm, host, plain] of [
    ["http://r.example/token", "r.example", false],
    ["http://127.0.0.1:5001/token", "127.0.0.1:5000", false],
    ["http://127.0.0.1:5001/token", "r.example", false],
    ["http://auth.example/token", "r.example", true],
    ["http://r.example/token", "127.0.0.1:5000", true],
    ["ftp://r.example/token", "r.example", true],
  ] as const) {
    await rejectsWith(ask(realm, host, plain), "forbidden", /not trusted/);
  }
});
