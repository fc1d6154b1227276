import { createReadStream } from "node:fs";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlobSource, sizeOf } from "../image-content.ts";
import type { RegistryRequest } from "./request.ts";

/** What is sent for a request. Header names are in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | BlobSource;
  /** The part of the body that is sent, `end` exclusive; all of it without. */
  readonly range?: { readonly start: number; readonly end: number };
}

/** How the answer to one request is spoiled. The parts can be combined; offsets count from the first byte sent. */
export interface Fault {
  /** Nothing happens for that long. */
  readonly delayMs?: number;
  /** Sent instead of the true answer. */
  readonly answer?: Answer;
  /** Sent instead of the true answer: 307 (or the status given) with this Location. */
  readonly redirect?: string | { readonly location: string; readonly status: number };
  /** The Range header is ignored, as by a server that knows none: 200 and the whole body. */
  readonly ignoreRange?: boolean;
  /** Headers of the answer that are set or, with null, left out. Names in lower case. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Declares this length whatever is sent; with null none, so that the body is sent in chunks. */
  readonly contentLength?: number | null;
  /** Every bit of the byte at that offset is turned over: right length, wrong bytes. */
  readonly corruptAt?: number;
  /** Closes the connection after that many bytes of the body. */
  readonly cutAfter?: number;
  /** A cut is a reset (RST) rather than an orderly end (FIN). */
  readonly reset?: boolean;
  /** Sends nothing more after that many bytes of the body, or not even a status line, and keeps the connection open. */
  readonly stallAfter?: number | "request";
  /** Sends the body at most that fast, in steps of 20 ms. */
  readonly bytesPerSecond?: number;
  /** Takes that many bytes of the request's own body and breaks the connection. */
  readonly takeOnly?: number;
  /** Does what is asked for, and breaks the connection instead of saying so. */
  readonly loseAnswer?: boolean;
}

const CHUNK = 256 * 1024;
const STEP_MS = 20;

/** The JSON of the distribution specification, section "Error Codes". */
export function errorAnswer(status: number, code: string, message: string, headers: Answer["headers"] = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ errors: [{ code, message, detail: null }] }),
  };
}

/** What a fault puts in place of the true answer, if it puts anything there. */
export function replacement(fault: Fault): Answer | undefined {
  if (fault.redirect === undefined) return fault.answer;
  const { location, status } =
    typeof fault.redirect === "string" ? { location: fault.redirect, status: 307 } : fault.redirect;
  return { status, headers: { location } };
}

/** Sends the answer, spoiled as the fault says. Resolves when it is sent or the client has gone. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  to: { request: RegistryRequest; fault: Fault },
) {
  const { request, fault } = to;
  const gone = new Promise<false>((resolve) => response.once("close", () => resolve(false)));
  if (fault.stallAfter === "request") return void (await gone);

  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0));
  const { start, end } = answer.range ?? { start: 0, end: sizeOf(body) };
  writeHeader(response, answer, { length: end - start, fault });
  request.status = answer.status;

  if (request.method !== "HEAD") {
    const limit = Math.min(fault.cutAfter ?? Number.POSITIVE_INFINITY, fault.stallAfter ?? Number.POSITIVE_INFINITY);
    for await (const piece of pieces(body, { start, end: Math.min(end, start + limit), fault })) {
      const written = new Promise<boolean>((resolve) => response.write(piece, (error) => resolve(!error)));
      if (!(await Promise.race([written, gone]))) return;
      request.sent += piece.length;
      if (fault.bytesPerSecond !== undefined) await waitFor(response, STEP_MS);
    }
    if (fault.stallAfter !== undefined && fault.stallAfter <= end - start) return void (await gone);
    if (fault.cutAfter !== undefined) return void (await cut(response, fault.reset === true));
  }
  // With a false length the connection is out of step: the client must not use it again, nor wait on it for more.
  if (typeof fault.contentLength === "number") await cut(response, false);
  else response.end();
}

/** Waits, but not beyond the end of the connection. */
export async function waitFor(response: ServerResponse, milliseconds: number): Promise<void> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  response.once("close", abort);
  try {
    await sleep(milliseconds, undefined, { signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    response.off("close", abort);
  }
}

function writeHeader(response: ServerResponse, answer: Answer, body: { length: number; fault: Fault }): void {
  const headers = new Map(Object.entries({ "docker-distribution-api-version": "registry/2.0", ...answer.headers }));
  const { contentLength = body.length } = body.fault;
  if (contentLength !== null && answer.status !== 304 && !headers.has("content-length")) {
    headers.set("content-length", String(contentLength));
  }
  for (const [name, value] of Object.entries(body.fault.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.flushHeaders();
}

/** The bytes from `start` to `end`, cut into writes. */
async function* pieces(body: BlobSource, part: { start: number; end: number; fault: Fault }): AsyncGenerator<Buffer> {
  const { start, end, fault } = part;
  if (end <= start) return;
  const step =
    fault.bytesPerSecond === undefined ? CHUNK : Math.max(1, Math.floor((fault.bytesPerSecond * STEP_MS) / 1000));
  let offset = 0;
  for await (const chunk of chunks(body, start, end)) {
    for (let at = 0; at < chunk.length; at += step) {
      const piece = chunk.subarray(at, at + step);
      const wrong = (fault.corruptAt ?? -1) - offset;
      offset += piece.length;
      if (wrong < 0 || wrong >= piece.length) {
        yield piece;
        continue;
      }
      const copy = Buffer.from(piece);
      copy[wrong] = copy[wrong]! ^ 0xff;
      yield copy;
    }
  }
}

async function* chunks(body: BlobSource, start: number, end: number): AsyncGenerator<Buffer> {
  if (body instanceof Uint8Array) yield Buffer.from(body.buffer, body.byteOffset + start, end - start);
  else yield* createReadStream(body.file, { start, end: end - 1, highWaterMark: CHUNK });
}

/** Ends the connection once everything written so far has left this process. */
async function cut(response: ServerResponse, reset: boolean): Promise<void> {
  const { socket } = response;
  if (socket === null) return;
  await new Promise<void>((resolve) => socket.write("", () => resolve()));
  if (!reset) return void socket.destroy();
  // A reset may overtake bytes that the client has not read yet.
  await waitFor(response, STEP_MS);
  socket.resetAndDestroy();
}
