import assert from "node:assert/strict";
import { test } from "node:test";
import { findDevice } from "../../lib/device/find.ts";
import { followInstallation } from "../../lib/device/follow.ts";
import { FAILED, PING_MS, SUCCEEDED } from "../../lib/device/protocol.ts";
import { openUpdater, readStatus } from "../../lib/device/updater.ts";
import { onCleanup } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { deviceFor, deviceServer, updaterFor } from "./device-server.ts";

const BASE = "GET /api/local-updater";
const STATUS = `${BASE}/v2.2/status`;

test("the updater's version is found, an old one by what it does not know", async (t) => {
  const current = await deviceServer(t, { [`${BASE}/ping`]: {}, [`${BASE}/version`]: { body: { version: "v2.2" } } });
  assert.equal((await openUpdater(await deviceFor(t, current))).version, "v2.2");
  const old = await deviceServer(t, { [`${BASE}/v1.0/ping`]: {} });
  const found = await findDevice({ address: old.address, userAgent: "test" });
  onCleanup(t, () => found.device.close());
  assert.equal(found.version, "v1.0");
  assert.equal(old.requests[0]?.headers["user-agent"], "test");
});

test("of several places the first with a device counts, and the password goes to no other", async (t) => {
  const login = "POST /api/sysinfo/v1.0/login";
  const ping = { [`${BASE}/ping`]: {} };
  const locked = {
    [`${BASE}/version`]: [{ status: 401 }, { status: 401 }, { body: { version: "v2.2" } }],
    [login]: {},
  };
  const page = await deviceServer(t, { ...ping, [`${BASE}/version`]: { body: "<html>" } });
  const fence = await deviceServer(t, { [`${BASE}/ping`]: { status: 401 }, [login]: {} });
  const device = await deviceServer(t, { ...ping, ...locked });
  const other = await deviceServer(t, { ...ping, ...locked });
  const candidates = [page, fence, device, other].map(({ address }) => address);
  const found = await findDevice({ candidates, userAgent: "test", password: async () => "secret" });
  onCleanup(t, () => found.device.close());
  assert.deepEqual([found.device.address, found.version], [device.address, "v2.2"]);
  const loggedIn = [page, fence, device, other].map(({ requests }) => requests.some(({ line }) => line === login));
  assert.deepEqual(loggedIn, [false, false, true, false]);
  const none = findDevice({ candidates: candidates.slice(0, 2), userAgent: "test" });
  await rejectsWith(none, "unreachable", /no device was found/);
});

test("a device that is found is not kept waiting by places after it that are silent", async (t) => {
  const device = await deviceServer(t, { [`${BASE}/ping`]: {}, [`${BASE}/version`]: { body: { version: "v2.2" } } });
  const silent = await deviceServer(t, { [`${BASE}/ping`]: () => {} });
  const start = performance.now();
  const found = await findDevice({ candidates: [device.address, silent.address], userAgent: "test" });
  onCleanup(t, () => found.device.close());
  assert.equal(found.device.address, device.address);
  assert.ok(performance.now() - start < PING_MS / 2);
  const stopped = new Error("stopped");
  const signal = AbortSignal.abort(stopped);
  await assert.rejects(findDevice({ candidates: [silent.address], userAgent: "test", signal }), stopped);
});

test("what is no device of AuterionOS is told apart from one", async (t) => {
  const none = await deviceServer(t, {});
  await rejectsWith(openUpdater(await deviceFor(t, none)), "device", /there is no updater of AuterionOS/);
  // A web server that has one page for everything.
  for (const body of ["<html>", { version: 2 }, { version: "../.." }]) {
    const page = await deviceServer(t, { [`${BASE}/ping`]: {}, [`${BASE}/version`]: { body } });
    await rejectsWith(openUpdater(await deviceFor(t, page)), "device", /answer to the version is not understood/);
  }
});

test("the status is read as both generations give it; what is none counts as failed", async (t) => {
  const bodies = [{ status_key: "A", status: { not: "this" } }, { status: "B" }, { status: 3 }, "<html>", {}];
  const server = await deviceServer(t, {
    [STATUS]: [...bodies.map((body) => ({ body })), { status: 502 }, (request) => request.socket.destroy()],
  });
  const updater = await updaterFor(t, server);
  const read: unknown[] = [];
  for (let i = 0; i < 7; i += 1) read.push(await readStatus(updater));
  assert.deepEqual(read, ["A", "B", undefined, undefined, undefined, undefined, undefined]);
});

const follow = { onStatus: () => {}, deadline: Number.POSITIVE_INFINITY };

test("every word for an end is one", async (t) => {
  for (const status of SUCCEEDED) {
    const server = await deviceServer(t, { [STATUS]: { body: { status_key: status } } });
    assert.equal(await followInstallation(await updaterFor(t, server), follow), status);
  }
  for (const [status, [fault, what]] of Object.entries(FAILED)) {
    const server = await deviceServer(t, { [STATUS]: { body: { status_key: status } } });
    const following = followInstallation(await updaterFor(t, server), follow);
    await rejectsWith(following, fault, new RegExp(what), new RegExp(`status ${status}`));
  }
});

test("an updater that comes back with another version is followed there", async (t) => {
  const server = await deviceServer(t, {
    [`${BASE}/v1.0/status`]: [{ body: { status: "REBOOTING" } }, { status: 404 }],
    [`${BASE}/version`]: { body: { version: "v2.2" } },
    [STATUS]: [{ body: { status_key: "A NEW WORD" } }, { body: { status_key: "SUCCEED" } }],
  });
  const seen: string[] = [];
  const updater = await updaterFor(t, server, "v1.0");
  await followInstallation(updater, { ...follow, onStatus: (status) => seen.push(status) });
  assert.deepEqual(seen, ["REBOOTING", "A NEW WORD", "SUCCEED"]);
  assert.equal(updater.version, "v2.2");
});

test("an installation that does not end, and a device that does not come back", async (t) => {
  const server = await deviceServer(t, { [STATUS]: { body: { status_key: "INSTALLING" } } });
  const late = { ...follow, deadline: performance.now() };
  const stuck = followInstallation(await updaterFor(t, server), late);
  await rejectsWith(stuck, "device", /does not come to an end/, /status INSTALLING/, /--wait/);
  const gone = followInstallation(await updaterFor(t, await deviceServer(t, {})), late);
  await rejectsWith(gone, "unreachable", /does not answer/);
});
