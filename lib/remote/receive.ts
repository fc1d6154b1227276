import { createHash } from "node:crypto";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { type Answer, drop } from "../http/answer.ts";
import { createBlobWriter, type Store } from "../store/layout.ts";
import { createRelief } from "../workers/memory.ts";
import { shownAddress } from "./address.ts";

export interface Received {
  readonly digest: Digest;
  readonly size: number;
}

export interface ReceiveOptions {
  readonly checksum: Digest;
  /** For errors. */
  readonly where: string;
  /** In bytes. */
  readonly maxSize: number;
  readonly onEvent: OnEvent;
}

/**
 * Takes the body of an answer into the store, as a blob, in flat memory. Nothing is kept unless it has the digest.
 *
 * @throws AircrateError integrity (another digest, too large), unreachable (the store); the network's fault as it is
 */
export async function receive(store: Store, answer: Answer, options: ReceiveOptions): Promise<Received> {
  const { checksum, where, maxSize, onEvent } = options;
  const announced = Number(answer.headers["content-length"] ?? 0);
  if (announced > maxSize) {
    await drop(answer.body);
    throw sizeError(answer.url, options);
  }
  const event = { reference: shownAddress(answer.url), layer: checksum };
  const relieve = createRelief();
  const hash = createHash("sha256");
  let size = 0;
  const writer = await createBlobWriter(store);
  try {
    onEvent({ kind: "pull-start", ...event, size: announced, from: 0 });
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > maxSize) throw sizeError(answer.url, options);
      hash.update(chunk);
      await writer.write(chunk);
      onEvent({ kind: "pull-bytes", layer: checksum, size: chunk.length });
      relieve(chunk.length);
    }
    const digest = `sha256:${hash.digest("hex")}`;
    if (digest !== checksum) {
      throw new AircrateError("integrity", "a remote file does not have the digest of its checksum", {
        where,
        reason: [`wanted ${checksum}`, `received ${digest}`, `from ${shownAddress(answer.url)}`],
        hint: "check where it comes from; if it was replaced on purpose, change the checksum",
      });
    }
    await writer.commit(checksum);
    onEvent({ kind: "pull-end", ...event, size, stored: checksum });
    return { digest, size };
  } finally {
    await writer.abort();
  }
}

function sizeError(url: URL, { where, maxSize }: ReceiveOptions): AircrateError {
  return new AircrateError("integrity", "a remote file is larger than is allowed", {
    where,
    reason: `${shownAddress(url)} gives more than ${maxSize} bytes`,
    hint: "if you trust it, allow more with --max-layer-size SIZE",
  });
}
