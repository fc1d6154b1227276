import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type InstallEvent, installFile } from "../../lib/device/install.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { runOk } from "../support/run.ts";
import { noise } from "../support/seeded.ts";
import { type DeviceServer, deviceFor, deviceServer, type Reply } from "./device-server.ts";

const UPDATE = "POST /api/local-updater/v2.2/update";
const STATUS = "GET /api/local-updater/v2.2/status";
const ROLLBACK = "POST /api/local-updater/v2.2/rollback";
const LOGIN = "POST /api/sysinfo/v1.0/login";

async function installing(t: TestContext, server: DeviceServer, { size = 400_000, wait = 60, signal }: Options = {}) {
  const file = join(tempDir(t), "app.auterionos");
  writeFileSync(file, noise(3, size));
  const events: InstallEvent[] = [];
  const onEvent = (event: InstallEvent) => events.push(event);
  const updater = { device: await deviceFor(t, server, async () => "secret"), version: "v2.2" };
  return { file, events, done: installFile(file, updater, { wait, onEvent, ...(signal && { signal }) }) };
}

interface Options {
  readonly size?: number;
  readonly wait?: number;
  readonly signal?: AbortSignal;
}

/** Reads the whole upload and says nothing. */
async function swallow(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}

test("an answer of 200 is the end; how much is sent is told on the way", async (t) => {
  const server = await deviceServer(t, { [UPDATE]: { body: {} } });
  const { done, events, file } = await installing(t, server);
  const { upload, installation, ...report } = await done;
  assert.ok(upload >= 0 && installation >= 0);
  const device = { address: server.address, updater: "v2.2" };
  assert.deepEqual(report, { version: 1, file, size: 400_000, device, powerCycle: false });
  const sent = events.flatMap((event) => (event.kind === "upload" ? [event.sent] : []));
  assert.deepEqual([sent[0], sent.at(-1)], [0, 400_000]);
  assert.deepEqual(
    sent,
    [...sent].sort((a, b) => a - b),
  );
  assert.deepEqual(
    server.requests.map(({ line }) => line),
    [UPDATE],
  );
});

test("refusals are told with the device's message and logs", async (t) => {
  const logs = Array.from({ length: 150 }, (_, i) => `line ${i}\x1b[31m`).join("\\n");
  const cases: [Reply, "device" | "forbidden", RegExp[]][] = [
    [{ status: 400, body: { message: "no space left" } }, "device", [/it answers 400\nno space left/]],
    [{ status: 500, body: { message: "m", logs } }, "device", [/\(50 lines before\)\nline 50.*\nline 51/, /line 149/]],
    [{ status: 503, body: "<html>" }, "device", [/it answers 503/]],
    [{ status: 403 }, "forbidden", [/it answers 403/]],
  ];
  for (const [reply, fault, patterns] of cases) {
    const { done } = await installing(t, await deviceServer(t, { [UPDATE]: reply }));
    await rejectsWith(done, fault, /the device did not install the file/, ...patterns);
  }
});

test("a login that is asked for in the middle of an upload begins it anew", async (t) => {
  let whole = 0;
  const server = await deviceServer(t, {
    [UPDATE]: [
      (_request, response) => response.writeHead(401).end(),
      async (request, response) => {
        for await (const chunk of request) whole += chunk.length;
        response.end("{}");
      },
    ],
    [LOGIN]: { headers: { "set-cookie": "s=1" } },
  });
  const { done } = await installing(t, server, { size: 30_000_000 });
  await done;
  const again = server.requests.at(-1)!;
  assert.equal(again.headers.cookie, "s=1");
  assert.equal(whole, Number(again.headers["content-length"]));
});

test("a gateway without patience, and a connection that is lost when all is sent, leave it to the status", async (t) => {
  for (const reply of [
    { status: 504, body: "<html>" },
    async (request: IncomingMessage) => {
      await swallow(request);
      request.socket.destroy();
    },
  ]) {
    const server = await deviceServer(t, { [UPDATE]: reply, [STATUS]: { body: { status_key: "NEED_POWER_CYCLE" } } });
    const { status, powerCycle } = await (await installing(t, server)).done;
    assert.deepEqual({ status, powerCycle }, { status: "NEED_POWER_CYCLE", powerCycle: true });
  }
});

