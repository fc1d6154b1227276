import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CredentialPlaces } from "../../lib/credentials/credentials.ts";
import { credentialsFromFiles } from "../../lib/credentials/find.ts";
import { credentialFiles } from "../../lib/credentials/places.ts";
import { tempDir } from "../support/cleanup.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { base64, NOWHERE } from "./places.ts";

/** Finds in one file with this content. */
function finder(t: TestContext, content: unknown) {
  const file = join(tempDir(t), "auth.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  const find = credentialsFromFiles({ ...NOWHERE, registryAuthFile: file });
  return { file, find: (host: string, repository = "team/app") => find(host, repository) };
}

test("what docker and podman write", async (t) => {
  const { find } = finder(t, {
    auths: {
      "127.0.0.1:5000": { auth: base64("user:pass:word") },
      "https://index.docker.io/v1/": { auth: base64("hub:secret") },
      "https://ghcr.io": { auth: base64("octo:cat") },
      "quay.io": { username: "plain", password: "pw" },
      "padded.example": { auth: base64("user:pw\0\0") },
      "empty.example": {},
      "blank.example": { auth: "" },
      "utf8.example": { auth: base64("üser:pässword") },
      "both.example": { auth: base64("from:auth"), username: "from", password: "fields" },
      "token.example": { auth: base64("user:"), identitytoken: "refresh-1" },
      "api.example": { username: "user", password: "", identityToken: "refresh-2" },
      "no-token.example": { auth: base64("user:pw"), identitytoken: "" },
      "https://old.example/v1/": { auth: base64("old:one") },
    },
    HttpHeaders: { "User-Agent": "Docker-Client" },
  });
  assert.deepEqual(await find("127.0.0.1:5000"), { user: "user", password: "pass:word" });
  assert.deepEqual(await find("docker.io"), { user: "hub", password: "secret" });
  assert.deepEqual(await find("ghcr.io"), { user: "octo", password: "cat" });
  assert.deepEqual(await find("quay.io"), { user: "plain", password: "pw" });
  assert.deepEqual(await find("padded.example"), { user: "user", password: "pw" });
  assert.deepEqual(await find("utf8.example"), { user: "üser", password: "pässword" });
  assert.deepEqual(await find("both.example"), { user: "from", password: "auth" });
  assert.deepEqual(await find("token.example"), { identityToken: "refresh-1" });
  assert.deepEqual(await find("api.example"), { identityToken: "refresh-2" });
  assert.deepEqual(await find("no-token.example"), { user: "user", password: "pw" });
  assert.deepEqual(await find("old.example"), { user: "old", password: "one" });
  assert.equal(await find("empty.example"), undefined);
  assert.equal(await find("blank.example"), undefined);
});

test("credentials are for the host that is named, not for one that looks alike", async (t) => {
  const { find } = finder(t, {
    auths: { "registry.example": { auth: base64("a:b") }, "docker.io": { auth: base64("c:d") } },
  });
  for (const host of [
    "registry.example:5000",
    "registry.example.evil",
    "evil.registry.example",
    "REGISTRY.example",
    "registry",
    "registry-1.docker.io",
    "index.docker.io",
    "__proto__",
    "constructor",
    "",
  ]) {
    assert.equal(await find(host), undefined, host);
  }
  assert.deepEqual(await find("docker.io"), { user: "c", password: "d" });
});

test("each name of Docker Hub", async (t) => {
  for (const key of ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]) {
    const { find } = finder(t, { auths: { [key]: { auth: base64("a:b") } } });
    assert.deepEqual(await find("docker.io"), { user: "a", password: "b" }, key);
  }
});

test("the most specific key of a repository counts", async (t) => {
  const { find } = finder(t, {
    auths: {
      "r.example:5000": { auth: base64("the:host") },
      "r.example:5000/team": { auth: base64("the:team") },
      "r.example:5000/team/app": { auth: base64("the:app") },
      "r.example:5000/empty": {},
      "docker.io/library": { auth: base64("the:library") },
      "https://index.docker.io/v1/": { auth: base64("the:hub") },
    },
  });
  for (const [host, repository, password] of [
    ["r.example:5000", "team/app", "app"],
    ["r.example:5000", "team/app/sub", "app"],
    ["r.example:5000", "team/application", "team"],
    ["r.example:5000", "team", "team"],
    ["r.example:5000", "teams/app", "host"],
    ["r.example:5000", "empty/app", "host"],
    ["r.example:5000", "", "host"],
    ["docker.io", "library/busybox", "library"],
    ["docker.io", "me/app", "hub"],
  ] as const) {
    assert.deepEqual(await find(host, repository), { user: "the", password }, repository);
  }
  assert.equal(await find("r.example", "team/app"), undefined);
});

