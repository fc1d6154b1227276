import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { deviceServer } from "../device/device-server.ts";
import { tempDir } from "../support/cleanup.ts";
import { PASSWORD, type Registry, USER } from "../support/registry.ts";
import { registryFor } from "../support/seed.ts";
import { type Answer, onTerminal } from "../support/terminal.ts";
import { requireTool } from "../support/tools.ts";

test("on a terminal, user name and password are asked for, and the password is not shown", async (t) => {
  const registry = requireTool(t, "script") ? await registryFor(t, { mode: "basic" }) : undefined;
  if (registry === undefined) return;
  const home = tempDir(t);
  const file = join(home, ".docker/config.json");

  const stopped = await logIn(t, registry, { home, password: `${PASSWORD}\x03` });
  assert.equal(stopped.status, 130, stopped.seen);
  assert.match(stopped.seen, /stopped by SIGINT/);
  const ended = await logIn(t, registry, { home, password: "\x04" });
  assert.equal(ended.status, 2, ended.seen);
  assert.match(ended.seen, /the input ended/);
  assert.equal(existsSync(file), false);

  // With a slip of the finger that is taken back.
  const done = await logIn(t, registry, { home, password: `${PASSWORD}x\x7f\r` });
  assert.equal(done.status, 0, done.seen);
  assert.match(done.seen, /logged in to 127/);
  const auth = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { auths: { [registry.host]: { auth } } });
  for (const { seen } of [stopped, ended, done]) {
    assert.match(seen, new RegExp(`User name: .*${USER}`));
    assert.ok(!seen.includes(PASSWORD.slice(0, 7)), seen);
  }

  const named = [...["login", registry.host, "-u"], USER];
  const again = await onTerminal(t, named, { home, answers: [[/Password: /, `${PASSWORD}\r`]] });
  assert.equal(again.status, 0, again.seen);
  assert.doesNotMatch(again.seen, /User name/);
});

function logIn(t: TestContext, registry: Registry, { home, password }: { home: string; password: string }) {
  const answers: Answer[] = [
    [/User name: /, `${USER}\r`],
    [/Password: /, password],
  ];
  return onTerminal(t, ["login", registry.host], { home, answers });
}

test("on a terminal, the password of a device is asked for when it wants it", async (t) => {
  if (!requireTool(t, "script")) return;
  const update = "POST /api/local-updater/v1.0/update";
  const login = "POST /api/sysinfo/v1.0/login";
  const replies = { "GET /api/local-updater/v1.0/ping": {}, [login]: {}, [update]: [{ status: 401 }, { body: {} }] };
  const home = tempDir(t);
  const file = join(home, "app.auterionos");
  writeFileSync(file, Buffer.alloc(1_000_000));
  const install = async (typed: string) => {
    const { address, requests } = await deviceServer(t, replies);
    const args = ["install", file, "--no-verify", "--device", address];
    const done = await onTerminal(t, args, { home, answers: [[/Password of the device: /, typed]] });
    return { ...done, requests };
  };
  const done = await install(`${PASSWORD}\r`);
  assert.equal(done.status, 0, done.seen);
  assert.match(done.seen, /^sending to 127\.0\.0\.1:\d+, updater v1\.0\r?$/m);
  assert.match(done.seen, /installed on 127\.0\.0\.1:\d+\r?\n1\.0 MB sent in /);
  assert.ok(!done.seen.includes(PASSWORD.slice(0, 7)), done.seen);
  const { body } = done.requests.find(({ line }) => line === login)!;
  assert.deepEqual(JSON.parse(body.toString()), { password: PASSWORD });

  const stopped = await install("\x03");
  assert.equal(stopped.status, 130, stopped.seen);
  assert.ok(!stopped.requests.some(({ line }) => line === login));
});
