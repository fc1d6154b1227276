import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAppManifest } from "../../lib/app/manifest.ts";
import { checkProject } from "../../lib/check/check.ts";
import { authorFault, initProject, nameFault, nameFor } from "../../lib/init/init.ts";
import { failure } from "../app/project.ts";
import { tempDir } from "../support/cleanup.ts";

test("what is written is a project without faults and traps, whatever its name", async (t) => {
  for (const [name, author] of [
    ["app", "com.example"],
    ["a", "a"],
    ["my-app_2", "org.my-team.sub_team2"],
    ["n".repeat(40), `com.${"a".repeat(36)}`],
  ] as const) {
    const dir = join(tempDir(t), "deep/new");
    const written = await initProject(dir, { name, author });
    assert.deepEqual(
      written.map((file) => file.slice(dir.length + 1)),
      ["auterion-app.yml", `src/${name}/Dockerfile`, `src/${name}/main.py`, "settings.default.env"],
    );
    assert.deepEqual((await checkProject(dir, { strict: true })).findings, []);
    const manifest = await readAppManifest(dir);
    assert.deepEqual([manifest.slug, manifest.deviceTypes], [`${author}.${name}`, ["skynode", "skynode-s"]]);
  }
});

test("nothing is overwritten, and then nothing is written", async (t) => {
  for (const taken of ["auterion-app.yml", "aircrate.yml", "app.yml", "settings.default.env", "src/app/main.py"]) {
    const dir = tempDir(t);
    mkdirSync(join(dir, "src/app"), { recursive: true });
    writeFileSync(join(dir, taken), "");
    const before = readdirSync(dir, { recursive: true });
    const error = await failure(initProject(dir, { name: "app", author: "com.example" }));
    assert.equal(error.fault, "input");
    assert.deepEqual(error.reason, [`${taken} exists`]);
    assert.deepEqual(readdirSync(dir, { recursive: true }), before);
  }
});

test("what is in the folder besides does not matter", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "README.md"), "");
  await initProject(dir, { name: "app", author: "com.example" });
  assert.ok(existsSync(join(dir, "src/app/Dockerfile")));
});

test("names and authors", async (t) => {
  for (const name of ["", "A", "-a", "a-", "a b", "a.b", "a/b", "a___b", "n".repeat(41)])
    assert.ok(nameFault(name), name);
  for (const author of ["", "Com", "com.", "com..b", "com.3dr", "com.b-", "com/b"])
    assert.ok(authorFault(author), author);
  const names = ["/x/My App", "/x/...", "/x/foo_bar", `/x/${"a".repeat(39)}.b`, "/"].map(nameFor);
  assert.deepEqual(names, ["my-app", "app", "foo-bar", "a".repeat(39), "app"]);
  for (const name of names) assert.equal(nameFault(name), undefined);
  const error = await failure(initProject(tempDir(t), { name: "A", author: "com.example" }));
  assert.equal(error.fault, "usage");
});

test("a place that cannot be written to", async (t) => {
  const file = join(tempDir(t), "file");
  writeFileSync(file, "");
  const error = await failure(initProject(file, { name: "app", author: "com.example" }));
  assert.equal(error.fault, "unreachable");
});
