import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createTransport, type Transport, type TransportOptions } from "../../lib/http/transport.ts";
import { onCleanup } from "../support/cleanup.ts";

export const WHERE = "docker.io/library/a:1";

/** One answer of a server. Without a status it is 200; `cut` breaks the connection after the body. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly cut?: boolean;
  /** Nothing is said at all. */
  readonly silent?: boolean;
}

export interface Place {
  readonly origin: string;
  readonly host: string;
  readonly requests: IncomingMessage[];
}

/**
 * A server whose answers are told per path; of several for one path, each request gets the next one and the last one
 * stays.
 */
export async function serverFor(
  t: TestContext,
  answers: Record<string, Answer | readonly Answer[]>,
  server?: Server,
): Promise<Place> {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    const before = requests.filter(({ url }) => url === request.url).length;
    requests.push(request);
    const told = answers[request.url ?? ""] ?? { status: 404 };
    const list: readonly Answer[] = Array.isArray(told) ? told : [told as Answer];
    const { status = 200, headers = {}, body = "", cut, silent } = list[Math.min(before, list.length - 1)]!;
    if (silent) return;
    response.writeHead(status, headers);
    if (cut) response.write(body, () => response.destroy());
    else response.end(body);
  };
  const place = server ?? createServer();
  place.on("request", listener);
  await listen(t, place);
  const host = `127.0.0.1:${portOf(place)}`;
  return { origin: `${server === undefined ? "http" : "https"}://${host}`, host, requests };
}

/** Has a server listen on loopback until the end of the test. */
export async function listen(t: TestContext, server: Server | import("node:net").Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
}

export function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}

/** A transport that does not wait long before it tries again, closed after the test. */
export function transportFor(t: TestContext, options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({ userAgent: "aircrate/test", retry: { firstWait: 5 }, ...options });
  onCleanup(t, () => transport.close());
  return transport;
}

/** Reads a small text. */
export async function readText(transport: Transport, url: string): Promise<string> {
  return String((await transport.read(new URL(url), { where: WHERE, limit: 1e6 })).bytes);
}
