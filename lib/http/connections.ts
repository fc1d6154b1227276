import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { buildConnector, Dispatcher } from "undici";
import { AircrateError } from "../error.ts";
import { type ConnectorOptions, createConnector } from "./connector.ts";
import { isClientRefused, isCut, ProxyFault } from "./errors.ts";
import { letReadersFinish } from "./paused-end.ts";
import type { ProxyServer } from "./proxy.ts";
import { isInsecure, type NetworkSettings, PATIENCE_MS } from "./settings.ts";
import { tlsOptions } from "./tls.ts";

/** Sends single requests, each over a connection to its server or through a proxy, as the settings say. */
export interface Connections {
  /** Sends one request. Faults come as they are. */
  send(url: URL, request: SendOptions): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH";

interface SendOptions {
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable | undefined;
  readonly signal: AbortSignal;
}

/** Connections to one server or proxy. */
interface Line {
  readonly pool: Dispatcher;
  /** The reason of a request's fault, where the client gives another one. */
  readonly reason: (fault: unknown) => unknown;
}

/** The way to the server of one origin. */
interface Route extends Line {
  /** The proxy that is sent the whole address, for plain http. */
  readonly forwarder?: ProxyServer;
}

const CONNECTIONS = 8;
const CONNECT_MS = 15_000;
/** A proxy has to connect, too, and to say so before the request is given up. */
const TUNNEL_MS = 30_000;
/** Of several addresses of a name the next one is tried after this time; Node's 250 ms is less than a far server needs. */
const NEXT_ADDRESS_MS = 1000;

export async function openConnections(settings: NetworkSettings): Promise<Connections> {
  const [{ default: Pool }, { default: build }, { default: api }, { default: symbols }] = await Promise.all([
    import("undici/lib/dispatcher/pool.js"),
    import("undici/lib/core/connect.js"),
    import("undici/lib/api/index.js"),
    import("undici/lib/core/symbols.js"),
  ]);
  const { timeout = PATIENCE_MS, proxy: proxies } = settings;
  const routes = new Map<string, Promise<Route>>();
  const pools: Dispatcher[] = [];

  return {
    async send(url, { method, headers, body, signal }) {
      let route = routes.get(url.origin);
      if (route === undefined) {
        route = findRoute(url);
        routes.set(url.origin, route);
        // Whoever asks next may have mended a file.
        route.catch(() => routes.delete(url.origin));
      }
      const { pool, forwarder, reason } = await route;
      const path = `${url.pathname}${url.search}`;
      const request = (target: Pick<Dispatcher.RequestOptions, "path" | "headers">) =>
        api.request
          .call(pool, { ...target, method, ...(body !== undefined && { body }), signal })
          .catch((fault: unknown) => {
            throw reason(fault);
          });
      if (forwarder === undefined) return request({ path, headers });
      // RFC 9112, section 3.2.2: a proxy gets the address in full.
      const toProxy = { path: url.origin + path, headers: { ...headers, host: url.host, ...forwarder.headers } };
      const answer = await request(toProxy).catch((cause: unknown) => {
        signal.throwIfAborted();
        // What the content fails with is no fault of the proxy.
        if (cause instanceof AircrateError) throw cause;
        throw new ProxyFault(forwarder.origin.host, { cause });
      });
      if (answer.statusCode !== 407) return answer;
      await answer.body.dump().catch(() => {});
      throw new ProxyFault(forwarder.origin.host, { status: 407 });
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };

  async function findRoute(url: URL): Promise<Route> {
    const proxy = proxies?.https || proxies?.http ? (await import("./proxy.ts")).proxyFor(url, proxies) : undefined;
    if (proxy === undefined) return openLine(url);
    if (url.protocol === "http:") return { ...(await openLine(proxy.origin)), forwarder: proxy };
    const { openTunnel } = await import("./tunnel.ts");
    const { pool } = await openLine(proxy.origin, { headersTimeout: Math.min(timeout, TUNNEL_MS) });
    const tunnel = () => openTunnel((request) => api.connect.call(pool, request), url, proxy);
    return openLine(url, { tunnel });
  }

  async function openLine(
    server: URL,
    // For other requests, whoever sends them gives them up in time.
    { headersTimeout = 0, tunnel }: Pick<ConnectorOptions, "tunnel"> & { headersTimeout?: number } = {},
  ): Promise<Line> {
    let refusal: Error | undefined;
    const onSocket = (socket: Socket) => {
      letReadersFinish(socket, symbols.kParser);
      socket.on("error", (error) => {
        if (isClientRefused(error)) refusal ??= error;
      });
    };
    const connect = createConnector(build, await optionsFor(server), { onSocket, ...(tunnel && { tunnel }) });
    const limits = { connections: CONNECTIONS, headersTimeout, bodyTimeout: timeout };
    const pool = new Pool(server.origin, { ...limits, connect });
    pools.push(pool);
    // undici forgets the alert over the end of the connection that follows it.
    return { pool, reason: (fault) => (isCut(fault) ? (refusal ?? fault) : fault) };
  }

  async function optionsFor(server: URL): Promise<buildConnector.BuildOptions> {
    const insecure = isInsecure(server.host, settings);
    return {
      ...(server.protocol === "https:" && (await tlsOptions(server.host, settings.tls ?? {}, insecure))),
      timeout: Math.min(timeout, CONNECT_MS),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    };
  }
}
