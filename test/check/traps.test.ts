import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkProject } from "../../lib/check/check.ts";
import { TRAPS } from "../../spec/traps.ts";
import { HEAD, project } from "../app/project.ts";
import { projectDir } from "../support/tools.ts";

const QUIET = 'logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}';
const SERVICE = `services:\n  one:\n    build: a\n`;
const OVERRIDE = `compose-override:\n  services:\n    one:\n      ${QUIET}\n`;
const DOCKERFILE = "FROM scratch\nCOPY Dockerfile /\n";

interface Case {
  readonly name: string;
  readonly manifest: string;
  readonly files?: Readonly<Record<string, string>>;
  /** `severity code line`, of each finding. */
  readonly found: readonly string[];
}

const head = (from: string, to: string) => HEAD.replace(from, to) + SERVICE + OVERRIDE;

const CASES: readonly Case[] = [
  { name: "nothing", manifest: HEAD + SERVICE + OVERRIDE, found: [] },
  { name: "API version 7", manifest: head("version: 3", "version: 7"), found: ["warning AC001 1"] },
  { name: "API version 6", manifest: head("version: 3", "version: 6"), found: [] },
  { name: "skynode-s as a text", manifest: head(": skynode", ": skynode-s"), found: ["warning AC002 6"] },
  { name: "skynode-s in a list", manifest: head(": skynode", ": [skynode, skynode-s]"), found: [] },
  { name: "a version that is a number", manifest: head("1.0.0", "1.0"), found: ["problem AC003 5"] },
  { name: "a version that is a number for others", manifest: head("1.0.0", "1234e56"), found: ["warning AC003 5"] },
  { name: "the same in quotes", manifest: head("1.0.0", '"1234e56"'), found: [] },
  { name: "a version that is a truth value", manifest: head("1.0.0", "on"), found: ["problem AC003 5"] },
  { name: "a version that is no tag", manifest: head("1.0.0", "1.0+git"), found: ["problem AC004 5"] },
  {
    name: "two architectures",
    manifest: head(": skynode", ": [skynode, simulation]"),
    found: ["problem AC005 6"],
  },
  { name: "a base that nothing is built on", manifest: head(": none", ": v2"), found: ["warning AC006 2"] },
  {
    name: "a base that one is built on",
    manifest: head(": none", ": v2"),
    files: { "a/Dockerfile": "FROM auterion/app-base:v2 AS x\nFROM x\nCOPY Dockerfile /\n" },
    found: [],
  },
  {
    name: "a base that is only copied from",
    manifest: head(": none", ": v2"),
    files: { "a/Dockerfile": "FROM scratch\nCOPY --from=auterion/app-base:v2 /etc/passwd /\n" },
    found: ["warning AC006 2"],
  },
  {
    name: "a base by digest",
    manifest: head(": none", ": v2"),
    files: { "a/Dockerfile": `FROM auterion/app-base@sha256:${"0".repeat(64)}\n` },
    found: [],
  },
  {
    name: "built on the base without saying so",
    manifest: HEAD + SERVICE + OVERRIDE,
    files: { "a/Dockerfile": "FROM auterion/app-base:v2\n" },
    found: ["warning AC007 8"],
  },
  {
    name: "built on another version",
    manifest: head(": none", ": v1"),
    files: { "a/Dockerfile": "FROM auterion/app-base:v2\n" },
    found: ["warning AC006 2", "warning AC007 8"],
  },
  {
    name: "built on what no manifest can name",
    manifest: HEAD + SERVICE + OVERRIDE,
    files: { "a/Dockerfile": "FROM auterion/app-base:latest\n" },
    found: ["warning AC007 8"],
  },
  {
    name: "an unknown service",
    manifest: `${HEAD}${SERVICE}compose-override: {services: {oen: {${QUIET}}}}\n`,
    found: ["problem AC008 10"],
  },
  { name: "a log without limit", manifest: HEAD + SERVICE, found: ["warning AC009 8"] },
  {
    name: "a log with a driver and no limit",
    manifest: HEAD + SERVICE + OVERRIDE.replace("max-size: 10m, ", ""),
    found: ["warning AC009 13"],
  },
  {
    name: "a driver that rotates",
    manifest: HEAD + SERVICE + OVERRIDE.replace(QUIET, "logging: {driver: local}"),
    found: [],
  },
  ...["/data/www", "/data", "/data/../data/x"].map((root) => ({
    name: `static-root ${root}`,
    manifest: `${HEAD}${SERVICE}    http: {/: {static-root: ${root}}}\n${OVERRIDE}`,
    found: [],
  })),
  ...["/var/www", "data/www", "/data/../www", "/database"].map((root) => ({
    name: `static-root ${root}`,
    manifest: `${HEAD}${SERVICE}    http: {/: {static-root: ${root}}}\n${OVERRIDE}`,
    found: ["warning AC010 10"],
  })),
  {
    name: "a message path without messages",
    manifest: `${HEAD}${SERVICE}${OVERRIDE}logging:\n  msg-paths:\n  - full\n  - bare\n`,
    files: { "full/msg/A.msg": "", "bare/msg/A.txt": "" },
    found: ["warning AC011 17"],
  },
  { name: "an unknown key", manifest: `${HEAD}color: red\n${SERVICE}${OVERRIDE}`, found: ["warning AC013 7"] },
  {
    name: "several at once, also when the manifest is wrong",
    manifest: head("1.0.0", "1.0").replace("version: 3", "version: 7").replace(": skynode", ": skynode-s"),
    found: ["warning AC001 1", "problem AC003 5", "warning AC002 6"],
  },
];

for (const { name, manifest, files = {}, found } of CASES) {
  test(`${name}: ${found.join(", ") || "nothing is found"}`, async (t) => {
    assert.deepEqual(await check(t, { "a/Dockerfile": DOCKERFILE, "auterion-app.yml": manifest, ...files }), found);
  });
}

test("every trap has a test, a hint and a place in the README", async (t) => {
  const readme = readFileSync(join(projectDir(), "README.md"), "utf8");
  const tested = new Set(CASES.flatMap(({ found }) => found.map((one) => one.split(" ")[1])));
  for (const code of Object.keys(TRAPS)) {
    assert.match(readme, new RegExp(`^\\| ${code} \\|`, "m"));
    // The lock has its own test.
    if (code !== "AC012") assert.ok(tested.has(code), code);
  }
  assert.equal(readme.match(/^\| AC[0-9]+ \|/gm)?.length, Object.keys(TRAPS).length);
  for (const { manifest, files = {} } of CASES) {
    const dir = project(t, { "a/Dockerfile": DOCKERFILE, "auterion-app.yml": manifest, ...files });
    for (const { code, message, hint } of (await checkProject(dir)).findings) {
      if (code === "AC004" || code === "AC013") assert.match(message, /expected|known/);
      else assert.ok(hint.length > 0, code);
    }
  }
});

test("what is built on a base that no manifest can name is not told to name it", async (t) => {
  const { findings } = await checkProject(
    project(t, {
      "auterion-app.yml": HEAD + SERVICE + OVERRIDE,
      "a/Dockerfile": "FROM auterion/app-base:latest\n",
    }),
  );
  assert.match(findings[0]!.hint.join(), /^build it on a version such as auterion\/app-base:v2/);
});

async function check(t: TestContext, files: Readonly<Record<string, string>>): Promise<string[]> {
  const { findings } = await checkProject(project(t, files));
  return findings.map(({ severity, code, where }) => [severity, code, /[0-9]+$/.exec(where ?? "")?.[0]].join(" "));
}
