import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { onCleanup, tempDir } from "./cleanup.ts";
import { startDaemon } from "./daemon.ts";
import { run, runOk } from "./run.ts";
import { findTool, freePort, PACKAGES, projectDir, requireThat, requireTool } from "./tools.ts";

function setRequired(t: TestContext, value: string | undefined): void {
  const before = process.env.AIRCRATE_REQUIRE_TOOLS;
  const set = (to: string | undefined) => {
    if (to === undefined) delete process.env.AIRCRATE_REQUIRE_TOOLS;
    else process.env.AIRCRATE_REQUIRE_TOOLS = to;
  };
  set(value);
  onCleanup(t, () => set(before));
}

function setPath(t: TestContext, value: string): void {
  const before = process.env.PATH;
  process.env.PATH = value;
  onCleanup(t, () => {
    process.env.PATH = before;
  });
}

test("a missing tool skips with its package, or fails where tools are required", (t) => {
  const reasons: string[] = [];
  const context = { skip: (reason: string) => reasons.push(reason) };
  setPath(t, tempDir(t));
  setRequired(t, undefined);
  assert.equal(requireTool(context, "skopeo", "xz"), false);
  assert.deepEqual(reasons, ["not installed: skopeo (Debian package skopeo), xz (Debian package xz-utils)"]);
  setRequired(t, "1");
  assert.throws(() => requireTool(context, "skopeo"), /AIRCRATE_REQUIRE_TOOLS=1, but not installed: skopeo/);
  assert.equal(reasons.length, 1);
  assert.equal(requireThat(context, undefined), true);
});

test("only tools whose package is known can be asked for", () => {
  assert.throws(() => findTool("no-such-tool"), /not in the table/);
});

test(".ci/run installs every package that a test may ask for", () => {
  const words = new Set(readFileSync(join(projectDir(), ".ci/run"), "utf8").split(/\s+/));
  for (const name of PACKAGES.values()) assert.ok(words.has(name), name);
});

test("run gives status and output, passes input and environment", async () => {
  const done = await run("sh", ["-c", 'cat; echo "$A" "$HOME" >&2; exit 3'], {
    input: "in",
    env: { A: "a", HOME: undefined },
  });
  assert.deepEqual(done, { status: 3, stdout: "in", stderr: "a \n" });
  await assert.rejects(runOk("sh", ["-c", "echo why >&2; exit 1"]), /exit status 1\nwhy/);
  await assert.rejects(run("/nonexistent/tool", []), /ENOENT/);
});

test("run ends a command that takes too long, and its children", async (t) => {
  const file = join(tempDir(t), "pid");
  await assert.rejects(run("sh", ["-c", `sleep 60 & echo $! > ${file}; wait`], { timeout: 300 }), /not done after 300/);
  const child = Number(readFileSync(file, "utf8"));
  await waitUntil(() => !isRunning(child));
});

test("clean-up goes backwards and goes on after a fault", async () => {
  const order: number[] = [];
  const hooks: (() => unknown)[] = [];
  const context = { after: (hook: () => unknown) => hooks.push(hook) } as unknown as TestContext;
  const dir = tempDir(context);
  mkdirSync(join(dir, "a/b"), { recursive: true });
  onCleanup(context, () => {
    order.push(1);
  });
  onCleanup(context, () => {
    order.push(2);
    throw new Error("two");
  });
  await assert.rejects(Promise.resolve(hooks[0]?.()), /two/);
  assert.deepEqual(order, [2, 1]);
  assert.equal(hooks.length, 1);
  assert.equal(existsSync(dir), false);
});

test("a daemon is ready when it says so, and gone after stop", async (t) => {
  const logFile = join(tempDir(t), "log");
  const daemon = await startDaemon("sh", ["-c", "sleep 0.1; sleep 60 & echo child $!; wait"], {
    logFile,
    ready: (log) => log.includes("child"),
  });
  const child = Number(daemon.log().split(" ")[1]);
  assert.ok(isRunning(daemon.pid) && isRunning(child));
  await Promise.all([daemon.stop(), daemon.stop()]);
  assert.equal(isRunning(daemon.pid), false);
  await waitUntil(() => !isRunning(child));
});

test("a daemon that ends or never gets ready is an error with its log", async (t) => {
  const logFile = join(tempDir(t), "log");
  const options = { logFile, ready: () => false, timeout: 300 };
  await assert.rejects(startDaemon("sh", ["-c", "echo broken; exit 7"], options), /status 7\nbroken/);
  writeFileSync(logFile, "");
  await assert.rejects(startDaemon("sleep", ["60"], options), /not ready after 300 ms/);
  await assert.rejects(startDaemon("/nonexistent/daemon", [], options), /ENOENT/);
});

test("a free port is one on loopback", async () => {
  const port = await freePort();
  assert.ok(port > 1023 && port < 65536);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that init has not waited for yet has ended, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function waitUntil(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5000; !condition(); ) {
    assert.ok(Date.now() < deadline, "condition not met within 5 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
