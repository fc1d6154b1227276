import { setTimeout as sleep } from "node:timers/promises";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { type Answer, drop } from "../http/answer.ts";
import { networkError } from "../http/errors.ts";
import { layerSizeError } from "../layer/ingest.ts";
import type { RegistrySource } from "../registry/client.ts";
import { type OnPassedOver, trySources } from "../registry/sources.ts";
import type { Store } from "../store/layout.ts";
import { openTarget, type Target } from "./target.ts";

export interface DownloadOptions {
  /** Reference in full, for errors. */
  readonly where: string;
  /** File that the bytes go to; it is there, and may hold the first of them. */
  readonly file: string;
  /** Does without what is in the file. */
  readonly anew?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Pauses before each further attempt that follows one without progress, in ms; there are no more than these. */
  readonly pauses?: readonly number[] | undefined;
  /** Called with the number of bytes that are there, when it begins and whenever it has to begin anew. */
  readonly onStart?: (from: number) => void;
  /** Called with the number of bytes as they arrive. */
  readonly onBytes?: (size: number) => void;
  readonly onPassedOver?: OnPassedOver;
}

export interface Download {
  /** Whether the bytes come from more than one answer or from an earlier run, so that they may not fit together. */
  readonly pieced: boolean;
  /** The source that gave the end. */
  readonly source: RegistrySource | undefined;
}

interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

const PAUSES: readonly number[] = [250, 1_000, 2_000, 5_000, 10_000];

/** New bytes that count as progress: one that gives a few at a time would be asked without end. */
const PROGRESS = 16 * 1024;

/**
 * Gets a blob onto the disk, and does nothing else with the bytes. Where a connection breaks, falls silent or ends early,
 * the next answer goes on from what is there (RFC 9110, section 14); where one source gives up, the next one does. What
 * arrived is the first `size` bytes that somebody sent: the caller checks the digest.
 *
 * @throws AircrateError as the last source fails: unreachable, forbidden, integrity (it sends more or fewer bytes);
 *   unreachable, located at the store, when that cannot be written to
 */
export async function downloadBlob(
  store: Store,
  sources: readonly RegistrySource[],
  blob: Blob,
  options: DownloadOptions,
): Promise<Download> {
  const target = await openTarget(store, options.file, options.onStart);
  try {
    if (options.anew === true || target.position() > blob.size) await target.restart();
    else options.onStart?.(target.position());
    if (target.position() === blob.size) return { pieced: true, source: undefined };
    return await trySources(
      sources,
      async (source) => {
        const failure = await drain(source, blob, target, options);
        if (failure === undefined) return { pieced: target.pieced(), source };
        options.signal?.throwIfAborted();
        // What it sent before may be as wrong.
        if (failure instanceof AircrateError && failure.fault === "integrity") await target.restart();
        throw failure;
      },
      options.onPassedOver,
    );
  } finally {
    await target.close();
  }
}

/** Asks one source until all is there. @returns its failure, when it failed too often without giving anything new */
async function drain(source: RegistrySource, blob: Blob, target: Target, options: DownloadOptions): Promise<unknown> {
  const { signal, pauses = PAUSES } = options;
  let best = target.position();
  let delivered = false;
  for (let idle = 0; target.position() < blob.size; ) {
    const failure = await attempt(source, blob, target, options);
    delivered ||= target.position() > best;
    if (target.position() >= Math.min(best + PROGRESS, blob.size)) {
      best = target.position();
      idle = 0;
    }
    if (failure === undefined) continue;
    const { error, refused } = failure;
    // One that has given nothing yet may not have it at all; requests as such are repeated below this.
    const hopeless = refused && !(delivered && isUnreachable(error));
    if (hopeless || idle === pauses.length || signal?.aborted === true) return error;
    await sleep(pauses[idle], undefined, { ...(signal && { signal }) });
    idle += 1;
  }
  return undefined;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof AircrateError && error.fault === "unreachable";
}

interface Failure {
  readonly error: unknown;
  /** Whether there was no answer that could be used, instead of one that did not come to its end. */
  readonly refused: boolean;
}

/** One request. @returns what was wrong with it, unless it gave all or only showed that one from the beginning is due */
async function attempt(
  source: RegistrySource,
  blob: Blob,
  target: Target,
  { where, onBytes }: DownloadOptions,
): Promise<Failure | undefined> {
  const from = target.position();
  let answer: Answer;
  let start: number | undefined;
  try {
    answer = await source.get(`blobs/${blob.digest}`, { where, from });
    start = await startOf(answer, blob, where);
  } catch (error) {
    return { error, refused: true };
  }
  if (start !== from) {
    // It has no such part (416), knows no parts, or sends another one. A whole answer is taken from its beginning.
    await target.restart();
    if (start !== 0) {
      await drop(answer.body);
      return undefined;
    }
  }
  target.join();
  let broken: unknown;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* answer.body as AsyncIterable<Uint8Array>;
    } catch (error) {
      broken = networkError(error, where, answer.url);
    }
  }
  for await (const chunk of body()) {
    if (target.position() + chunk.length > blob.size) {
      return { error: layerSizeError(blob, where, `more than ${blob.size}`), refused: true };
    }
    await target.write(chunk);
    onBytes?.(chunk.length);
  }
  const arrived = target.position();
  if (broken === undefined && arrived < blob.size) broken = layerSizeError(blob, where, String(arrived));
  return broken === undefined ? undefined : { error: broken, refused: false };
}

/**
 * The position of an answer's first byte; undefined when it has none that could be used.
 *
 * @throws AircrateError integrity when the whole, as the answer announces it, has another size
 */
async function startOf({ status, headers, body }: Answer, blob: Blob, where: string): Promise<number | undefined> {
  if (status === 416) return undefined;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers["content-range"]));
  const size = status === 200 ? headers["content-length"] : range?.[2];
  if (/^\d+$/.test(String(size)) && Number(size) !== blob.size) {
    await drop(body);
    throw layerSizeError(blob, where, String(size));
  }
  return status === 200 ? 0 : range?.[1] === undefined ? undefined : Number(range[1]);
}