test("files are asked in order, and those that are not there do not count", async (t) => {
  const dir = tempDir(t);
  const put = (path: string, auths: Record<string, string>) => {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    const entries = Object.entries(auths).map(([host, text]) => [host, { auth: base64(text) }]);
    writeFileSync(join(dir, path), JSON.stringify({ auths: Object.fromEntries(entries) }));
  };
  put("registry-auth.json", { a: "from:registry-auth-file" });
  put("docker/config.json", { a: "from:docker-config", b: "from:docker-config" });
  put("home/.docker/config.json", { a: "from:home", b: "from:home", c: "from:home" });
  put("run/containers/auth.json", { a: "from:run", b: "from:run", c: "from:run", d: "from:run" });
  put("config/containers/auth.json", { d: "from:config", e: "from:config" });
  put("home/.config/containers/auth.json", { d: "from:home-config", e: "from:home-config" });
  const places: CredentialPlaces = {
    ...NOWHERE,
    registryAuthFile: join(dir, "registry-auth.json"),
    dockerConfig: join(dir, "docker"),
    home: join(dir, "home"),
    runtimeDir: join(dir, "run"),
  };
  const passwords = async (changes: Partial<CredentialPlaces>) => {
    const find = credentialsFromFiles({ ...places, ...changes });
    const found = await Promise.all(["a", "b", "c", "d", "e"].map((host) => find(host, "app")));
    return found.map((credentials) => credentials && "password" in credentials && credentials.password);
  };
  const none = join(dir, "none");
  const below = join(dir, "registry-auth.json/below");
  for (const [changes, expected] of [
    [{}, "registry-auth-file docker-config run run home-config"],
    [{ dockerConfig: undefined }, "registry-auth-file home home run home-config"],
    [{ dockerConfig: "" }, "registry-auth-file home home run home-config"],
    [{ registryAuthFile: none, dockerConfig: none }, "run run run run home-config"],
    [{ registryAuthFile: below }, "docker-config docker-config run run home-config"],
    [{ configHome: join(dir, "config") }, "registry-auth-file docker-config run run config"],
    [{ runtimeDir: "" }, "registry-auth-file docker-config  home-config home-config"],
  ] as const) {
    assert.equal((await passwords(changes)).join(" "), expected, JSON.stringify(changes));
  }
  assert.equal(await credentialsFromFiles(NOWHERE)("a", "app"), undefined);
});

test("where Podman writes without a session of its own", () => {
  const files = credentialFiles({ ...NOWHERE, home: "/home/me", uid: 1000 });
  assert.deepEqual(files, [
    "/home/me/.docker/config.json",
    "/run/containers/1000/auth.json",
    "/home/me/.config/containers/auth.json",
  ]);
  assert.deepEqual(credentialFiles({ ...NOWHERE, runtimeDir: "/run/user/1000", uid: 1000 }), [
    "/run/user/1000/containers/auth.json",
  ]);
});

test("a file is read once", async (t) => {
  const { file, find } = finder(t, { auths: { a: { auth: base64("x:y") } } });
  await find("a");
  writeFileSync(file, "{}");
  assert.deepEqual(await find("a"), { user: "x", password: "y" });
});

test("a broken file is named, and nothing of its content is told", async (t) => {
  const secret = base64("user:hunter2");
  for (const content of [
    `{"auths":{"a":{"auth":"${secret}"}}`,
    `auth = ${secret}`,
    JSON.stringify({ auths: { a: { auth: [secret] } } }),
    JSON.stringify({ auths: [secret] }),
    JSON.stringify([secret]),
    JSON.stringify({ auths: { a: { auth: base64("hunter2") } } }),
    JSON.stringify({ auths: { a: { auth: base64(":hunter2") } } }),
    JSON.stringify({ auths: { a: { auth: "!!hunter2!!" } } }),
    JSON.stringify({ auths: { a: { auth: secret } }, filler: "x".repeat(1024 * 1024) }),
  ]) {
    const { file, find } = finder(t, content);
    const error = await rejectsWith(find("a"), "forbidden", /format|base64 of USER:PASSWORD/);
    assert.equal(error.where, file);
    assert.doesNotMatch(allText(error), new RegExp(`hunter2|${secret}|${secret.slice(4, 12)}`));
  }
});

test("a folder in place of the file", async (t) => {
  const dir = tempDir(t);
  const error = await rejectsWith(credentialsFromFiles({ ...NOWHERE, registryAuthFile: dir })("a", "app"), "forbidden");
  assert.equal(error.where, dir);
});
