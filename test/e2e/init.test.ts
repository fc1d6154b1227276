import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { aircrateFor, PROGRAM } from "../support/aircrate.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { run, runOk } from "../support/run.ts";
import { onTerminal } from "../support/terminal.ts";
import { requireTool } from "../support/tools.ts";

test("init, check, build: nothing is asked, and the package is valid", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const made = await aircrate.run(["init", "my-app"]);
  assert.equal(made.status, 0, made.stderr);
  assert.equal(made.stderr, "");
  assert.match(made.stdout, /^my-app\/auterion-app\.yml\n/);
  assert.match(made.stdout, /\nnext: aircrate check my-app; aircrate build my-app\n$/);
  const checked = await aircrate.run(["check", "my-app", "--strict"]);
  assert.deepEqual(checked, { status: 0, stdout: "my-app: ok\n", stderr: "" });
  const report = await aircrate.build(["my-app", "--strict", ...mirror(registry)]);
  assert.deepEqual([report.warnings, report.app?.slug], [[], "com.example.my-app"]);
  if (requireTool(t, "mender-artifact")) await runOk("mender-artifact", ["validate", join(dir, report.file)]);

  const again = await aircrate.run(["init", "my-app"]);
  assert.equal(again.status, 3);
  assert.match(again.stderr, /^aircrate: my-app: there is a project already, and nothing is overwritten\n/);
});

test("the program of the new application runs until it is told to stop", async (t) => {
  if (!requireTool(t, "python3")) return;
  const dir = tempDir(t);
  await aircrateFor(t, { cwd: dir }).run(["init", ".", "--name", "hello"]);
  const env = { ...process.env, PERIOD_SECONDS: "0.05", PYTHONUNBUFFERED: "1" };
  const child = spawn("python3", [join(dir, "src/hello/main.py")], { env, stdio: ["ignore", "pipe", "inherit"] });
  onCleanup(t, () => void child.kill("SIGKILL"));
  let seen = "";
  for await (const chunk of child.stdout) {
    seen += chunk;
    // Once: Python gives its handlers back while it ends, and a second signal would kill it.
    if (seen.includes("number 2\n") && !child.killed) child.kill("SIGTERM");
  }
  const [status] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  assert.equal(status, 0);
  assert.match(seen, /^Hello number 1\nHello number 2\n/);
});

test("on a terminal name and author are asked for, until they are legal", async (t) => {
  if (!requireTool(t, "script")) return;
  const dir = join(tempDir(t), "folder");
  const answers = [
    [/Name of the application \[folder\]: /, "My App\r"],
    [/Name of the application \[folder\]: /, "gallery\r"],
    [/author, as a reverse domain name \[com\.example\]: /, "\r"],
  ] as const;
  const { status, seen } = await onTerminal(t, ["init", dir], { answers, home: tempDir(t) });
  assert.equal(status, 0, seen);
  assert.match(seen, /a name has up to 40 lower-case letters/);
  assert.match(readFileSync(join(dir, "auterion-app.yml"), "utf8"), /\napp-name: gallery\napp-author: com\.example\n/);
  const refused = await run(process.execPath, [PROGRAM, "init", dir, "--name", "A"]);
  assert.equal(refused.status, 3, "the folder counts first");
  assert.ok(existsSync(join(dir, "src/gallery/main.py")));
});
