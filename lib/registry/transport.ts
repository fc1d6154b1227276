import type { Dispatcher } from "undici";
import { AircrateError, systemCode } from "../error.ts";

/** An answer whose body has not been read yet. It must be read, or dropped with {@link drop}. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData["body"];
  /** The address that answered, after redirects. */
  readonly url: URL;
}

/** An answer that was read whole. */
export interface SmallAnswer extends Omit<Answer, "body"> {
  readonly bytes: Buffer;
}

export interface RequestOptions {
  /** The reference or registry that it is for, for errors. */
  readonly where: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Is sent by POST, as `application/x-www-form-urlencoded`. It may hold a secret: no other origin ever gets it. */
  readonly form?: URLSearchParams;
}

export interface Transport {
  /** Sends one GET, or the form, and follows redirects. @throws AircrateError unreachable, located at `where` */
  get(url: URL, options: RequestOptions): Promise<Answer>;
  /**
   * As `get`, with a small body read whole.
   *
   * @throws AircrateError integrity when it is larger than `limit`
   */
  read(url: URL, options: RequestOptions & { limit: number }): Promise<SmallAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  /** Sent as `User-Agent`. */
  readonly userAgent: string;
  readonly signal?: AbortSignal;
}

const MAX_REDIRECTS = 5;
/** An answer must begin within a minute, and a body must never pause longer. */
const PATIENCE_MS = 60_000;
const CONNECT_MS = 15_000;
const CONNECTIONS = 8;

/** Headers that are meant for one origin only. */
const PRIVATE_HEADERS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

export function createTransport(options: TransportOptions): Transport {
  // Loaded with the first request: it takes as long to load as a small build, and threads start meanwhile.
  let loading: Promise<Http> | undefined;
  const http = () => {
    loading ??= loadHttp();
    return loading;
  };
  return {
    get,
    async read(url, options) {
      const { body, ...answer } = await get(url, options);
      return { ...answer, bytes: await readBody({ ...answer, body }, options.limit, options.where) };
    },
    close: async () => (await loading)?.agent.destroy(),
  };

  async function get(url: URL, { where, headers = {}, form }: RequestOptions): Promise<Answer> {
    let target = url;
    let sent: Record<string, string> = { ...headers, "user-agent": options.userAgent };
    if (form !== undefined) sent["content-type"] = "application/x-www-form-urlencoded";
    for (let hops = 0; ; hops += 1) {
      const { statusCode, headers: received, body } = await send(target, sent, { where, form });
      const location = [301, 302, 303, 307, 308].includes(statusCode) ? received.location : undefined;
      if (location === undefined) return { status: statusCode, headers: received, body, url: target };
      await drop(body);
      if (hops === MAX_REDIRECTS) throw redirectError(where, target, `more than ${MAX_REDIRECTS} redirects`);
      const next = readLocation(String(location), target, where);
      if (next.origin !== target.origin) {
        if (form !== undefined) throw redirectError(where, target, `a form is not sent on to ${next.origin}`);
        sent = Object.fromEntries(Object.entries(sent).filter(([name]) => !PRIVATE_HEADERS.has(name.toLowerCase())));
      }
      target = next;
    }
  }

  async function send(
    url: URL,
    headers: Record<string, string>,
    { where, form }: Pick<RequestOptions, "where" | "form">,
  ): Promise<Dispatcher.ResponseData> {
    const { request } = await http();
    try {
      return await request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: form === undefined ? "GET" : "POST",
        headers,
        ...(form !== undefined && { body: form.toString() }),
        ...(options.signal !== undefined && { signal: options.signal }),
      });
    } catch (error) {
      throw networkError(error, where, url);
    }
  }
}

interface Http {
  readonly request: (options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;
  readonly agent: Dispatcher;
}

async function loadHttp(): Promise<Http> {
  const { default: Agent } = await import("undici/lib/dispatcher/agent.js");
  const { default: api } = await import("undici/lib/api/index.js");
  const agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
    connect: { timeout: CONNECT_MS },
  });
  return { request: (options) => api.request.call(agent, options), agent };
}

function readLocation(location: string, from: URL, where: string): URL {
  let next: URL;
  try {
    next = new URL(location, from);
  } catch {
    throw redirectError(where, from, "the redirect leads to no valid address");
  }
  if (next.protocol !== "https:" && !(next.protocol === "http:" && from.protocol === "http:")) {
    throw redirectError(where, from, `the redirect leads from ${from.protocol} to ${next.protocol}`);
  }
  if (next.username !== "" || next.password !== "") {
    throw redirectError(where, from, "the redirect carries credentials in its address");
  }
  return next;
}

function redirectError(where: string, from: URL, reason: string): AircrateError {
  return new AircrateError("unreachable", `${from.host} redirects in a way that is not followed`, { where, reason });
}

/** Reads a body whole. @throws AircrateError unreachable when it breaks off, integrity when it is larger than `limit` */
export async function readBody(answer: Answer, limit: number, where: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkError(error, where, answer.url);
  }
  if (size > limit) {
    throw new AircrateError("integrity", `the answer is larger than ${limit} bytes`, {
      where,
      reason: answer.url.host,
    });
  }
  return Buffer.concat(chunks);
}

/** Lets go of a body that nobody wants, so that its connection serves again. */
export async function drop(body: Answer["body"]): Promise<void> {
  await body.dump({ limit: 64 * 1024 }).catch(() => {});
}

const WHY: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known to the name server",
  EAI_AGAIN: "the name server does not answer",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "the connection timed out",
  ENETUNREACH: "there is no route to it",
  EHOSTUNREACH: "there is no route to it",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an authority that is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an authority that is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an authority that is not known here",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "it accepted the request and then fell silent",
  UND_ERR_BODY_TIMEOUT: "it fell silent in the middle of an answer",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer is not as long as announced",
};

/** Words a failed request. The address is given without its query, which may hold a signature. */
export function networkError(error: unknown, where: string, url: URL): unknown {
  if (error instanceof AircrateError || (error as Error).name === "AbortError") return error;
  const code = systemCode(error) ?? "";
  const known = WHY[code];
  // The one error of the client that may come without a code: the answer is no HTTP.
  if (known === undefined && code === "" && (error as Error).name !== "HTTPParserError") return error;
  const certificate = code.includes("CERT") || code.includes("SIGNATURE");
  return new AircrateError("unreachable", `${url.host} cannot be reached`, {
    where,
    reason: `${known ?? (error as Error).message}${code === "" ? "" : ` (${code})`}`,
    hint: certificate
      ? "point NODE_EXTRA_CA_CERTS to a file with the certificate of its authority"
      : "check the network, or give a mirror with --mirror REGISTRY=HOST, or build from the store with --offline",
    cause: error,
  });
}