test("a connection that is lost while it is sent is a failure", async (t) => {
  const server = await deviceServer(t, {
    [UPDATE]: (request) => request.once("data", () => request.socket.destroy()),
    [STATUS]: { body: { status_key: "SUCCEED" } },
  });
  await rejectsWith((await installing(t, server, { size: 30_000_000 })).done, "unreachable", /does not answer/);
});

test("while the answer is awaited", { concurrency: 3 }, async (t) => {
  const failed = { status: 502 };
  /** Answers when so much time has passed; without any, never. */
  const answering = (t: TestContext, milliseconds: number | undefined, status: readonly Reply[]) =>
    deviceServer(t, {
      [UPDATE]: async (request, response) => {
        await swallow(request);
        if (milliseconds === undefined) return;
        await sleep(milliseconds);
        response.end("{}");
      },
      [STATUS]: status,
    });
  const shown = (events: readonly InstallEvent[]) =>
    events.flatMap((event) => (event.kind === "status" ? [event.status] : []));

  await Promise.all([
    t.test("words of work are shown, and those of an end do not count", async (t) => {
      const words = ["SUCCEED", "INSTALLING", "FAILED"].map((word) => ({ body: { status_key: word } }));
      const { done, events } = await installing(t, await answering(t, 4500, words));
      assert.equal((await done).status, undefined);
      assert.deepEqual(shown(events), ["INSTALLING"]);
    }),
    t.test("an updater that does one thing at a time may be silent", async (t) => {
      const { done, events } = await installing(t, await answering(t, 8000, [failed]));
      assert.equal((await done).status, undefined);
      assert.deepEqual(shown(events), ["REBOOTING"], "so it seems");
    }),
    t.test("a device that comes back after a silence has forgotten the request", async (t) => {
      const back = [...Array.from({ length: 7 }, () => failed), { body: { status_key: "SUCCEED" } }];
      const { done, events } = await installing(t, await answering(t, undefined, back));
      assert.equal((await done).status, "SUCCEED");
      assert.deepEqual(shown(events), ["REBOOTING", "SUCCEED"]);
    }),
  ]);
});

test("a device that is gone without a word is not waited for longer than was said", async (t) => {
  const server = await deviceServer(t, { [UPDATE]: swallow, [STATUS]: { status: 502 } });
  await rejectsWith((await installing(t, server, { wait: 1 })).done, "unreachable", /does not answer/);
});

test("a signal takes the installation back and ends with its reason", async (t) => {
  for (const [reply, accepted] of [
    [{}, true],
    [{ status: 404 }, false],
  ] as const) {
    const stop = new AbortController();
    const server = await deviceServer(t, {
      [UPDATE]: async (request) => {
        await swallow(request);
        stop.abort(new Error("stopped"));
      },
      [ROLLBACK]: reply,
    });
    const { done, events } = await installing(t, server, { signal: stop.signal });
    await assert.rejects(done, /^Error: stopped$/);
    assert.deepEqual(events.at(-1), { kind: "cancel", accepted });
    assert.equal(server.requests.at(-1)?.line, ROLLBACK);
  }
});

test("memory does not grow with the file", async (t) => {
  let received = 0;
  const server = await deviceServer(t, {
    [UPDATE]: async (request, response) => {
      for await (const chunk of request) received += chunk.length;
      response.end("{}");
    },
  });
  const file = join(tempDir(t), "large");
  writeFileSync(file, "");
  truncateSync(file, 600_000_000);
  const module = (name: string) => JSON.stringify(new URL(`../../lib/device/${name}.js`, import.meta.url).href);
  const script = `
    import { openDevice } from ${module("connection")};
    import { installFile } from ${module("install")};
    const device = await openDevice(process.argv[1], { userAgent: "test" });
    const before = process.memoryUsage.rss();
    await installFile(process.argv[2], { device, version: "v2.2" }, { wait: 60 });
    await device.close();
    console.log(process.resourceUsage().maxRSS * 1024 - before);`;
  const memory = Number(await runOk(process.execPath, ["--input-type=module", "-e", script, server.address, file]));
  assert.ok(received > 600_000_000);
  assert.ok(memory < 100_000_000, `${memory}`);
});
