import assert from "node:assert/strict";
import { test } from "node:test";
import { changeApp, describeDevice, readLogs } from "../../lib/device/apps.ts";
import { rejectsWith } from "../support/faults.ts";
import { deviceFor, deviceServer } from "./device-server.ts";

const APP = "/api/apps/v1.0/apps/a%2Fb";

test("the applications are read as a list, and as one under a key", async (t) => {
  const identity = { "GET /api/sysinfo/v1.0/device": { body: { uuid: "1", auterion_os: "4.1", more: 1 } } };
  const apps = [{ name: "a", services: [{ name: "s", status: "running" }] }];
  for (const body of [apps, { apps }]) {
    const server = await deviceServer(t, { ...identity, "GET /api/apps/v1.0/apps": { body } });
    const { address, ...report } = await describeDevice(await deviceFor(t, server));
    assert.equal(address, server.address);
    assert.deepEqual(report, { version: 1, uuid: "1", auterionOs: "4.1", apps });
  }
});

test("answers that say no are told apart", async (t) => {
  const server = await deviceServer(t, {
    [`POST ${APP}/stop`]: { status: 403 },
    [`POST ${APP}/start`]: { status: 500 },
    [`GET ${APP}/logs?tail=all`]: (_request, response) => response.end(Buffer.alloc(5_000_000)),
  });
  const device = await deviceFor(t, server);
  const change = (action: "stop" | "start" | "enable") => changeApp(device, "a/b", { action });
  await rejectsWith(change("stop"), "forbidden", /does not allow it/, /it answers 403/);
  await rejectsWith(change("start"), "device", /does not do it/, /it answers 500 to .*a%2Fb\/start/);
  await rejectsWith(change("enable"), "unreachable", /has no application a\/b/);
  await rejectsWith(readLogs(device, "a/b", { tail: "all" }), "device", /logs of a\/b are too large/, /--tail N/);
});

test("a signal ends a wait for a device that is silent", async (t) => {
  let stop = new AbortController();
  const stopped = new Error("stopped");
  const silent = () => void setImmediate(() => stop.abort(stopped));
  const server = await deviceServer(t, {
    "GET /api/sysinfo/v1.0/device": silent,
    [`GET ${APP}/logs?tail=1`]: silent,
    [`POST ${APP}/stop`]: silent,
  });
  const device = await deviceFor(t, server);
  const calls = [
    (signal: AbortSignal) => describeDevice(device, signal),
    (signal: AbortSignal) => readLogs(device, "a/b", { tail: 1, signal }),
    (signal: AbortSignal) => changeApp(device, "a/b", { action: "stop", signal }),
  ];
  for (const call of calls) {
    stop = new AbortController();
    await assert.rejects(call(stop.signal), stopped);
  }
  assert.equal(server.requests.length, 3);
});
