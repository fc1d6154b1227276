import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { login, parseRegistry } from "../../lib/registry/login.ts";
import { NOWHERE } from "../credentials/places.ts";
import { tempDir } from "../support/cleanup.ts";
import type { Fault } from "../support/embedded-registry.ts";
import { allText, rejectsWith, throwsWith } from "../support/faults.ts";
import { registryWith } from "../support/registries.ts";
import { kinds } from "./blob-fetch.ts";

const LOGIN = { user: "me", password: "hunter2" };
const AUTH = { mode: "token", username: "me", password: "hunter2", refreshToken: "hunter3" } as const;

function place(t: TestContext, mirrors: ReadonlyMap<string, string> = new Map()) {
  const home = tempDir(t);
  const client = { userAgent: "aircrate/test", mirrors };
  return { options: { places: { ...NOWHERE, home }, client }, file: join(home, ".docker/config.json") };
}

test("the credentials are proved, and an identity token is kept where the service gives one", async (t) => {
  const registry = await registryWith(t, { auth: AUTH });
  const { options, file } = place(t);
  assert.deepEqual(await login(registry.host, LOGIN, options), { file, proved: true });
  assert.deepEqual(kinds(registry), ["ping none 401", "token basic 200", "ping bearer 200"]);
  const { query } = registry.requests[1]!;
  assert.deepEqual(Object.fromEntries(query), {
    service: "embedded-registry",
    client_id: "aircrate",
    offline_token: "true",
  });
  assert.equal(JSON.parse(readFileSync(file, "utf8")).auths[registry.host].identitytoken, "hunter3");
});

test("a mirror does not get what is for the registry", async (t) => {
  const registry = await registryWith(t, { auth: AUTH });
  const mirror = await registryWith(t, { auth: AUTH });
  const { options } = place(t, new Map([[registry.host, mirror.host]]));
  await login(registry.host, LOGIN, options);
  assert.equal(mirror.requests.length, 0);
});

test("nothing is kept where the registry refuses, or is none", async (t) => {
  const registry = await registryWith(t, { auth: AUTH });
  const status = (code: number, headers = {}): Fault => ({ answer: { status: code, headers } });
  for (const [kind, authorization, fault, expected, ...patterns] of [
    [
      "token",
      "basic",
      status(401),
      "forbidden",
      /does not take these/,
      /refuses the credentials/,
      /check the user name/,
    ],
    ["ping", "bearer", status(401), "forbidden", /does not take these/, /answers 401/],
    ["ping", "bearer", status(403), "forbidden", /does not take these/, /answers 403/],
    ["ping", "bearer", status(500), "unreachable", /answers 500/],
    ["token", "basic", status(500), "unreachable", /token service .* answers 500/],
    ["ping", "none", status(404), "unreachable", /does not answer as a registry/, /\/v2\/ answers 404/],
    ["ping", "none", status(401), "unreachable", /does not answer as a registry/, /\/v2\/ answers 401/],
    ["ping", "none", status(401, { "www-authenticate": "Negotiate" }), "forbidden", /neither Bearer nor Basic/],
  ] as const) {
    registry.setFault((request) =>
      request.kind === kind && request.authorization === authorization ? fault : undefined,
    );
    const { options, file } = place(t);
    const error = await rejectsWith(login(registry.host, LOGIN, options), expected, ...patterns);
    assert.equal(error.where, registry.host);
    assert.doesNotMatch(allText(error), /hunter|bWU6/);
    assert.equal(existsSync(file), false);
  }
});

test("names of registries", () => {
  for (const [text, registry] of [
    ["docker.io", "docker.io"],
    ["index.docker.io", "docker.io"],
    ["registry-1.docker.io", "docker.io"],
    ["127.0.0.1:5000", "127.0.0.1:5000"],
    ["localhost", "localhost"],
    ["ghcr.io", "ghcr.io"],
    ["[::1]:5000", "[::1]:5000"],
  ] as const) {
    assert.equal(parseRegistry(text), registry);
  }
  for (const text of [
    "",
    "registry",
    "https://ghcr.io",
    "ghcr.io/",
    "ghcr.io/team",
    "docker.io/library",
    "a b.c",
    "u@h.c",
  ]) {
    throwsWith(() => parseRegistry(text), "usage", /is not a registry/);
  }
});
