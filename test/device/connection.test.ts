import assert from "node:assert/strict";
import { test } from "node:test";
import { allText, rejectsWith } from "../support/faults.ts";
import { freePort } from "../support/tools.ts";
import { deviceFor, deviceServer } from "./device-server.ts";

const PASSWORD = "hunter2";
const LOGIN = "POST /api/sysinfo/v1.0/login";
const COOKIES = ["session=abc; Path=/; HttpOnly", "csrf_access_token=tok; Path=/", "bad=a b;", "worse=x\ty"];
const TAKEN = { headers: { "set-cookie": COOKIES } };

test("requests that are refused together log in once, and are sent again with what the login gave", async (t) => {
  const refused = { status: 401 };
  const server = await deviceServer(t, {
    "GET /a": [refused, { body: "a" }],
    "GET /b": [refused, { body: "b" }],
    [LOGIN]: TAKEN,
  });
  let asked = 0;
  const device = await deviceFor(t, server, async () => {
    asked += 1;
    return PASSWORD;
  });
  const [a, b] = await Promise.all([device.send("/a"), device.send("/b")]);
  assert.deepEqual([a.bytes.toString(), b.bytes.toString()], ["a", "b"]);
  assert.equal(asked, 1);
  const logins = server.requests.filter(({ line }) => line === LOGIN);
  assert.deepEqual(JSON.parse(logins[0]!.body.toString()), { password: PASSWORD });
  assert.ok(logins.length <= 2, "one, or two when the answers came apart");
  const { headers } = server.requests.filter(({ line }) => line === "GET /a").at(-1)!;
  assert.equal(headers.cookie, "session=abc; csrf_access_token=tok");
  assert.equal(headers["x-csrf-token"], "tok");
});

test("a login that is not taken, or does not help, is told without the password", async (t) => {
  const wrong = await deviceServer(t, { "GET /a": { status: 401 }, [LOGIN]: { status: 403, body: PASSWORD } });
  const useless = await deviceServer(t, { "GET /a": { status: 401 }, [LOGIN]: TAKEN });
  const password = async () => PASSWORD;
  for (const [server, what] of [
    [wrong, /does not take this password/],
    [useless, /refuses the request in spite of the login/],
  ] as const) {
    const error = await rejectsWith((await deviceFor(t, server, password)).send("/a"), "forbidden", what);
    assert.ok(!allText(error).includes(PASSWORD));
  }
  await rejectsWith((await deviceFor(t, wrong)).send("/a"), "forbidden", /asks for a password/);
});

test("a login that fails for another reason does not blame the password", async (t) => {
  const broken = await deviceServer(t, { "GET /a": { status: 401 }, [LOGIN]: { status: 502 } });
  const sent = (await deviceFor(t, broken, async () => PASSWORD)).send("/a");
  await rejectsWith(sent, "device", /the login to the device fails/, /it answers 502/);
});

test("a redirect is not followed: what a device gets goes nowhere else", async (t) => {
  const other = await deviceServer(t, { "GET /a": { body: "other" } });
  const server = await deviceServer(t, {
    "GET /a": [{ status: 401 }, { status: 307, headers: { location: `http://${other.address}/a` } }],
    [LOGIN]: TAKEN,
  });
  const { status } = await (await deviceFor(t, server, async () => PASSWORD)).send("/a");
  assert.equal(status, 307);
  assert.deepEqual(other.requests, []);
});

test("a device that is not there, falls silent or says too much", async (t) => {
  const nobody = { address: `127.0.0.1:${await freePort()}` };
  await rejectsWith((await deviceFor(t, nobody)).send("/a"), "unreachable", /does not answer/, /nothing listens/);
  const server = await deviceServer(t, {
    "GET /silent": () => {},
    "GET /endless": (_request, response) => response.end(Buffer.alloc(5_000_000)),
    "GET /cut": (request) => request.socket.destroy(),
  });
  const device = await deviceFor(t, server);
  await rejectsWith(device.send("/silent", { timeout: 50 }), "unreachable", /no answer within 0\.05 s/);
  await rejectsWith(device.send("/endless"), "integrity", /larger than/);
  await rejectsWith(device.send("/cut"), "unreachable", /the connection was cut/);
  const stopped = new Error("stopped");
  await assert.rejects(device.send("/silent", { signal: AbortSignal.abort(stopped) }), stopped);
});
