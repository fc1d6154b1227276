import { AircrateError } from "../error.ts";
import { NetworkFault, networkError } from "./errors.ts";

/** An answer whose body has not been read yet. It must be read, or dropped with {@link drop}. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AnswerBody;
  /** The address that answered, after redirects. */
  readonly url: URL;
  /** How often the request was sent to get it, at least 1. */
  readonly tries?: number;
  /** Until when a body that is read whole has to be there, in milliseconds of `performance.now()`. */
  readonly deadline?: number;
}

export interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** Lets go of what was not read. */
  dump(options: { limit: number; signal?: AbortSignal }): Promise<void>;
  /** Has whoever reads it fail with this error. */
  destroy?(error: Error): void;
}

/** An answer of a server. */
export interface ServerAnswer extends Answer {
  /** The address that was asked first: with `orPlain` it may be in plain http. */
  readonly asked: URL;
  readonly tries: number;
  readonly deadline: number;
}

/** An answer that was read whole. */
export interface SmallAnswer extends Omit<Answer, "body"> {
  readonly bytes: Buffer;
}

/** Reads a body whole. @throws AircrateError unreachable when it breaks off, integrity when it is larger than `limit` */
export async function readBody(answer: Answer, limit: number, where: string): Promise<Buffer> {
  try {
    return await collect(answer, limit, where);
  } catch (error) {
    throw networkError(error, where, answer.url);
  }
}

/** As {@link readBody}, with the network's faults as they are. */
export async function collect(answer: Answer, limit: number, where: string): Promise<Buffer> {
  const { body, deadline } = answer;
  const giveUp = () => body.destroy?.(new NetworkFault("the answer takes too long"));
  const timer = deadline && setTimeout(giveUp, Math.max(0, deadline - performance.now()));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } finally {
    if (timer) clearTimeout(timer);
  }
  if (size > limit) {
    throw new AircrateError("integrity", `the answer is larger than ${limit} bytes`, {
      where,
      reason: answer.url.host,
    });
  }
  return Buffer.concat(chunks);
}

/** A body as it comes from undici that fails also when it is not as long as the headers announce. */
export function wholeBody(body: AnswerBody, announced: Pick<Answer, "status" | "headers">): AnswerBody {
  return {
    async *[Symbol.asyncIterator]() {
      let size = 0;
      for await (const chunk of body) {
        size += chunk.length;
        yield chunk;
      }
      // Over HTTP/2, undici takes a stream that was cancelled for one that has ended.
      if (size < announcedLength(announced)) throw new NetworkFault("the answer is not as long as announced");
    },
    dump: (options) => body.dump(options),
    destroy: (error) => body.destroy?.(error),
  };
}

/** A body that does not come to its end by then costs its connection. */
const DROP_MS = 5000;

/** Lets go of a body that nobody wants, so that its connection serves again. */
export async function drop(body: Answer["body"]): Promise<void> {
  await body.dump({ limit: 64 * 1024, signal: AbortSignal.timeout(DROP_MS) }).catch(() => {});
}

function announcedLength({ status, headers }: Pick<Answer, "status" | "headers">): number {
  const length = headers["content-length"];
  // A 304 may name the length of what it does not send (RFC 9110, section 8.6).
  return status !== 304 && typeof length === "string" && /^\d+$/.test(length) ? Number(length) : 0;
}
