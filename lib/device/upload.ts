import { setTimeout as sleep } from "node:timers/promises";
import { decodeJson } from "../../spec/decode.ts";
import { UpdateAnswer } from "../../spec/device.ts";
import { AircrateError } from "../error.ts";
import { type DeviceAnswer, unreachable } from "./connection.ts";
import { createStatusReader } from "./follow.ts";
import type { FileForm } from "./form.ts";
import { FAILED, FAILED_READS, POLL_MS, STALL_MS, SUCCEEDED, UPDATER } from "./protocol.ts";
import type { Updater } from "./updater.ts";

export interface UploadOptions {
  /** Milliseconds from the last byte until the device has to be done. */
  readonly limit: number;
  readonly onBytes: (sent: number) => void;
  /** Told what the device is at while it has not answered yet. */
  readonly onStatus: (status: string) => void;
  readonly signal?: AbortSignal;
}

export interface Uploaded {
  /** Whether the device said that it is done; else its status tells how it goes on. */
  readonly done: boolean;
  /** When the last byte was sent, in milliseconds of `performance.now()`. */
  readonly end: number;
}

/**
 * Sends an artifact. The device answers when it has installed it; a gateway before it may lose patience (504), and the
 * connection is lost when the device starts anew. A device that falls silent without a word is noticed, too.
 *
 * @throws AircrateError unreachable when it cannot be sent whole; forbidden; device when it is refused, with the device's
 *   message and logs
 */
export async function uploadArtifact(updater: Updater, form: FileForm, options: UploadOptions): Promise<Uploaded> {
  const { device, version } = updater;
  const { signal, onBytes } = options;
  const progress: Progress = { sent: -1, size: form.fileSize, end: performance.now() };
  const gone = new AbortController();
  const watched = new AbortController();
  const body = () =>
    form.stream((sent) => {
      progress.sent = sent;
      progress.end = performance.now();
      onBytes(sent);
    });
  const watching = watch(updater, progress, { ...options, gone, signal: watched.signal });
  try {
    const answer = await device.send(`${UPDATER}/${version}/update`, {
      method: "POST",
      headers: { ...form.headers, "x-metadata": JSON.stringify({ installation_id: installationId(new Date()) }) },
      body,
      timeout: 0,
      signal: signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal]),
    });
    return { done: judge(answer, device.address), end: progress.end };
  } catch (error) {
    signal?.throwIfAborted();
    const lost = error instanceof AircrateError && error.fault === "unreachable";
    if (lost && progress.sent === progress.size) return { done: false, end: progress.end };
    throw error;
  } finally {
    watched.abort();
    await watching;
  }
}

/** After a silence, so many readings pass before a request from before it is given up. */
const READS_WHEN_BACK = 2;

interface Progress {
  /** Bytes of the file that were taken; -1 before the first. */
  sent: number;
  readonly size: number;
  /** When the last of them was taken. */
  end: number;
}

/** Looks once a second how the upload is doing, and gives it up for lost by `gone`. Ends by its signal. */
async function watch(
  updater: Updater,
  progress: Progress,
  { gone, onStatus, limit, signal }: UploadOptions & { gone: AbortController; signal: AbortSignal },
): Promise<void> {
  const { address } = updater.device;
  const read = createStatusReader(updater, signal);
  let shown: string | undefined;
  let silent = false;
  let back = 0;
  try {
    for (;;) {
      await sleep(POLL_MS, undefined, { signal });
      const still = performance.now() - progress.end;
      if (progress.sent < progress.size) {
        if (progress.sent >= 0 && still > STALL_MS) {
          gone.abort(unreachable(address, `it takes no more bytes since ${STALL_MS / 1000} s`));
        }
        continue;
      }
      const { status, failed } = await read();
      // Words for an end may be those of the installation before: only the answer counts as yet.
      if (status !== undefined && status !== shown && !SUCCEEDED.includes(status) && !Object.hasOwn(FAILED, status)) {
        shown = status;
        onStatus(status);
      }
      // Silence alone says little: an updater may serve one request at a time.
      silent ||= failed > FAILED_READS;
      if (silent && failed === 0) back += 1;
      if (back > READS_WHEN_BACK || still > limit) gone.abort(unreachable(address, "it fell silent"));
    }
  } catch (error) {
    if (!signal.aborted) gone.abort(error);
  }
}

/** @returns false when the answer is that of a gateway which did not want to wait */
function judge(answer: DeviceAnswer, where: string): boolean {
  const { status } = answer;
  if (status === 200) return true;
  if (status === 504) return false;
  const { message, logs } = readRefusal(answer);
  const forbidden = status === 401 || status === 403;
  const reason = [`it answers ${status}`, ...lines(message ?? "").slice(0, MAX_LINES), ...logLines(logs)];
  throw new AircrateError(forbidden ? "forbidden" : "device", "the device did not install the file", {
    where,
    reason: reason.map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line)),
  });
}

/** Lines of a message, and the last of the logs, that are shown; characters of one. */
const MAX_LINES = 100;
const MAX_LINE = 1000;

function logLines(logs: string | undefined): string[] {
  const all = lines(logs ?? "");
  if (all.length === 0) return [];
  const left = all.length - MAX_LINES;
  return ["its logs:", ...(left > 0 ? [`(${left} lines before)`] : []), ...all.slice(-MAX_LINES)];
}

function lines(text: string): string[] {
  return text.split(/\r?\n|\\n/).filter((line) => line.trim() !== "");
}

/** What it says of it. An answer that is not of that form, such as a gateway's page, says nothing. */
function readRefusal({ bytes }: DeviceAnswer): UpdateAnswer {
  try {
    return decodeJson(UpdateAnswer, bytes);
  } catch {
    return {};
  }
}

/** `YYYYMMDDhhmmss`, in UTC. */
function installationId(time: Date): string {
  return time.toISOString().replace(/\D/g, "").slice(0, 14);
}
