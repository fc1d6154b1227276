import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Value } from "@sinclair/typebox/value";
import { type CheckOptions, checkProject } from "../../lib/check/check.ts";
import { CheckReport } from "../../spec/check.ts";
import { failure, HEAD, project } from "../app/project.ts";

const QUIET = 'logging: {options: {max-size: 10m, max-file: "3"}}';
const BODY = `services: {one: {build: a}}\ncompose-override: {services: {one: {${QUIET}}}}\n`;
const FILES = { "auterion-app.yml": HEAD + BODY, "a/Dockerfile": "FROM scratch\nCOPY main /\n", "a/main": "x" };

/** What is found, as `severity code file:line message`, the file relative to the project. */
async function found(t: TestContext, files: Readonly<Record<string, string>>, options?: CheckOptions) {
  const dir = project(t, files);
  const report = await checkProject(dir, options);
  assert.ok(Value.Check(CheckReport, report));
  assert.equal(report.problems + report.warnings, report.findings.length);
  return report.findings.map(({ severity, code, where = "", message }) =>
    [severity, code, where.slice(dir.length + 1), message].filter(Boolean).join(" "),
  );
}

test("a project without faults and traps", async (t) => {
  assert.deepEqual(await found(t, FILES), []);
});

test("problems of several files and images are told at once, each once, in the order of their files", async (t) => {
  const files = {
    "auterion-app.yml": `${HEAD.replace("app-version: 1.0.0", "app-version: 1.0")}${BODY}`,
    "aircrate.yml": "images:\n  base: {context: ., dockerfile: Dockerfile.base}\n  other: {from: base, layer: []}\n",
  };
  assert.deepEqual(await found(t, files), [
    "problem AC013 aircrate.yml:3 unknown key `layer`: did you mean `layers`?",
    "problem AC003 auterion-app.yml:5 `app-version`: expected a text, found the number 1.0",
  ]);
  assert.deepEqual(
    await found(t, {
      "auterion-app.yml": `${HEAD}services: {one: {build: a}, two: {build: b}, three: {build: c}}\n`,
      "aircrate.yml": "images:\n  base: {context: ., dockerfile: Dockerfile.base}\n",
      "Dockerfile.base": "FROM scratch\nRUN apt-get update\nRUN make\n",
      "a/Dockerfile": "FROM base\nCOPY nope /\n",
      "b/Dockerfile": "FROM base\n",
      "c/Dockerfile": "FROM scratch\nCOPY nope *.py /\nEXPOSE 99999\n",
    }).then((lines) => lines.filter((line) => line.startsWith("problem"))),
    [
      "problem Dockerfile.base:2 RUN apt-get update: RUN executes programs of the image, and nothing is executed here",
      "problem Dockerfile.base:3 RUN make: RUN executes programs of the image, and nothing is executed here",
      "problem c/Dockerfile:2 there is no nope in the build context",
      "problem c/Dockerfile:2 there is no *.py in the build context",
      'problem c/Dockerfile:3 "99999" is no port',
    ],
  );
});

test("what is copied has to be there, as far as that is known without the base", async (t) => {
  const dockerfile = (text: string) => found(t, { ...FILES, "a/Dockerfile": text });
  assert.match((await dockerfile("FROM busybox\nCOPY main nope /\nCOPY $X /\n"))[0]!, /^problem a\/Dockerfile:2 /);
  assert.deepEqual(await dockerfile("FROM busybox\nENV X=main\nCOPY $X $Y /\n"), []);
  assert.match((await dockerfile("FROM scratch\nARG X=none\nCOPY $X /\n"))[0]!, /^problem a\/Dockerfile:3 .*none/);
  assert.match((await dockerfile("FROM scratch\nCOPY $X main /\n"))[0]!, /^warning a\/Dockerfile:2 .*X is not set/);
  assert.deepEqual(await dockerfile("FROM busybox AS one\nFROM one\nCOPY --from=one /nope main* /\n"), []);
  assert.match((await dockerfile("FROM busybox AS one\nFROM one\nADD gone /\n"))[0]!, /^problem a\/Dockerfile:3 /);
});

test("file trees, ignore files, settings and messages are looked at, too", async (t) => {
  const app = `${HEAD}services: {one: {build: a}}\nlogging: {msg-paths: [b]}\n`;
  const dir = project(t, {
    "auterion-app.yml": app,
    "aircrate.yml": "images:\n  one:\n    from: scratch\n    layers:\n    - copy: [{from: gone, to: /x}]\n",
  });
  const report = await checkProject(dir, { strict: true });
  const lines = report.findings.map(({ where, message }) => `${where!.slice(dir.length + 1)} ${message}`);
  assert.match(lines[0]!, /^aircrate\.yml:5 there is no gone/);
  assert.ok(lines.some((line) => /auterion-app\.yml:8 msg-paths: `b` cannot be used/.test(line)));
  assert.ok(report.findings.every(({ severity }) => severity === "problem"));

  rmSync(join(dir, "aircrate.yml"));
  symlinkSync("/etc/passwd", join(dir, "settings.default.env"));
  writeFileSync(join(dir, "a/Dockerfile"), "FROM scratch\nCOPY sub /\n");
  mkdirSync(join(dir, "a/sub"));
  writeFileSync(join(dir, "a/.dockerignore"), "[\n");
  const second = (await checkProject(dir)).findings.map(({ message }) => message);
  assert.ok(
    second.some((message) => /leads out of the project folder/.test(message)),
    second.join("\n"),
  );
});

test("a lock that does not fit, and one that cannot be read", async (t) => {
  const files = { ...FILES, "a/Dockerfile": "FROM busybox\n" };
  const [line, ...others] = await found(t, { ...files, "aircrate.lock": '{"version": 1, "images": {}}' });
  assert.match(
    line!,
    /^warning AC012 aircrate\.lock .*\/a\/Dockerfile:1: docker\.io\/library\/busybox:latest is not in/,
  );
  assert.deepEqual(others, []);
  assert.match((await found(t, { ...files, "aircrate.lock": "{}" }))[0]!, /^problem aircrate\.lock:1 missing key/);
});

test("no folder, nothing to build: those are no findings", async (t) => {
  assert.equal((await failure(checkProject("/nowhere/at/all"))).fault, "unreachable");
  assert.match((await failure(checkProject(project(t, {})))).message, /nothing to build/);
});
