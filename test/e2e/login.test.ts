import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Aircrate, aircrateFor } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { credentialHelper } from "../support/credential-helper.ts";
import { writeFiles } from "../support/project.ts";
import { PASSWORD, type Registry, type RegistryOptions, startRegistry, USER } from "../support/registry.ts";
import { type RunResult, runOk } from "../support/run.ts";
import { formsOf } from "../support/secrets.ts";
import { registryFor } from "../support/seed.ts";
import { REFRESH_TOKEN } from "../support/token-server.ts";
import { freePort, requireTool } from "../support/tools.ts";

const WRONG = "wr0ng/pass+Xq7";
const SECRETS = [PASSWORD, WRONG, REFRESH_TOKEN].flatMap(formsOf);
const BASIC = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");

for (const [name, options] of [
  ["Basic", { mode: "basic" }],
  ["tokens", { mode: "token" }],
  ["tokens and identity tokens", { mode: "token", token: { offline: true } }],
] as const satisfies readonly [string, Partial<RegistryOptions>][]) {
  test(`log in to a real registry with ${name}, build, log out`, async (t) => {
    const registry = await registryFor(t, options);
    if (registry === undefined) return;
    const home = join(tempDir(t), "home");
    const file = join(home, ".docker/config.json");
    const aircrate = aircrateFor(t, { env: { HOME: home, AIRCRATE_DEBUG: "1" } });
    const build = buildOf(t, aircrate, registry);
    const logIn = (input: string) =>
      silent(aircrate.run(["login", registry.host, "-u", USER, "--password-stdin"], { input }));

    await expect(build(), 5, /aircrate login 127/);
    await expect(logIn(`${WRONG}\n`), 5, /does not take these credentials[\s\S]*check the user name/);
    assert.equal(existsSync(home), false, "nothing is written");
    const done = await expect(logIn(`${PASSWORD}\n`), 0);
    assert.equal(done.stdout, `logged in to ${registry.host}; the credentials are kept by ${file}\n`);
    assert.equal(done.stderr, "");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const entry = JSON.parse(readFileSync(file, "utf8")).auths[registry.host];
    const offline = "token" in options;
    const user = Buffer.from(`${USER}:`).toString("base64");
    assert.deepEqual(entry, offline ? { auth: user, identitytoken: REFRESH_TOKEN } : { auth: BASIC });

    await expect(build(), 0);
    const used = registry.tokens?.requests.at(-1)?.credentials;
    assert.equal(used, options.mode === "basic" ? undefined : offline ? "refresh_token" : "basic");
    if (requireTool(t, "skopeo")) await readBySkopeo(registry, file);

    await expect(silent(aircrate.run(["logout", registry.host])), 0, /^logged out of 127/);
    await expect(silent(aircrate.run(["logout", registry.host])), 0, /has nothing for 127/);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { auths: {} });
    await expect(build(), 5);
  });
}

test("what podman and skopeo write is read, and what aircrate takes away is gone for them", async (t) => {
  const registry = await registryFor(t, { mode: "basic" });
  if (registry === undefined || !requireTool(t, "podman", "skopeo")) return;
  const dir = tempDir(t);
  const login = [...["login", "--tls-verify=false", "-u", USER, "--password-stdin"], registry.host];

  await t.test("podman's own file", async (t) => {
    const XDG_RUNTIME_DIR = join(dir, "run");
    mkdirSync(XDG_RUNTIME_DIR);
    const env = { XDG_RUNTIME_DIR, REGISTRY_AUTH_FILE: undefined };
    await runOk("podman", ["--root", join(dir, "root"), "--runroot", join(dir, "runroot"), ...login], {
      input: PASSWORD,
      env,
    });
    assert.ok(existsSync(join(XDG_RUNTIME_DIR, "containers/auth.json")));
    await expect(buildOf(t, aircrateFor(t, { env }), registry)(), 0);
  });
  await t.test("a file for one repository, and for its host", async (t) => {
    const REGISTRY_AUTH_FILE = join(dir, "auth.json");
    const env = { REGISTRY_AUTH_FILE };
    const aircrate = aircrateFor(t, { env });
    const path = [...login.slice(0, -1), `${registry.host}/library`];
    await runOk("skopeo", ["login", "--authfile", REGISTRY_AUTH_FILE, ...path.slice(1)], { input: PASSWORD });
    const keys = () => Object.keys(JSON.parse(readFileSync(REGISTRY_AUTH_FILE, "utf8")).auths);
    assert.deepEqual(keys(), [`${registry.host}/library`]);
    const build = buildOf(t, aircrate, registry);
    await expect(build("library/busybox:1.36"), 0);
    await expect(build("arm64v8/busybox:1.36"), 5);
    await runOk("skopeo", ["login", "--authfile", REGISTRY_AUTH_FILE, ...login.slice(1)], { input: PASSWORD });
    await expect(build("arm64v8/busybox:1.36"), 0);
    await expect(aircrate.run(["logout", registry.host]), 0);
    assert.deepEqual(keys(), [`${registry.host}/library`]);
  });
});

