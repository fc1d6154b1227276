import type { Dispatcher } from "undici";
import { AircrateError } from "../error.ts";
import { type Answer, collect, drop, type ServerAnswer, type SmallAnswer, wholeBody } from "./answer.ts";
import type { Connections } from "./connections.ts";
import { NetworkFault, networkError, showsTls } from "./errors.ts";
import { headersFor, redirectTarget } from "./redirect.ts";
import { answerSetback, createPatience, faultSetback } from "./retry.ts";
import { type NetworkSettings, PATIENCE_MS } from "./settings.ts";

export interface RequestOptions {
  /** The reference or registry that it is for, for errors. */
  readonly where: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Is sent by POST, as `application/x-www-form-urlencoded`. It may hold a secret: no other origin ever gets it. */
  readonly form?: URLSearchParams;
  /** Asks in plain http when https fails in a way that does not show a server with TLS. Nothing secret may be sent. */
  readonly orPlain?: boolean;
}

export interface Transport {
  /**
   * Sends one GET, or the form, and follows redirects. It is sent again while what hinders it may pass: faults of the network, and
   * answers of 408, 429, 500, 502, 503 and 504, of which the last one is returned.
   *
   * @throws AircrateError unreachable or forbidden, located at `where`; input for a file of certificates
   */
  get(url: URL, options: RequestOptions): Promise<ServerAnswer>;
  /**
   * As `get`, with a small body read whole; sent again also when the body breaks off.
   *
   * @throws AircrateError integrity when it is larger than `limit`
   */
  read(url: URL, options: RequestOptions & { limit: number }): Promise<SmallAnswer>;
  /** Reads what `get` brings whole, and calls it again when the body breaks off. For the rest as `read`. */
  whole(get: () => Promise<Answer>, options: { where: string; limit: number }): Promise<SmallAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions extends NetworkSettings {
  /** Sent as `User-Agent`. */
  readonly userAgent: string;
  readonly signal?: AbortSignal;
}

export function createTransport(options: TransportOptions): Transport {
  const { timeout = PATIENCE_MS, signal } = options;
  const patience = createPatience(options.retry ?? {}, options);
  // Loaded with the first request: it takes as long to load as a small build, and threads start meanwhile.
  let loading: Promise<Connections> | undefined;
  const connections = () => {
    loading ??= import("./connections.ts").then(({ openConnections }) => openConnections(options));
    return loading;
  };
  const transport: Transport = {
    async get(url, request) {
      const { where } = request;
      for (let tries = 1; ; tries += 1) {
        const hop = { url };
        let answer: ServerAnswer | undefined;
        let fault: unknown;
        try {
          answer = { ...(await send(hop, request)), tries };
        } catch (error) {
          fault = error;
        }
        const setback = answer === undefined ? faultSetback(fault) : answerSetback(answer);
        const again = { where, host: hop.url.host };
        if (setback === undefined || !(await patience(setback, tries, again))) {
          if (answer === undefined) throw networkError(fault, where, hop.url, tries);
          return answer;
        }
        if (answer !== undefined) await drop(answer.body);
      }
    },
    read: (url, request) => transport.whole(() => transport.get(url, request), request),
    async whole(get, { where, limit }) {
      for (let tries = 1; ; tries += 1) {
        const { body, ...answer } = await get();
        try {
          return { ...answer, bytes: await collect({ ...answer, body }, limit, where) };
        } catch (error) {
          const setback = faultSetback(error);
          if (setback === undefined || !(await patience(setback, tries, { where, host: answer.url.host }))) {
            throw networkError(error, where, answer.url, tries);
          }
        }
      }
    },
    close: async () => (await loading)?.close(),
  };
  return transport;

  /** One try. `hop` is the address that it has come to, for errors. */
  async function send(hop: { url: URL }, request: RequestOptions): Promise<Omit<ServerAnswer, "tries">> {
    try {
      return await inTime(hop, request);
    } catch (error) {
      if (request.orPlain !== true || signal?.aborted || error instanceof AircrateError || showsTls(error)) throw error;
      hop.url = new URL(hop.url);
      hop.url.protocol = "http:";
      return inTime(hop, request);
    }
  }

  /** Gives up when the answer has not begun in time. Its body may take as long as it wants, unless it is read whole. */
  async function inTime(hop: { url: URL }, request: RequestOptions): Promise<Omit<ServerAnswer, "tries">> {
    const asked = hop.url;
    const deadline = performance.now() + timeout;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new NetworkFault(`no answer within ${timeout / 1000} s`)), timeout);
    const limit = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      return { ...(await follow(hop, request, limit)), asked, deadline };
    } finally {
      clearTimeout(timer);
    }
  }

  async function follow(hop: { url: URL }, { where, headers = {}, form }: RequestOptions, limit: AbortSignal) {
    const type = form !== undefined && { "content-type": "application/x-www-form-urlencoded" };
    let sent: Readonly<Record<string, string>> = { ...headers, ...type, "user-agent": options.userAgent };
    const body = form?.toString();
    for (let hops = 0; ; hops += 1) {
      const from = hop.url;
      const request = { headers: sent, body, signal: limit };
      const answer: Dispatcher.ResponseData = await (await connections()).send(from, request);
      const received = { status: answer.statusCode, headers: answer.headers };
      let next: URL | undefined;
      try {
        next = redirectTarget(answer, { from, hops, where, form: form !== undefined });
      } catch (error) {
        await drop(answer.body);
        throw error;
      }
      if (next === undefined) return { ...received, body: wholeBody(answer.body, received), url: from };
      await drop(answer.body);
      sent = headersFor(next, from, sent);
      hop.url = next;
    }
  }
}
