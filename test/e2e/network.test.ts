import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { aircrateFor, GALLERY } from "../support/aircrate.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { NODE_VERSIONS, nodeFor } from "../support/node-versions.ts";
import { BEHIND_PROXY, type ForwardProxy, type ProxyOptions, startProxy } from "../support/proxy.ts";
import type { Registry } from "../support/registry.ts";
import type { RunResult } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { requireRoot, requireTool } from "../support/tools.ts";

const USER = "me";
const PASSWORD = "pass-Xq7";
const BASE64 = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");

async function proxyFor(t: TestContext, options: Partial<ProxyOptions> = {}): Promise<ForwardProxy | undefined> {
  if (!requireTool(t, "tinyproxy", "unshare", "mount") || !requireRoot(t)) return undefined;
  const proxy = await startProxy({ dir: tempDir(t), ...options });
  onCleanup(t, proxy.stop);
  return proxy;
}

/** The registry under the name that only the proxy knows. */
function behindProxy(registry: Registry): { host: string } {
  return { host: registry.host.replace("127.0.0.1", BEHIND_PROXY) };
}

function buildArgs(t: TestContext, registry: { host: string }, ...more: string[]): string[] {
  return ["build", GALLERY, "-o", join(tempDir(t), "out"), ...mirror(registry), ...more];
}

function succeeds({ status, stdout, stderr }: RunResult): void {
  assert.equal(status, 0, stderr);
  for (const secret of [PASSWORD, BASE64]) assert.ok(!(stdout + stderr).includes(secret));
}

function fails(result: RunResult, status: number, ...patterns: RegExp[]): void {
  assert.equal(result.status, status, result.stderr);
  for (const pattern of patterns) assert.match(result.stderr, pattern);
  for (const secret of [PASSWORD, BASE64]) assert.ok(!(result.stdout + result.stderr).includes(secret), result.stderr);
}

test("a build through a proxy, over https and over plain http", async (t) => {
  const secure = await registryFor(t, { mode: "tls" });
  const plain = await registryFor(t, { mode: "plain" });
  const proxy = await proxyFor(t, { user: USER, password: PASSWORD });
  if (secure === undefined || plain === undefined || proxy === undefined) return;
  const address = `http://${USER}:${PASSWORD}@${proxy.host}`;
  const args = buildArgs(t, behindProxy(secure), "--ca", secure.caFile!);

  await t.test("https, by CONNECT", async (t) => {
    succeeds(await aircrateFor(t, { env: { HTTPS_PROXY: address, HTTP_PROXY: "http://127.0.0.1:9" } }).run(args));
    assert.ok(proxy.requests().includes(`CONNECT ${behindProxy(secure).host} HTTP/1.1`));
  });
  await t.test("plain http, with the whole address", async (t) => {
    const { host } = behindProxy(plain);
    const insecure = buildArgs(t, { host }, "--insecure-registry", host);
    succeeds(await aircrateFor(t, { env: { all_proxy: address } }).run(insecure));
    assert.ok(proxy.requests().includes(`GET http://${host}/v2/ HTTP/1.1`), proxy.requests().join("\n"));
  });
  await t.test("not without credentials, nor with wrong ones", async (t) => {
    for (const https_proxy of [`http://${proxy.host}`, `http://${USER}:wrong@${proxy.host}`]) {
      const done = await aircrateFor(t, { env: { https_proxy, AIRCRATE_DEBUG: "1" } }).run(args);
      fails(
        done,
        5,
        new RegExp(`the proxy ${proxy.host} asks for credentials`),
        /answers 40[17]/,
        /USER:PASSWORD@HOST/,
      );
    }
  });
  await t.test("loopback is asked without it, and what NO_PROXY names is, too", async (t) => {
    const before = proxy.requests().length;
    const direct = buildArgs(t, secure, "--ca", secure.caFile!);
    succeeds(await aircrateFor(t, { env: { HTTPS_PROXY: address, HTTP_PROXY: address } }).run(direct));
    const env = { HTTPS_PROXY: address, NO_PROXY: `a.test,.${BEHIND_PROXY.split(".")[1]}`, AIRCRATE_DEBUG: "1" };
    fails(await aircrateFor(t, { env }).run([...args, "--retries", "1"]), 4, /its name is not known|name server/);
    assert.equal(proxy.requests().length, before);
  });
  await t.test("one that is not there, or is none that is known", async (t) => {
    const env = { HTTPS_PROXY: `http://${USER}:${PASSWORD}@127.0.0.1:9`, AIRCRATE_DEBUG: "1" };
    fails(await aircrateFor(t, { env }).run(args), 4, /the proxy 127\.0\.0\.1:9 cannot be reached/, /tried 3 times/);
    env.HTTPS_PROXY = `socks5://${USER}:${PASSWORD}@127.0.0.1:9`;
    fails(await aircrateFor(t, { env }).run(args), 2, /a proxy of the kind socks5:\/\/ is not supported/);
  });
});