test("a helper that the file names keeps the credentials", async (t) => {
  const registry = await registryFor(t, { mode: "token" });
  if (registry === undefined) return;
  const keeper = credentialHelper(t, "keeper");
  const DOCKER_CONFIG = tempDir(t);
  const file = join(DOCKER_CONFIG, "config.json");
  writeFileSync(file, JSON.stringify({ credsStore: "keeper" }));
  const aircrate = aircrateFor(t, { env: { DOCKER_CONFIG, ...keeper.env, AIRCRATE_DEBUG: "1" } });
  const build = buildOf(t, aircrate, registry);
  const login = ["login", registry.host, "-u", USER, "--password-stdin"];
  const done = await expect(silent(aircrate.run(login, { input: PASSWORD })), 0, /kept by docker-credential-keeper/);
  assert.equal(done.stderr, "");
  assert.ok(!readFileSync(file, "utf8").includes(BASIC));
  await expect(build(), 0);
  assert.deepEqual(keeper.calls(), [`store ${registry.host}`, `get ${registry.host}`]);
  await expect(aircrate.run(["logout", registry.host]), 0, /docker-credential-keeper has forgotten it/);
  await expect(build(), 5);

  for (const [name, body, reason] of [
    ["missing", undefined, /docker-credential-missing does not do its work[\s\S]*no such program/],
    ["garbage", `echo '{"Username":"${USER}","Secret":"${PASSWORD}"'`, /docker-credential-garbage[\s\S]*not the JSON/],
    ["broken", `echo ${PASSWORD}; echo ${PASSWORD} >&2; exit 7`, /docker-credential-broken[\s\S]*status 7/],
  ] as const) {
    writeFileSync(file, JSON.stringify({ credHelpers: { [registry.host]: name } }));
    const env = { DOCKER_CONFIG, ...credentialHelper(t, body === undefined ? "other" : name, body).env };
    await expect(build(undefined, env), 5, reason);
  }
});

test("skopeo finds through a helper what aircrate has put into it", async (t) => {
  const registry = await registryFor(t, { mode: "basic" });
  if (registry === undefined || !requireTool(t, "skopeo")) return;
  const keeper = credentialHelper(t, "keeper");
  const REGISTRY_AUTH_FILE = join(tempDir(t), "auth.json");
  writeFileSync(REGISTRY_AUTH_FILE, JSON.stringify({ credHelpers: { [registry.host]: "keeper" } }));
  const aircrate = aircrateFor(t, { env: { REGISTRY_AUTH_FILE, ...keeper.env } });
  const login = ["login", registry.host, "-u", USER, "--password-stdin"];
  await expect(aircrate.run(login, { input: PASSWORD }), 0);
  await readBySkopeo(registry, REGISTRY_AUTH_FILE, keeper.env);
  assert.ok(keeper.calls().length > 1);
});

test("a registry that asks nobody, and one that is not there", async (t) => {
  if (!requireTool(t, "docker-registry")) return;
  const dir = tempDir(t);
  const registry = await startRegistry({ dir: join(dir, "registry") });
  t.after(() => registry.stop());
  const DOCKER_CONFIG = join(dir, "config");
  const aircrate = aircrateFor(t, { env: { DOCKER_CONFIG } });
  const logIn = (host: string) =>
    silent(aircrate.run(["login", host, "--username", USER, "--password-stdin"], { input: PASSWORD }));
  await expect(logIn(`127.0.0.1:${await freePort()}`), 4, /cannot be reached/);
  assert.equal(existsSync(DOCKER_CONFIG), false);
  const done = await expect(logIn(registry.host), 0);
  assert.match(done.stderr, /^warning: 127\.0\.0\.1:\d+ asks for no credentials/);
  assert.ok(existsSync(join(DOCKER_CONFIG, "config.json")));
});

