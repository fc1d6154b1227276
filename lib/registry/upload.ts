import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { drop } from "../http/answer.ts";
import { tried } from "../http/errors.ts";
import { answerSetback, faultSetback, type Patience, type Setback } from "../http/retry.ts";
import type { PlaceAnswer, PlaceRequest } from "./client.ts";
import { pushError } from "./push-error.ts";
import { arrivedAt, begunUpload, locationOf, type Upload, withDigest } from "./upload-place.ts";

export interface UploadContent {
  /** Opens the blob from a position, again after each setback. Should fail with AircrateErrors. */
  readonly open: (from: number) => AsyncIterable<Uint8Array>;
  /** Told of the position from which it is sent: 0, and later ones or 0 again after a setback. */
  readonly onStart?: (from: number) => void;
  /** Told of bytes as they are taken to be sent. */
  readonly onBytes?: (size: number) => void;
}

interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

export interface UploadContext {
  readonly push: (request: Omit<PlaceRequest, "push">) => Promise<PlaceAnswer>;
  /** Whether the repository has the blob. */
  readonly has: () => Promise<boolean>;
  readonly patience: Patience;
  /** The repository, for errors. */
  readonly where: string;
  /** One that the registry has begun already. */
  readonly begun?: Upload;
}

/** Bytes of a part where a whole blob is too much for one request. Some registries take no larger ones. */
const PART = 4 * 1024 * 1024;
/** New bytes that count as progress: a connection that gives a few at a time would be tried without end. */
const PROGRESS = 64 * 1024;

/**
 * Uploads a blob: in one request (POST, then PUT), the one form that every registry takes. After a setback the registry
 * is asked what has arrived, and the rest follows; one that does not know gets it anew. Where a proxy finds it too large
 * (413) it is sent in parts (PATCH).
 *
 * @throws AircrateError unreachable, forbidden; integrity: what arrives does not have the digest; what the content fails
 *   with
 */
export async function uploadBlob(blob: Blob, content: UploadContent, context: UploadContext): Promise<void> {
  const { patience, where } = context;
  const send = createSender(blob, content, context);
  let upload = context.begun ?? (await begin(context));
  let part = Number.POSITIVE_INFINITY;
  let pieced = false;
  for (let tries = 1, best = 0; ; ) {
    const sent = await send(upload, { part, tries });
    if (sent === "done") return;
    if (!("error" in sent)) upload = sent;
    else if (sent.status === 413 && part === Number.POSITIVE_INFINITY) {
      part = Math.max(PART, upload.minimum);
      upload = await begin(context);
    } else if (isWrong(sent.error) && pieced) {
      // What was there already may not have been what was sent.
      pieced = false;
      upload = await begin(context);
    } else {
      const { setback } = sent;
      if (setback === undefined || !(await patience(setback, tries, { where, host: upload.location.host })))
        throw sent.error;
      tries += 1;
      const next = await recover(upload, blob, context);
      if (next === "done") return;
      pieced = next.offset > 0;
      upload = next;
    }
    if (upload.offset >= best + PROGRESS) {
      best = upload.offset;
      tries = 1;
    }
  }
}

interface Failure {
  readonly error: unknown;
  /** Of the answer, if there was one. */
  readonly status?: number;
  /** Why it may go better the next time. */
  readonly setback?: Setback;
}

/** Sends what is missing of an upload, or a part of it. @returns how the upload goes on */
type Send = (upload: Upload, attempt: { part: number; tries: number }) => Promise<Upload | "done" | Failure>;

function createSender({ digest, size }: Blob, content: UploadContent, { push, where }: UploadContext): Send {
  let position: number | undefined;

  async function* open(from: number, count: number): AsyncGenerator<Uint8Array> {
    let left = count;
    if (from !== position) content.onStart?.(from);
    position = from;
    for await (const chunk of content.open(from)) {
      const bytes = chunk.subarray(0, left);
      content.onBytes?.(bytes.length);
      position += bytes.length;
      left -= bytes.length;
      yield bytes;
      if (left === 0) return;
    }
  }

  return async ({ location, offset, minimum }, { part, tries }) => {
    const count = Math.min(size - offset, part);
    const end = offset + count;
    const last = end === size;
    const to = last ? withDigest(location, digest) : location;
    const isWhole = last && offset === 0;
    let asked: PlaceAnswer;
    try {
      asked = await push({
        ...{ to, where, method: last ? "PUT" : "PATCH", once: true },
        headers: isWhole || count === 0 ? {} : { "content-range": `${offset}-${end - 1}` },
        content: { type: "application/octet-stream", size: count, open: () => open(offset, count) },
      });
    } catch (error) {
      if (!(error instanceof AircrateError)) throw error;
      const setback = faultSetback(error.cause);
      return { error: triedOften(error, tries), ...(setback !== undefined && { setback }) };
    }
    const { answer, request } = asked;
    const { status } = answer;
    if (status >= 200 && status <= 299) {
      await drop(answer.body);
      if (last) return "done";
      const arrived = Math.min(arrivedAt(answer) ?? end, end);
      if (arrived > offset) return { location: locationOf(answer, where) ?? location, offset: arrived, minimum };
    }
    const error = await pushError({ ...answer, tries }, request);
    const setback = UNSURE[status] === undefined ? answerSetback(answer) : { reason: UNSURE[status] };
    return { error, status, ...(setback !== undefined && { setback }) };
  };
}

function triedOften(error: AircrateError, tries: number): AircrateError {
  const { fault, what, where, hint, cause } = error;
  const reason = error.reason.flatMap((line, i) => (i === 0 ? tried(line, tries) : line));
  return new AircrateError(fault, what, { ...(where !== undefined && { where }), reason, hint, cause });
}

/** Answers that tell that the registry is not where it was thought to be. */
const UNSURE: Readonly<Record<number, string>> = {
  202: "it does not take what is sent",
  404: "it does not know the upload any more",
  416: "it goes on from another place",
};

function isWrong(error: unknown): boolean {
  return error instanceof AircrateError && error.fault === "integrity";
}

async function begin({ push, where }: UploadContext): Promise<Upload> {
  const { answer, request } = await push({ to: "blobs/uploads/", method: "POST", where });
  if (answer.status !== 202) throw await pushError(answer, request);
  await drop(answer.body);
  return begunUpload(answer, where);
}

/** Finds out how far an upload came: what the registry has, nothing, or all. */
async function recover(upload: Upload, { size }: Blob, context: UploadContext): Promise<Upload | "done"> {
  const { push, where } = context;
  const { answer } = await push({ to: upload.location, where });
  await drop(answer.body);
  const offset = answer.status >= 200 && answer.status <= 299 ? arrivedAt(answer) : undefined;
  // Of the first byte alone it is not told apart from nothing.
  if (offset !== undefined && offset > 0 && offset <= size) {
    return { ...upload, location: locationOf(answer, where) ?? upload.location, offset };
  }
  // It may be over: only the answer was lost.
  if (await context.has()) return "done";
  return begin(context);
}