test("a proxy that does not let through, and one that does not reach the registry", async (t) => {
  if (!requireTool(t, "docker-registry", "openssl")) return;
  const proxy = await proxyFor(t, { connectPorts: [443] });
  if (proxy === undefined) return;
  const env = { HTTPS_PROXY: `http://${proxy.host}` };
  const aircrate = aircrateFor(t, { env });
  const closed = buildArgs(t, { host: `${BEHIND_PROXY}:5000` });
  fails(await aircrate.run(closed), 5, /does not let through to registry\.example:5000/, /answers 403/, /NO_PROXY/);
  const gone = buildArgs(t, { host: `${BEHIND_PROXY}:443` }, "--retries", "2");
  fails(await aircrate.run(gone), 4, /does not reach registry\.example/, /answers 50[0-9]/);
});

test("a build from a registry with TLS of its own authority", async (t) => {
  const registry = await registryFor(t, { mode: "tls" });
  if (registry === undefined) return;
  const args = buildArgs(t, registry);
  const ca = registry.caFile!;
  await t.test("not without it", async (t) => {
    fails(await aircrateFor(t).run(args), 4, /authority that is not known here/, /--ca FILE/, /certs\.d/);
  });
  await t.test("with --ca", async (t) => succeeds(await aircrateFor(t).run([...args, "--ca", ca])));
  await t.test("with NODE_EXTRA_CA_CERTS", async (t) => {
    succeeds(await aircrateFor(t, { env: { NODE_EXTRA_CA_CERTS: ca } }).run(args));
  });
  await t.test("with a folder in certs.d, of aircrate and of containers", async (t) => {
    for (const program of ["aircrate", "containers"]) {
      const XDG_CONFIG_HOME = tempDir(t);
      certificates(XDG_CONFIG_HOME, registry, { program, ca });
      succeeds(await aircrateFor(t, { env: { XDG_CONFIG_HOME } }).run(args));
    }
  });
  await t.test("with --insecure-registry", async (t) => {
    succeeds(await aircrateFor(t).run([...args, "--insecure-registry", registry.host]));
  });
  await t.test("a file that is none", async (t) => {
    fails(await aircrateFor(t).run([...args, "--ca", "package.json"]), 3, /^aircrate: package\.json: .*not a file of/);
  });
});

test("a build from a registry that asks for a client certificate", async (t) => {
  if (!requireTool(t, "openssl")) return;
  const dir = tempDir(t);
  const authority = await makeAuthority(dir, "clients");
  const registry = await registryFor(t, { mode: "tls", clientAuthority: authority.certFile });
  if (registry === undefined) return;
  const client = await makeCertificate(dir, "client", { authority });
  const stranger = await makeCertificate(dir, "stranger", { authority: await makeAuthority(dir, "strangers") });
  const run = (t: TestContext, pair?: Certificate, node = process.execPath) => {
    const XDG_CONFIG_HOME = tempDir(t);
    certificates(XDG_CONFIG_HOME, registry, { program: "aircrate", ca: registry.caFile!, ...(pair && { pair }) });
    return aircrateFor(t, { env: { XDG_CONFIG_HOME }, node }).run(buildArgs(t, registry));
  };
  await t.test("with one", async (t) => succeeds(await run(t, client)));
  await t.test("without one", async (t) => {
    // Versions of OpenSSL give different names to what the server says.
    for (const version of NODE_VERSIONS) {
      const node = await nodeFor(t, version);
      if (node === undefined) return;
      fails(await run(t, undefined, node), 5, /refuses the client certificate, or asks for one|asks for a client cert/);
    }
  });
  await t.test("with one of another authority", async (t) => {
    fails(await run(t, stranger), 5, /client certificate/, /client\.cert and client\.key/);
  });
});

/** Puts an authority, and a client certificate, into the folder of the registry in a configuration folder. */
function certificates(
  config: string,
  registry: Registry,
  { program, ca, pair }: { program: string; ca: string; pair?: Certificate },
): void {
  const folder = join(config, program, "certs.d", registry.host);
  mkdirSync(folder, { recursive: true });
  copyFileSync(ca, join(folder, "ca.crt"));
  if (pair === undefined) return;
  copyFileSync(pair.certFile, join(folder, "client.cert"));
  copyFileSync(pair.keyFile, join(folder, "client.key"));
}

test("a registry that fails for a while is waited for, and that is shown", async (t) => {
  const registry = await demoRegistry(t);
  registry.setFault(({ kind, attempt }) => {
    if (kind === "manifest" && attempt === 1) return { answer: { status: 429, headers: { "retry-after": "1" } } };
    return undefined;
  });
  const done = await aircrateFor(t).run(buildArgs(t, registry));
  succeeds(done);
  assert.match(done.stderr, new RegExp(`${registry.host}: it answers 429; trying again in 1(\\.\\d)? s`));
  registry.clearRequests();
  fails(await aircrateFor(t).run(buildArgs(t, registry, "--retries", "1")), 4, /come back later/);
});

test("options of the network that are wrong", async (t) => {
  const aircrate = aircrateFor(t);
  for (const [args, pattern] of [
    [["--retries", "0"], /--retries is not a whole number from 1 to 1000/],
    [["--retries", "1.5"], /--retries/],
    [["--retries", "many"], /--retries/],
    [["--timeout", "0"], /--timeout is not a number from/],
    [["--timeout", "1e9"], /--timeout/],
    [["--retry-max-wait", "-1"], /--retry-max-wait/],
    [["--insecure-registry", "https://host"], /"https:\/\/host" is not a registry's host/],
  ] as const) {
    fails(await aircrate.run(["build", GALLERY, ...args]), 2, pattern);
  }
});