test("what is wrong about the command line, before anything is asked or written", async (t) => {
  const DOCKER_CONFIG = join(tempDir(t), "config");
  const aircrate = aircrateFor(t, { env: { DOCKER_CONFIG, AIRCRATE_DEBUG: "1" } });
  const host = `127.0.0.1:${await freePort()}`;
  for (const [args, input, pattern] of [
    [["login", host], "", /no terminal to ask for the password[\s\S]*--password-stdin < FILE/],
    [["login", host, "-u", USER], PASSWORD, /no terminal to ask/],
    [["login", host, "--password-stdin"], PASSWORD, /needs a user name[\s\S]*-> name the user with -u/],
    [["login", host, "-u", "", "--password-stdin"], PASSWORD, /--username needs a value/],
    [["login", host, "-u", "a:b", "--password-stdin"], PASSWORD, /has a colon/],
    [["login", host, "-u", USER, "--password-stdin"], "", /the password is empty/],
    [["login", host, "-u", USER, "--password-stdin"], "\n", /the password is empty/],
    [["login", host, "-u", USER, "--password-stdin"], PASSWORD.repeat(10_000), /larger than 65536 bytes/],
    [["login", host, "-u", USER, "-p", PASSWORD], "", /a password is not taken from the command line/],
    [
      ["login", host, "-u", USER, `--password=${PASSWORD}`],
      "",
      /not taken from the command line[\s\S]*can see it there/,
    ],
    [["login", host, "-u", USER, `-p${PASSWORD}`], "", /not taken from the command line/],
    [["login", `https://${host}`, "-u", USER, "--password-stdin"], PASSWORD, /is not a registry[\s\S]*HOST\[:PORT\]/],
    [["login", `${host}/team`, "-u", USER, "--password-stdin"], PASSWORD, /is not a registry/],
    [["login", "docker.io/library", "-u", USER, "--password-stdin"], PASSWORD, /is not a registry/],
    [["login", "registry", "-u", USER, "--password-stdin"], PASSWORD, /is not a registry/],
    [["login", "", "-u", USER, "--password-stdin"], PASSWORD, /\[registry\] is empty/],
    [["logout", "http://x"], "", /is not a registry/],
    [["login", "--mirror", "docker.io=127.0.0.1:1", "-u", USER], "", /unknown option --mirror$/m],
  ] as const) {
    await expect(silent(aircrate.run(args, { input })), 2, pattern);
  }
  assert.equal(existsSync(DOCKER_CONFIG), false);
});

test("logging out without a name means Docker Hub, under all its names", async (t) => {
  const DOCKER_CONFIG = tempDir(t);
  const file = join(DOCKER_CONFIG, "config.json");
  const aircrate = aircrateFor(t, { env: { DOCKER_CONFIG } });
  for (const args of [["logout"], ["logout", "docker.io"], ["logout", "index.docker.io"]]) {
    writeFileSync(file, JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth: BASIC }, other: {} } }));
    await expect(aircrate.run(args), 0, /^logged out of docker\.io; /);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { auths: { other: {} } });
  }
});

/** Builds an image of a folder on one of the registry's; its output is checked for secrets. */
function buildOf(t: TestContext, aircrate: Aircrate, registry: Registry) {
  const dir = tempDir(t);
  let run = 0;
  return (base = "library/busybox:1.36", env: Record<string, string> = {}) => {
    run += 1;
    const project = writeFiles(join(dir, `project-${run}`), {
      "aircrate.yml": `images:\n  app: { from: "${registry.host}/${base}" }\n`,
    });
    return silent(aircrate.run(["build", project], { store: join(dir, `store-${run}`), env }));
  };
}

async function readBySkopeo(registry: Registry, authFile: string, env: Record<string, string> = {}): Promise<void> {
  const options = ["--tls-verify=false", "--authfile", authFile, "--override-arch", "arm64"];
  const image = `docker://${registry.host}/library/busybox:1.36`;
  const found = JSON.parse(await runOk("skopeo", ["inspect", ...options, image], { env }));
  assert.equal(found.Architecture, "arm64");
}

async function expect(running: Promise<RunResult>, status: number, pattern?: RegExp): Promise<RunResult> {
  const done = await running;
  assert.equal(done.status, status, done.stderr);
  if (pattern !== undefined) assert.match(done.stdout + done.stderr, pattern);
  return done;
}

/** Whatever came of it, no form of a secret is shown. */
async function silent(running: Promise<RunResult>): Promise<RunResult> {
  const done = await running;
  for (const secret of SECRETS) assert.ok(!(done.stdout + done.stderr).includes(secret), done.stdout + done.stderr);
  return done;
}
