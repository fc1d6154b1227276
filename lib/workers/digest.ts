import { createHash } from "node:crypto";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { SharedStream } from "../tar/shared.ts";
import type { DigestResult } from "./jobs.ts";
import type { WorkPool } from "./pool.ts";

/** From so many bytes on a second thread pays, which reads and takes the CRC while the first one takes the SHA-256. */
const LARGE = 256 * 1024 * 1024;

/**
 * Digests a stream in one thread of a pool, or, when it is large and they have nothing else to do, in two.
 *
 * @throws FileChangedError when a file is not what it was when it was listed
 */
export async function digestStream(pool: WorkPool, stream: SharedStream): Promise<DigestResult> {
  // Neither of the two may have to wait for a thread: the other one waits for it.
  if (stream.size < LARGE || pool.spare() < 2) return pool.run({ kind: "digest", stream });
  const { port1, port2 } = new MessageChannel();
  const sha256 = pool.run({ kind: "hash", port: port1 });
  // When the other one fails, so does this one; the cause is told by the other.
  sha256.catch(() => {});
  const crc = await pool.run({ kind: "read", stream, port: port2 });
  return { crc, sha256: await sha256 };
}

const END = "end";

/** Where another thread takes the SHA-256 of what is sent to it. */
export interface RemoteHash {
  /** @param bytes in shared memory @returns when they may be changed again */
  update(bytes: Uint8Array): Promise<void>;
  /** Nothing more comes. */
  finish(): void;
  /** Something went wrong. Does nothing after `finish`. */
  abort(): void;
}

export function remoteHash(port: MessagePort): RemoteHash {
  const waiting: (() => void)[] = [];
  port.on("message", () => waiting.shift()!());
  // The other thread is gone, which is told by its job.
  port.on("close", () => {
    for (const resolve of waiting.splice(0)) resolve();
  });
  return {
    update(bytes) {
      port.postMessage(bytes);
      return new Promise((resolve) => waiting.push(resolve));
    },
    finish: () => port.postMessage(END),
    abort: () => port.close(),
  };
}

/** The other side of a {@link RemoteHash}. @returns 64 hex digits @throws Error when the end does not come */
export function hashFrom(port: MessagePort): Promise<string> {
  const hash = createHash("sha256");
  return new Promise((resolve, reject) => {
    port.on("message", (bytes: Uint8Array | typeof END) => {
      if (bytes === END) {
        resolve(hash.digest("hex"));
        port.close();
      } else {
        hash.update(bytes);
        port.postMessage(undefined);
      }
    });
    port.on("close", () => reject(new Error("the stream was not read to its end")));
  });
}
