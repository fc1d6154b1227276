import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { type Aircrate, aircrateFor, dockerConfig, GALLERY } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import type { RegistryAuth, RegistryRequest } from "../support/embedded-registry.ts";
import type { RunResult } from "../support/run.ts";
import { formsOf } from "../support/secrets.ts";
import { freePort } from "../support/tools.ts";

const USER = "a-user";
const PASSWORD = "pass/Xq7+wörd";
const IDENTITY_TOKEN = "identity/Xq7+token";
const SIGNATURE = "signature-Xq7";
const BASE64 = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");

/** None of it may ever be shown or kept. A part of a token of the embedded registry stands for all of it. */
const SECRETS = [
  ...[PASSWORD, IDENTITY_TOKEN, SIGNATURE].flatMap(formsOf),
  Buffer.from('{"scopes":["repo').toString("base64url").slice(0, 16),
];

/** Ways to authenticate, with what the file of credentials has for the registry. */
const WAYS: readonly (readonly [name: string, auth: RegistryAuth, entry: (end: string) => object])[] = [
  ["Basic", { mode: "basic", username: USER, password: PASSWORD }, passwordEntry],
  ["token", { mode: "token", username: USER, password: PASSWORD }, passwordEntry],
  [
    "identity token",
    { mode: "token", refreshToken: IDENTITY_TOKEN },
    (end) => ({ auth: Buffer.from(`${USER}:`).toString("base64"), identitytoken: IDENTITY_TOKEN + end }),
  ],
];

function passwordEntry(end: string): object {
  return { auth: Buffer.from(`${USER}:${PASSWORD}${end}`).toString("base64") };
}

test("credentials never get into what is printed, nor into the store or the file", async (t) => {
  for (const [name, auth, entry] of WAYS) {
    await t.test(`with ${name} authentication`, async (t) => {
      const registry = await demoRegistry(t, { auth });
      const config = (end: string) => {
        const DOCKER_CONFIG = tempDir(t);
        writeFileSync(join(DOCKER_CONFIG, "config.json"), JSON.stringify({ auths: { [registry.host]: entry(end) } }));
        return { env: { DOCKER_CONFIG } };
      };
      const place = tempDir(t);
      const args = ["build", GALLERY, "-o", join(place, "out"), "--retries", "1", ...mirror(registry)];
      const right = config("");

      const aircrate = aircrateFor(t, right);
      // The registry is as bad as it can be after it has got the credentials.
      registry.setFault(({ kind }) => (kind === "manifest" ? { answer: { status: 500 } } : undefined));
      await fails(aircrate, args, 4);
      const elsewhere = `http://127.0.0.1:${await freePort()}/blob?X-Amz-Signature=${SIGNATURE}`;
      registry.setFault(({ kind }) => (kind === "blob" ? { redirect: elsewhere } : undefined));
      await fails(aircrate, args, 4);
      registry.setFault(({ kind }) => (kind === "blob" ? { corruptAt: 20 } : undefined));
      await fails(aircrate, args, 6);
      registry.setFault(({ kind }) =>
        kind === "token" ? { answer: { status: 200, body: `{"token":"${BASE64}"` } } : undefined,
      );
      await fails(aircrate, args, auth.mode === "token" ? 4 : 0);

      registry.setFault(undefined);
      const done = await aircrate.run([...args, "--json"], { env: { ...right.env, AIRCRATE_DEBUG: "1" } });
      assert.equal(done.status, 0, done.stderr);
      assertSilent(done);
      const kept = [...files(aircrate.store), ...files(place)];
      assert.ok(kept.length > 10);
      for (const file of kept) {
        const bytes = readFileSync(file);
        for (const secret of SECRETS) assert.ok(!bytes.includes(secret), file);
      }

      await fails(aircrateFor(t, config("-2")), args, 5);
      const asked = ({ authorization, method }: RegistryRequest) => authorization === "basic" || method === "POST";
      assert.ok(registry.requests.some(asked));
    });
  }
});

test("a file with credentials that cannot be read is told without its content", async (t) => {
  const registry = await demoRegistry(t, { auth: { mode: "basic", username: USER, password: PASSWORD } });
  const args = ["build", GALLERY, "-o", join(tempDir(t), "out"), ...mirror(registry)];
  const { host } = registry;
  for (const content of [
    `{"auths":{"${host}":{"auth":"${BASE64}"}}`,
    `{"auths":{"${host}":{"auth":{"password":"${PASSWORD}"}}}}`,
    `{"auths":{"${host}":{"auth":["${BASE64}"]}}}`,
    `{"auths":"${PASSWORD}"}`,
    `${BASE64}`,
    `{"auths":{"${host}":{"auth":"${Buffer.from(PASSWORD).toString("base64")}"}}}`,
  ]) {
    const DOCKER_CONFIG = tempDir(t);
    writeFileSync(join(DOCKER_CONFIG, "config.json"), content);
    const done = await fails(aircrateFor(t, { env: { DOCKER_CONFIG } }), args, 5);
    assert.ok(!done.stderr.includes(Buffer.from(PASSWORD).toString("base64")));
  }
});

test("credentials for one registry are not offered to another", async (t) => {
  const registry = await demoRegistry(t, { auth: { mode: "basic", username: USER, password: PASSWORD } });
  const [name, port] = registry.host.split(":");
  const args = ["build", GALLERY, "-o", join(tempDir(t), "out"), ...mirror(registry)];
  for (const other of [
    name!,
    `localhost:${port}`,
    `127.0.0.2:${port}`,
    `${name}:${Number(port) + 1}`,
    `x${registry.host}`,
  ]) {
    const DOCKER_CONFIG = dockerConfig(t, other, { user: USER, password: PASSWORD });
    registry.clearRequests();
    await fails(aircrateFor(t, { env: { DOCKER_CONFIG } }), args, 5);
    assert.ok(registry.requests.length > 0);
    for (const { authorization } of registry.requests) assert.equal(authorization, "none", other);
  }
});

/** Runs it as one does who looks for a cause, expects the status, and that no secret is shown. */
async function fails(aircrate: Aircrate, args: readonly string[], status: number): Promise<RunResult> {
  const done = await aircrate.run(args, { env: { AIRCRATE_DEBUG: "1" } });
  assert.equal(done.status, status, done.stderr);
  assertSilent(done);
  return done;
}

function assertSilent({ stdout, stderr }: RunResult): void {
  for (const secret of SECRETS) assert.ok(!(stdout + stderr).includes(secret), stdout + stderr);
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
