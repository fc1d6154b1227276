import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { type Device, openDevice } from "../../lib/device/connection.ts";
import type { Updater } from "../../lib/device/updater.ts";
import { onCleanup } from "../support/cleanup.ts";

/** What is answered to a request: of a list, one after the other, the last one again and again. */
export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string | string[]>; readonly body?: unknown }
  | ((request: IncomingMessage, response: ServerResponse) => unknown);

export interface DeviceServer {
  readonly address: string;
  readonly server: Server;
  readonly requests: { readonly line: string; readonly headers: IncomingMessage["headers"]; readonly body: Buffer }[];
}

/** A device that answers what it is told, by method and path; 404 to all else. Objects are sent as JSON. */
export async function deviceServer(
  t: TestContext,
  replies: Readonly<Record<string, Reply | readonly Reply[]>>,
): Promise<DeviceServer> {
  const requests: { line: string; headers: IncomingMessage["headers"]; body: Buffer }[] = [];
  const left = new Map(Object.entries(replies).map(([line, reply]) => [line, [reply].flat() as Reply[]]));
  const server = createServer(async (request, response) => {
    const line = `${request.method} ${request.url}`;
    const list = left.get(line) ?? [];
    const reply: Reply = (list.length > 1 ? list.shift() : list[0]) ?? { status: 404 };
    const entry = { line, headers: request.headers, body: Buffer.alloc(0) };
    requests.push(entry);
    if (typeof reply === "function") {
      await reply(request, response);
      return;
    }
    try {
      entry.body = await buffer(request);
    } catch {
      return; // The client went.
    }
    const { status = 200, headers = {}, body = "" } = reply;
    response.writeHead(status, headers).end(typeof body === "object" ? JSON.stringify(body) : String(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(t, async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server, requests };
}

/** A connection to it, closed after the test. */
export async function deviceFor(
  t: TestContext,
  { address }: Pick<DeviceServer, "address">,
  password?: () => Promise<string>,
): Promise<Device> {
  const device = await openDevice(address, { userAgent: "test", ...(password && { password }) });
  onCleanup(t, () => device.close());
  return device;
}

export async function updaterFor(t: TestContext, server: DeviceServer, version = "v2.2"): Promise<Updater> {
  return { device: await deviceFor(t, server), version };
}
