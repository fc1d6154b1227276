import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { credentialsFromFiles } from "../../lib/credentials/find.ts";
import { askHelper, eraseInHelper, storeInHelper } from "../../lib/credentials/helper.ts";
import { tempDir } from "../support/cleanup.ts";
import { credentialHelper } from "../support/credential-helper.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { base64, NOWHERE } from "./places.ts";

const SECRET = "hunter2-Xq7";

/** Finds in one file with this content, where helpers are those of the environment. */
function finder(t: TestContext, content: object, environment: Record<string, string>) {
  const file = join(tempDir(t), "config.json");
  writeFileSync(file, JSON.stringify(content));
  return credentialsFromFiles({ ...NOWHERE, registryAuthFile: file, environment });
}

/** A helper that is this script. */
function scripted(t: TestContext, body: string) {
  return { name: "test", file: "config.json", environment: credentialHelper(t, "test", body).env, patience: 10_000 };
}

test("what is stored is found again, under the name that Docker uses, until it is erased", async (t) => {
  const keeper = credentialHelper(t, "keeper");
  const helper = { name: "keeper", file: "config.json", environment: keeper.env };
  const credentials = { user: "me", password: 'quote" back\\slash ü' };
  for (const [host, server] of [
    ["r.example:5000", "r.example:5000"],
    ["docker.io", "https://index.docker.io/v1/"],
  ] as const) {
    assert.equal(await askHelper(helper, host), undefined);
    await storeInHelper(helper, host, credentials);
    assert.deepEqual(keeper.kept(server), { ServerURL: server, Username: "me", Secret: credentials.password });
    assert.deepEqual(await askHelper(helper, host), credentials);
    await storeInHelper(helper, host, { identityToken: SECRET });
    assert.deepEqual(keeper.kept(server), { ServerURL: server, Username: "<token>", Secret: SECRET });
    assert.deepEqual(await askHelper(helper, host), { identityToken: SECRET });
    assert.equal(await eraseInHelper(helper, host), true);
    assert.equal(await eraseInHelper(helper, host), false);
  }
  assert.deepEqual(
    keeper.calls().filter((call) => call.startsWith("get")),
    ["r.example:5000", "https://index.docker.io/v1/"].flatMap((server) => Array(3).fill(`get ${server}`)),
  );
});

test("credHelpers before credsStore before auths, each asked once", async (t) => {
  const special = credentialHelper(t, "special");
  const general = credentialHelper(t, "general");
  const environment = { PATH: `${special.env.PATH}:${general.env.PATH}` };
  const store = (name: string, host: string) =>
    storeInHelper({ name, file: "", environment }, host, { user: name, password: host });
  await store("special", "a.example");
  await store("general", "a.example");
  await store("general", "b.example");
  await store("special", "docker.io");
  const find = finder(
    t,
    {
      auths: Object.fromEntries(
        ["a", "b", "c", "d", "e"].map((name) => [`${name}.example`, { auth: base64("file:f") }]),
      ),
      credHelpers: { "a.example": "special", "docker.io": "special", "d.example": "", "e.example": "special" },
      credsStore: "general",
    },
    environment,
  );
  const users = async (...hosts: string[]) => {
    const found = await Promise.all(hosts.map((host) => find(host, "team/app")));
    return found.map((credentials) => credentials && "user" in credentials && credentials.user);
  };
  const hosts = ["a.example", "b.example", "c.example", "d.example", "e.example", "docker.io", "f.example"];
  const expected = ["special", "general", "file", "file", "file", "special", undefined];
  assert.deepEqual(await users(...hosts), expected);
  assert.deepEqual(await users(...hosts), expected);
  const asked = (calls: string[]) => calls.filter((call) => call.startsWith("get")).sort();
  assert.deepEqual(asked(special.calls()), ["get a.example", "get e.example", "get https://index.docker.io/v1/"]);
  assert.deepEqual(asked(general.calls()), ["get b.example", "get c.example", "get f.example"]);
});

test("a helper that is missing is named, with its file", async (t) => {
  const find = finder(t, { credsStore: "not-there" }, { PATH: tempDir(t) });
  const error = await rejectsWith(
    find("r.example", "a"),
    "forbidden",
    /docker-credential-not-there/,
    /no such program in PATH/,
    /credsStore and credHelpers/,
  );
  assert.match(error.where ?? "", /config\.json$/);
});

test("a helper that fails, or answers what nobody understands, is named, and nothing of its answer is told", async (t) => {
  for (const [body, reason] of [
    [`echo '{"Username":"me","Secret":"${SECRET}"'`, /not the JSON document/],
    [`echo '{"Username":"me","Secret":["${SECRET}"]}'`, /not the JSON document/],
    [`echo '{"Secret":"${SECRET}"}'`, /not the JSON document/],
    [`echo '"${SECRET}"'`, /not the JSON document/],
    ["exit 0", /not the JSON document/],
    [`echo ${SECRET}; echo ${SECRET} >&2; exit 3`, /ends with status 3 on get/],
    [`kill -TERM $$`, /ends with SIGTERM on get/],
    [`exec head -c 2000000 /dev/zero`, /larger than 1048576 bytes/],
  ] as const) {
    const failed = askHelper(scripted(t, body), "r.example");
    const error = await rejectsWith(failed, "forbidden", /docker-credential-test/, reason);
    assert.doesNotMatch(allText(error), /hunter2/);
  }
});

test("an answer without name and secret is none", async (t) => {
  const empty = scripted(t, `echo '{"ServerURL":"r.example","Username":"","Secret":""}'`);
  assert.equal(await askHelper(empty, "r.example"), undefined);
});

test("a helper that hangs is killed", async (t) => {
  const pidFile = join(tempDir(t), "pid");
  const hanging = { ...scripted(t, `echo $$ > ${pidFile}; exec sleep 60`), patience: 700 };
  await rejectsWith(
    askHelper(hanging, "r.example"),
    "forbidden",
    /docker-credential-test/,
    /no answer .* within 0.7 s/,
  );
  const pid = Number(readFileSync(pidFile, "utf8"));
  for (const deadline = Date.now() + 5000; isRunning(pid); ) {
    assert.ok(Date.now() < deadline, "it still runs");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test("a child of the helper that holds its output open is not waited for", async (t) => {
  const hanging = { ...scripted(t, "sleep 3 & exit 0"), patience: 300 };
  const start = performance.now();
  await rejectsWith(askHelper(hanging, "r.example"), "forbidden", /no answer/);
  assert.ok(performance.now() - start < 2500);
});

test("the name of a helper is not a path, and nothing is run for one that is", async (t) => {
  const { env } = credentialHelper(t, "x");
  for (const name of ["../x", "/bin/sh", "a/b", "a\\b", ".x", "-x", "x;id", "x y", "x\0", "$x"]) {
    const find = finder(t, { credHelpers: { "r.example": name } }, env);
    await rejectsWith(find("r.example", "a"), "forbidden", /not a plain name/);
  }
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
