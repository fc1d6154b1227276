import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import { faultText, isRefused, mayPass, PASSING_STATUS } from "./errors.ts";

/** How often and how patiently requests are sent again. */
export interface RetrySettings {
  /** How often a request is sent at most, at least 1; default 5. */
  readonly tries?: number;
  /** Milliseconds before the second try, doubled for each further one; default 500. */
  readonly firstWait?: number;
  /** Most milliseconds between two tries, unless the server asks for more; default 10 000. */
  readonly maxWait?: number;
  /** Most milliseconds that a server may ask to wait with `Retry-After`: for more, nobody waits; default 60 000. */
  readonly maxRetryAfter?: number;
}

/** A request failed and is going to be sent again. */
export interface Retry {
  /** The reference or registry that it is for. */
  readonly where: string;
  /** Host and port of the server. */
  readonly host: string;
  readonly reason: string;
  /** Milliseconds until then. */
  readonly wait: number;
}

export type OnRetry = (retry: Retry) => void;

/** Why a request has to be sent again. */
export interface Setback {
  readonly reason: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number;
  /** Fewer tries than are set. */
  readonly tries?: number;
}

/**
 * Waits before the next try.
 *
 * @param tries how often the request was sent
 * @returns false when it is not to be sent again
 * @throws the reason of the signal
 */
export type Patience = (setback: Setback, tries: number, request: { where: string; host: string }) => Promise<boolean>;

/** Nobody listens: a registry that restarts is back soon, and one that is not there at all should be told soon. */
const REFUSED_TRIES = 3;

export function createPatience(
  settings: RetrySettings,
  { signal, onRetry }: { signal?: AbortSignal; onRetry?: OnRetry },
): Patience {
  const { tries: most = 5, firstWait = 500, maxWait = 10_000, maxRetryAfter = 60_000 } = settings;
  return async ({ reason, retryAfter = 0, tries: few = most }, tries, request) => {
    // To come back sooner than it asks would be in vain, and count against whoever does.
    if (tries >= Math.min(most, few) || retryAfter > maxRetryAfter) return false;
    const backoff = Math.min(firstWait * 2 ** (tries - 1), maxWait);
    // Clients that were cut off together must not come back together.
    const jittered = backoff * (0.5 + Math.random() / 2);
    const wait = Math.round(Math.max(jittered, retryAfter));
    onRetry?.({ ...request, reason, wait });
    await sleep(wait, undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
    return true;
  };
}

/** Undefined when the answer is one to go on with. */
export function answerSetback({ status, headers }: Pick<Answer, "status" | "headers">): Setback | undefined {
  if (!PASSING_STATUS.has(status)) return undefined;
  const retryAfter = readRetryAfter(headers["retry-after"], headers.date);
  return { reason: `it answers ${status}`, ...(retryAfter !== undefined && { retryAfter }) };
}

/** Undefined when the fault is final. */
export function faultSetback(error: unknown): Setback | undefined {
  if (!mayPass(error)) return undefined;
  return { reason: faultText(error), ...(isRefused(error) && { tries: REFUSED_TRIES }) };
}

type Header = string | string[] | undefined;

/**
 * `Retry-After` (RFC 9110, section 10.2.3) in milliseconds: seconds, or a date, which is compared with the server's own
 * clock if it tells it. Undefined when there is none that can be read.
 */
export function readRetryAfter(header: Header, date: Header): number | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const then = readHttpDate(text);
  const now = (typeof date === "string" ? readHttpDate(date.trim()) : undefined) ?? Date.now();
  return then === undefined ? undefined : Math.max(0, then - now);
}

/** Any of the three forms of RFC 9110, section 5.6.7; the one of asctime() has no zone and means GMT. */
function readHttpDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const time = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
