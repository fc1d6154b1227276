import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { onCleanup } from "../cleanup.ts";
import { answerApps } from "./apps.ts";
import type { Disk, Installing } from "./disk.ts";
import { createGate, type Gate } from "./gate.ts";

export interface SimulatorOptions {
  /** The updater's interface; v1.0 has neither versions nor a way to cancel. Default v2.2. */
  readonly updater?: "v1.0" | "v2.2";
  /** Everything but the ping wants a login with it. */
  readonly password?: string;
  /** Milliseconds after which a gateway before the updater answers 504, and the installation goes on. */
  readonly gateway?: number;
  /** Milliseconds for which the device is gone after it has installed something, to start anew. */
  readonly reboot?: number;
  /** Seconds between the whole upload and the first change on the device. */
  readonly pause?: number;
}

/** A device that speaks the HTTP interface of AuterionOS on loopback and hands artifacts to Debian's Mender client. */
export interface Simulator {
  /** `127.0.0.1:PORT`, the same for its whole life. */
  readonly address: string;
  readonly disk: Disk;
  /** Method and path of each request so far, and of uploads what came with them. */
  readonly requests: readonly string[];
  readonly uploads: readonly Upload[];
  status(): string;
  /** Resolves when the device has this status. */
  reaches(status: string): Promise<void>;
  /** Everything stops in the middle: connections are cut, the client and all that it runs are killed. */
  powerCut(): Promise<void>;
  powerOn(): Promise<void>;
}

export interface Upload {
  readonly fileName: string;
  readonly size: number;
  readonly metadata: unknown;
}

export async function startSimulator(t: TestContext, disk: Disk, options: SimulatorOptions = {}): Promise<Simulator> {
  const { updater = "v2.2", gateway, reboot, pause } = options;
  const requests: string[] = [];
  const uploads: Upload[] = [];
  let server: Server | undefined;
  let gate: Gate = createGate(options.password);
  let port = 0;
  let status = "IDLE";
  let installing: Installing | undefined;
  let cancelled = false;

  const simulator: Simulator = {
    get address() {
      return `127.0.0.1:${port}`;
    },
    disk,
    requests,
    uploads,
    status: () => status,
    async reaches(wanted) {
      for (const deadline = Date.now() + 60_000; status !== wanted; await sleep(20)) {
        if (Date.now() > deadline) throw new Error(`the device has status ${status}, not ${wanted}`);
      }
    },
    async powerCut() {
      installing?.kill();
      await down();
    },
    async powerOn() {
      status = "IDLE";
      gate = createGate(options.password);
      await up();
    },
  };
  await up();
  onCleanup(t, simulator.powerCut);
  return simulator;

  async function up(): Promise<void> {
    const next = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      answer(request, response).catch((error: Error) => {
        if (!response.headersSent) json(response, 500, { message: error.message });
        response.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      next.once("error", reject);
      next.listen(port, "127.0.0.1", resolve);
    });
    port = (next.address() as AddressInfo).port;
    server = next;
  }

  async function down(): Promise<void> {
    const old = server;
    server = undefined;
    if (old === undefined) return;
    const closed = new Promise((resolve) => old.close(resolve));
    old.closeAllConnections();
    await closed;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0]!;
    const prefix = `/api/local-updater/${updater}`;
    const old = updater === "v1.0";
    if (path === (old ? `${prefix}/ping` : "/api/local-updater/ping")) return json(response, 200, {});
    if (gate.handles(path)) return gate.login(request, response);
    if (!gate.lets(request)) return json(response, 401, { message: "log in" });
    switch (`${request.method} ${path}`) {
      case "GET /api/local-updater/version":
        return old ? json(response, 404, {}) : json(response, 200, { version: updater });
      case `GET ${prefix}/status`:
        // What newer updaters have under `status` is not what this is about.
        return json(response, 200, old ? { status } : { status_key: status, status: "see status_key" });
      case `POST ${prefix}/update`:
        return update(request, response);
      case `POST ${prefix}/rollback`:
        if (old) return json(response, 404, {});
        cancelled = true;
        status = "CANCELLED";
        installing?.kill();
        return json(response, 200, {});
      case "GET /api/sysinfo/v1.0/device":
        return json(response, 200, { uuid: "0123456789", auterion_os: "4.1.17", hardware: "more" });
      default:
        return answerApps(request, response, disk);
    }
  }

  async function update(request: IncomingMessage, response: ServerResponse): Promise<void> {
    status = "UPLOADING";
    cancelled = false;
    const form = await new Response(Readable.toWeb(request) as ReadableStream, {
      headers: { "content-type": request.headers["content-type"] ?? "" },
    }).formData();
    const file = form.get("file");
    if (!(file instanceof Blob)) return json(response, 400, { message: "there is no field file" });
    const metadata = JSON.parse(String(request.headers["x-metadata"]));
    uploads.push({ fileName: (file as File).name, size: file.size, metadata });
    writeFileSync(disk.uploadFile, Buffer.from(await file.arrayBuffer()));
    if (cancelled) return json(response, 500, { message: "cancelled" });
    const impatient = gateway !== undefined && setTimeout(() => json(response, 504, "<html>"), gateway);
    const { code, log } = await install();
    if (impatient) clearTimeout(impatient);
    if (response.headersSent || response.destroyed) return;
    if (code === 0) json(response, 200, {});
    else json(response, 500, { message: "mender refused it", logs: log.replaceAll("\n", "\\n") });
  }

  async function install(): Promise<{ code: number | null; log: string }> {
    status = "INSTALLING";
    installing = disk.install(disk.uploadFile, pause);
    const { status: code, log } = await installing.ended;
    installing = undefined;
    if (code !== 0) {
      if (status === "INSTALLING") status = /checksum|invalid/i.test(log) ? "INVALID_ARTIFACT" : "APP_INSTALL_FAILED";
      return { code, log };
    }
    if (reboot !== undefined) {
      status = "REBOOTING";
      await sleep(100);
      await down();
      await sleep(reboot);
      gate = createGate(options.password);
      await up();
      status = "VERIFICATION";
      await sleep(1500);
    }
    status = "APP_INSTALL_SUCCEED";
    return { code, log };
  }
}

export function json(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(document));
}
