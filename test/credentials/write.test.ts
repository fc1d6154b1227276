import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { credentialsFromFiles } from "../../lib/credentials/find.ts";
import { eraseCredentials, storeCredentials } from "../../lib/credentials/write.ts";
import { tempDir } from "../support/cleanup.ts";
import { credentialHelper } from "../support/credential-helper.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { requireRoot } from "../support/tools.ts";
import { base64, NOWHERE } from "./places.ts";

const LOGIN = { user: "me", password: "hunter2" };

test("a new file, for its owner's eyes only, with the name that Docker gives to its Hub", async (t) => {
  const home = tempDir(t);
  const places = { ...NOWHERE, home };
  const file = join(home, ".docker/config.json");
  const umask = process.umask(0);
  try {
    assert.deepEqual(await storeCredentials(places, "docker.io", LOGIN), { file });
    assert.deepEqual(await storeCredentials(places, "127.0.0.1:5000", LOGIN), { file });
  } finally {
    process.umask(umask);
  }
  const entry = { auth: base64("me:hunter2") };
  assert.deepEqual(read(file), { auths: { "https://index.docker.io/v1/": entry, "127.0.0.1:5000": entry } });
  assert.equal(mode(file), 0o600);
  assert.equal(mode(join(home, ".docker")), 0o700);
  assert.deepEqual(readdirSync(join(home, ".docker")), ["config.json"]);
  assert.deepEqual(await credentialsFromFiles(places)("docker.io", "a"), LOGIN);
  const token = { ...LOGIN, identityToken: "refresh" };
  await storeCredentials(places, "127.0.0.1:5000", token);
  assert.deepEqual(await credentialsFromFiles(places)("127.0.0.1:5000", "a"), { identityToken: "refresh" });
  assert.deepEqual(read(file).auths["127.0.0.1:5000"], { auth: base64("me:"), identitytoken: "refresh" });
});

test("REGISTRY_AUTH_FILE, then DOCKER_CONFIG, then the home folder; without any there is no place", async (t) => {
  const dir = tempDir(t);
  const places = { ...NOWHERE, home: dir, dockerConfig: join(dir, "d"), registryAuthFile: join(dir, "r/auth.json") };
  const place = async (changes: object) => (await storeCredentials({ ...places, ...changes }, "a.example", LOGIN)).file;
  assert.equal(await place({}), join(dir, "r/auth.json"));
  assert.equal(await place({ registryAuthFile: "" }), join(dir, "d/config.json"));
  assert.equal(await place({ registryAuthFile: "", dockerConfig: "" }), join(dir, ".docker/config.json"));
  await rejectsWith(storeCredentials(NOWHERE, "a.example", LOGIN), "usage", /no home folder/, /REGISTRY_AUTH_FILE/);
});

test("other keys, entries and their order stay; the file may be a link", async (t) => {
  const dir = tempDir(t);
  const file = join(dir, "real.json");
  const before = {
    psFormat: "table",
    auths: { "z.example": { auth: base64("z:z"), email: "z@example" }, "a.example": { auth: base64("old:old") } },
    HttpHeaders: { "User-Agent": "x" },
    aliases: [1.5, null, "ü"],
  };
  writeFileSync(file, JSON.stringify(before));
  chmodSync(file, 0o644);
  symlinkSync("real.json", join(dir, "link.json"));
  const places = { ...NOWHERE, registryAuthFile: join(dir, "link.json") };
  const entry = { auth: base64("me:hunter2") };

  await storeCredentials(places, "a.example", LOGIN);
  await storeCredentials(places, "m.example", LOGIN);
  const auths = { ...before.auths, "a.example": entry, "m.example": entry };
  assert.equal(readFileSync(file, "utf8"), `${JSON.stringify({ ...before, auths }, null, "\t")}\n`);
  assert.equal(mode(file), 0o600);

  assert.deepEqual(await eraseCredentials(places, "a.example"), { file: join(dir, "link.json"), erased: true });
  await eraseCredentials(places, "m.example");
  const left = { ...before, auths: { "z.example": before.auths["z.example"] } };
  assert.equal(readFileSync(file, "utf8"), `${JSON.stringify(left, null, "\t")}\n`);
  const { ino } = statSync(file);
  assert.deepEqual(await eraseCredentials(places, "m.example"), { file: join(dir, "link.json"), erased: false });
  assert.equal(statSync(file).ino, ino);
  assert.deepEqual(
    readdirSync(dir, { withFileTypes: true })
      .map((e) => [e.name, e.isSymbolicLink()])
      .sort(),
    [
      ["link.json", true],
      ["real.json", false],
    ],
  );
});

