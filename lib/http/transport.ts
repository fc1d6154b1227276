import { AircrateError } from "../error.ts";
import { type Answer, collect, drop, type ServerAnswer, type SmallAnswer, wholeBody } from "./answer.ts";
import type { Connections, Method } from "./connections.ts";
import { type Content, contentStream } from "./content.ts";
import { NetworkFault, networkError, showsTls } from "./errors.ts";
import { headersFor, redirectTarget } from "./redirect.ts";
import { answerSetback, createPatience, faultSetback, type Patience } from "./retry.ts";
import { type NetworkSettings, PATIENCE_MS } from "./settings.ts";

export interface RequestOptions {
  /** The reference or registry that it is for, for errors. */
  readonly where: string;
  /** Default: POST for a form, else GET. */
  readonly method?: Method;
  readonly headers?: Readonly<Record<string, string>>;
  /** Is sent as `application/x-www-form-urlencoded`. It may hold a secret: no other origin ever gets it. */
  readonly form?: URLSearchParams;
  /** What is sent otherwise. A redirect to another origin is not followed with it. */
  readonly content?: Content;
  /** Sends it once: whoever asks knows better how to go on. */
  readonly once?: boolean;
  /** Asks in plain http when https fails in a way that does not show a server with TLS. Nothing secret may be sent. */
  readonly orPlain?: boolean;
}

export interface Transport {
  /**
   * Sends one request and follows redirects, within its origin unless it is a GET or HEAD. It is sent again while what
   * hinders it may pass: faults of the network, and answers of 408, 429, 500, 502, 503 and 504, of which the last one is
   * returned.
   *
   * @throws AircrateError unreachable or forbidden, located at `where`; input for a file of certificates
   */
  send(url: URL, options: RequestOptions): Promise<ServerAnswer>;
  /**
   * As `send`, with a small body read whole; sent again also when the body breaks off.
   *
   * @throws AircrateError integrity when it is larger than `limit`
   */
  read(url: URL, options: RequestOptions & { limit: number }): Promise<SmallAnswer>;
  /** Reads what `get` brings whole, and calls it again when the body breaks off. For the rest as `read`. */
  whole(get: () => Promise<Answer>, options: { where: string; limit: number }): Promise<SmallAnswer>;
  /** How long and how often whoever sends a request once is to wait before the next one. */
  readonly patience: Patience;
  close(): Promise<void>;
}

export interface TransportOptions extends NetworkSettings {
  /** Sent as `User-Agent`. */
  readonly userAgent: string;
  readonly signal?: AbortSignal;
  /** What to do when a server cannot be reached and nothing more is known; default: that for whoever pulls. */
  readonly help?: string;
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
    patience,
    async send(url, request) {
      const { where } = request;
      for (let tries = 1; ; tries += 1) {
        const hop = { url };
        let answer: ServerAnswer | undefined;
        let fault: unknown;
        try {
          answer = { ...(await attempt(hop, request)), tries };
        } catch (error) {
          fault = error;
        }
        const setback = answer === undefined ? faultSetback(fault) : answerSetback(answer);
        const again = { where, host: hop.url.host };
        if (request.once === true || setback === undefined || !(await patience(setback, tries, again))) {
          if (answer === undefined) throw networkError(fault, where, hop.url, tries, options.help);
          return answer;
        }
        if (answer !== undefined) await drop(answer.body);
      }
    },
    read: (url, request) => transport.whole(() => transport.send(url, request), request),
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
  async function attempt(hop: { url: URL }, request: RequestOptions): Promise<Omit<ServerAnswer, "tries">> {
    try {
      return await inTime(hop, request);
    } catch (error) {
      if (request.orPlain !== true || signal?.aborted || error instanceof AircrateError || showsTls(error)) throw error;
      hop.url = new URL(hop.url);
      hop.url.protocol = "http:";
      return inTime(hop, request);
    }
  }

  /**
   * Gives up when nothing more of the content is taken, or the answer has not begun in time. Its body may take as long as
   * it wants, unless it is read whole.
   */
  async function inTime(hop: { url: URL }, request: RequestOptions): Promise<Omit<ServerAnswer, "tries">> {
    const asked = hop.url;
    let left = request.content?.size ?? 0;
    let deadline = performance.now() + timeout;
    const late = new AbortController();
    const giveUp = () => {
      const missing = left > 0 ? "it takes nothing more" : "no answer";
      late.abort(new NetworkFault(`${missing} within ${timeout / 1000} s`));
    };
    const timer = setTimeout(giveUp, timeout);
    const onTaken = (size: number) => {
      left -= size;
      deadline = performance.now() + timeout;
      timer.refresh();
    };
    const limit = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      return { ...(await follow(hop, request, { limit, onTaken })), asked, deadline };
    } finally {
      clearTimeout(timer);
    }
  }

  async function follow(hop: { url: URL }, request: RequestOptions, { limit, onTaken }: Watch) {
    const { where, form, content, method = form === undefined ? "GET" : "POST" } = request;
    let sent: Readonly<Record<string, string>> = {
      ...request.headers,
      ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
      ...(content !== undefined && { "content-type": content.type, "content-length": String(content.size) }),
      "user-agent": options.userAgent,
    };
    const isRead = method === "GET" || method === "HEAD";
    for (let hops = 0; ; hops += 1) {
      const from = hop.url;
      const body = content !== undefined && content.size > 0 ? contentStream(content, onTaken) : form?.toString();
      const answer = await (await connections()).send(from, { method, headers: sent, body, signal: limit });
      const received = { status: answer.statusCode, headers: answer.headers };
      let next: URL | undefined;
      try {
        next = redirectTarget(answer, {
          from,
          hops,
          where,
          bound: isRead ? undefined : form ? "a form" : `a ${method}`,
        });
      } catch (error) {
        await drop(answer.body);
        throw error;
      }
      // What a HEAD announces does not come.
      const complete = method === "HEAD" ? answer.body : wholeBody(answer.body, received);
      if (next === undefined) return { ...received, body: complete, url: from };
      await drop(answer.body);
      sent = headersFor(next, from, sent);
      hop.url = next;
    }
  }
}

/** What goes with a request that may take too long. */
interface Watch {
  readonly limit: AbortSignal;
  readonly onTaken: (size: number) => void;
}
