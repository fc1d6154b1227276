import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { deviceServer } from "../device/device-server.ts";
import { aircrateFor, GALLERY } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import type { EmbeddedRegistry, FaultHook } from "../support/embedded-registry.ts";
import { startOnScreen } from "../support/screen.ts";
import { requireTool } from "../support/tools.ts";

const CONTROL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f]/;

/** A registry that is as bad as told, and the arguments of a build of the gallery that pulls from it. */
async function site(
  t: TestContext,
  fault: FaultHook,
): Promise<{ registry: EmbeddedRegistry; args: string[]; file: string }> {
  const registry = await demoRegistry(t, { fault });
  const file = join(tempDir(t), "out.auterionos");
  return { registry, file, args: ["build", GALLERY, "-o", file, ...mirror(registry)] };
}

const STALLED: FaultHook = ({ kind }) => (kind === "blob" ? { stallAfter: 3_000 } : undefined);

// Most of the time is spent waiting, so they wait together.
describe("progress", { concurrency: true }, () => {
  test("on a terminal, which may change its size, and in the end only the report is there", async (t) => {
    if (!requireTool(t, "script")) return;
    const { args, file, registry } = await site(t, STALLED);
    const env = { AIRCRATE_STORE: join(tempDir(t), "store") };
    // What stalls is asked for again from where it is.
    const terminal = startOnScreen(t, [...args, "--timeout", "3"], { columns: 70, rows: 30, env });
    // What is drawn at once may arrive in parts.
    await terminal.until(
      (text) =>
        /^pull +[0-9a-f]{8}.* of 40\.\d kB +[\d.]+ k?B\/s/m.test(text) &&
        /^total {3}.*pulled \d+\.\d of 86\.2 kB.*; \d+ s(, .* left)?$/m.test(text),
    );
    for (const columns of [40, 90, 25]) {
      await terminal.resize({ columns, rows: 30 });
      const drawn = terminal.written().length;
      await terminal.until((text) => {
        const lines = text.split("\n");
        const totals = lines.filter((line) => line.startsWith("total "));
        // Nothing is left of what was drawn before.
        const isClean = /^pull /.test(lines[0]!) && totals.length === 1;
        return terminal.written().length > drawn && isClean && lines.every((line) => line.length < columns);
      });
    }
    await terminal.resize({ columns: 100, rows: 30 });
    registry.setFault(undefined);
    assert.equal(await terminal.ended, 0, terminal.text());
    const lines = terminal.text().split("\n");
    assert.match(lines[0]!, /^com\.example\.photo-gallery 1\.0\.0 for /);
    assert.ok(lines.at(-1)!.startsWith(`${file}  `));
    assert.doesNotMatch(terminal.text(), /^(pull|pack|write|total) .*[/;]/m);
  });

  test("warnings stay above it, and an interrupt leaves them and its own line", async (t) => {
    if (!requireTool(t, "script")) return;
    const busy = { answer: { status: 429, headers: { "retry-after": "1" } } };
    const asked = new Set<string>();
    const { args, registry } = await site(t, (request) => {
      const { path } = request;
      if (!path.includes("busybox/blobs") || asked.has(path)) return STALLED(request);
      asked.add(path);
      // The config comes first, then the layer.
      return asked.size === 2 ? busy : undefined;
    });
    const env = { AIRCRATE_STORE: join(tempDir(t), "store"), NO_COLOR: "1" };
    const terminal = startOnScreen(t, args, { columns: 120, rows: 12, env });
    const warning = `warning: ${registry.host}: it answers 429; trying again in 1.0 s`;
    await terminal.until((text) => text.startsWith(`${warning}\npull `) && text.includes("/busybox:"));
    terminal.type("\x03");
    assert.equal(await terminal.ended, 130);
    assert.equal(terminal.text(), `${warning}\naircrate: stopped by SIGINT`);
  });

  test("a failure leaves nothing but its message, which is red", async (t) => {
    if (!requireTool(t, "script")) return;
    const { args } = await site(t, (request) => ({
      ...(request.kind === "blob" && { bytesPerSecond: 15_000, corruptAt: 30_000 }),
    }));
    const env = { AIRCRATE_STORE: join(tempDir(t), "store") };
    const terminal = startOnScreen(t, args, { columns: 120, rows: 12, env });
    await terminal.until((text) => /^pull /m.test(text));
    assert.equal(await terminal.ended, 6);
    assert.match(terminal.text(), /^aircrate: docker\.io\/arm64v8\/python:3\.11-slim: /);
    assert.doesNotMatch(terminal.text(), /^(pull|total) /m);
    assert.ok(terminal.written().includes("\x1b[31maircrate:\x1b[39m"));
  });

  test("an upload to a device", async (t) => {
    if (!requireTool(t, "script")) return;
    const file = join(tempDir(t), "app.auterionos");
    writeFileSync(file, Buffer.alloc(30_000_000));
    let take = () => {};
    const update = (request: IncomingMessage, response: ServerResponse) => {
      take = () => void request.resume().on("end", () => response.end("{}"));
    };
    const replies = {
      "GET /api/local-updater/ping": {},
      "GET /api/local-updater/version": { body: { version: "v2.2" } },
    };
    const { address } = await deviceServer(t, { ...replies, "POST /api/local-updater/v2.2/update": update });
    const args = ["install", file, "--no-verify", "--device", address];
    const terminal = startOnScreen(t, args, { columns: 80, rows: 12 });
    const said = `sending to ${address}, updater v2.2`;
    await terminal.until((text) => text.startsWith(`${said}\nsend    ${address} `) && / of 30\.0 MB/.test(text));
    take();
    assert.equal(await terminal.ended, 0, terminal.text());
    const [first, second, ...rest] = terminal.text().split("\n");
    assert.equal(first, said);
    assert.match(second!, /app\.auterionos: installed on /);
    assert.doesNotMatch(rest.join("\n"), /^(send|total) /m);
  });

  test("where nobody looks, a line now and then; none for what is quick", async (t) => {
    const { args, registry } = await site(t, STALLED);
    const aircrate = aircrateFor(t, { env: { FORCE_COLOR: "1" } });
    const running = aircrate.start(args);
    await running.said(/\n/);
    running.kill("SIGINT");
    const { stderr } = await running.ended;
    const [line, ...rest] = stderr.split("\n");
    assert.match(line!, /^packed [\d.]+ of [\d.]+ kB, pulled 9\.0 of 86\.2 kB; \d+ s(, \d+ s left)?$/);
    assert.deepEqual(rest, ["\x1b[31maircrate:\x1b[39m stopped by SIGINT", ""]);

    registry.setFault(undefined);
    const quick = await aircrate.run([...args, "--progress", "plain"]);
    assert.deepEqual([quick.status, quick.stderr], [0, ""]);
    const { stdout } = await aircrate.run([...args, "--quiet", "--json"]);
    assert.equal(JSON.parse(stdout).version, 1);
    assert.deepEqual(await aircrate.run([...args, "-q"]), { status: 0, stdout: "", stderr: "" });
  });

  test("on a terminal whose output is kept, no drawing", async (t) => {
    if (!requireTool(t, "script")) return;
    const { args } = await site(t, ({ kind }) => (kind === "blob" ? { delayMs: 600 } : undefined));
    const env = { CI: "true", AIRCRATE_STORE: join(tempDir(t), "store") };
    const terminal = startOnScreen(t, args, { columns: 80, rows: 12, env });
    assert.equal(await terminal.ended, 0);
    assert.doesNotMatch(terminal.written(), CONTROL);
    assert.match(terminal.text(), /^com\.example\.photo-gallery 1\.0\.0 for /m);
  });
});