test("a link to a file that is not there yet", async (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, "a"));
  symlinkSync("../b/second", join(dir, "a/first"));
  mkdirSync(join(dir, "b"));
  symlinkSync("new.json", join(dir, "b/second"));
  await storeCredentials({ ...NOWHERE, registryAuthFile: join(dir, "a/first") }, "a.example", LOGIN);
  assert.ok(Object.hasOwn(read(join(dir, "b/new.json")).auths, "a.example"));
});

test("the file of another user stays his, for root", async (t) => {
  if (!requireRoot(t)) return;
  const file = join(tempDir(t), "config.json");
  writeFileSync(file, "{}");
  chownSync(file, 1234, 1234);
  await storeCredentials({ ...NOWHERE, registryAuthFile: file }, "a.example", LOGIN);
  assert.deepEqual([statSync(file).uid, statSync(file).gid, mode(file)], [1234, 1234, 0o600]);
});

test("all keys of a host are erased, those of its repositories and of other hosts are not", async (t) => {
  const file = join(tempDir(t), "config.json");
  const entry = { auth: base64("a:b") };
  const keys = [
    "a.example",
    "https://a.example",
    "http://a.example/v2/",
    "a.example/team",
    "a.example:80",
    "docker.io",
  ];
  const hub = ["https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];
  const auths = Object.fromEntries([...keys, ...hub].map((key) => [key, entry]));
  writeFileSync(file, JSON.stringify({ auths }));
  const places = { ...NOWHERE, registryAuthFile: file };
  await eraseCredentials(places, "a.example");
  assert.deepEqual(Object.keys(read(file).auths), ["a.example/team", "a.example:80", "docker.io", ...hub]);
  await eraseCredentials(places, "docker.io");
  assert.deepEqual(Object.keys(read(file).auths), ["a.example/team", "a.example:80"]);
});

test("nothing is written where there is nothing to erase, or where the file is broken", async (t) => {
  const dir = tempDir(t);
  const places = { ...NOWHERE, dockerConfig: join(dir, "none") };
  assert.equal((await eraseCredentials(places, "a.example")).erased, false);
  assert.deepEqual(readdirSync(dir), []);
  const file = join(dir, "config.json");
  writeFileSync(file, '{"auths":');
  await rejectsWith(storeCredentials({ ...NOWHERE, dockerConfig: dir }, "a.example", LOGIN), "forbidden", /format/);
  assert.equal(readFileSync(file, "utf8"), '{"auths":');
});

test("a place that cannot be written to is named, without the credentials", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "file"), "");
  for (const registryAuthFile of [join(dir, "file/config.json"), "/proc/none/config.json"]) {
    const failed = storeCredentials({ ...NOWHERE, registryAuthFile }, "a.example", LOGIN);
    const error = await rejectsWith(failed, "unreachable", /cannot be written/, /REGISTRY_AUTH_FILE/);
    assert.equal(error.where, registryAuthFile);
    assert.doesNotMatch(allText(error), /hunter2|bWU6/);
  }
});

test("where the file names a helper, that keeps them, and the file has an empty entry, as Docker leaves it", async (t) => {
  const keeper = credentialHelper(t, "keeper");
  const file = join(tempDir(t), "config.json");
  const places = { ...NOWHERE, registryAuthFile: file, environment: keeper.env };
  writeFileSync(file, JSON.stringify({ credHelpers: { "a.example": "keeper" } }));
  const place = { file, helper: "docker-credential-keeper" };
  assert.deepEqual(await storeCredentials(places, "a.example", LOGIN), place);
  assert.deepEqual(keeper.kept("a.example"), { ServerURL: "a.example", Username: "me", Secret: "hunter2" });
  assert.deepEqual(read(file), { credHelpers: { "a.example": "keeper" }, auths: { "a.example": {} } });
  assert.deepEqual(await storeCredentials(places, "b.example", LOGIN), { file });
  assert.deepEqual(await credentialsFromFiles(places)("a.example", "x"), LOGIN);

  assert.deepEqual(await eraseCredentials(places, "a.example"), { ...place, erased: true });
  assert.deepEqual(await eraseCredentials(places, "a.example"), { ...place, erased: false });
  assert.deepEqual(Object.keys(read(file).auths), ["b.example"]);
  assert.equal(await credentialsFromFiles(places)("a.example", "x"), undefined);
});

test("a helper that does not take them leaves the file as it is", async (t) => {
  const failing = credentialHelper(t, "failing", "cat; exit 1");
  const file = join(tempDir(t), "config.json");
  writeFileSync(file, '{"credsStore":"failing"}');
  const places = { ...NOWHERE, registryAuthFile: file, environment: failing.env };
  const error = await rejectsWith(storeCredentials(places, "a.example", LOGIN), "forbidden", /status 1 on store/);
  assert.doesNotMatch(allText(error), /hunter2/);
  assert.equal(readFileSync(file, "utf8"), '{"credsStore":"failing"}');
});

function read(file: string) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function mode(file: string): number {
  return statSync(file).mode & 0o777;
}
