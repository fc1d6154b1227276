import { createHash } from "node:crypto";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { createBlobWriter, type Store } from "../store/layout.ts";
import { createRelief } from "../workers/memory.ts";

export interface Received {
  readonly digest: Digest;
  readonly size: number;
}

/** Bytes of which somebody says that they are a file. */
export interface Offer {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes that are to come; 0 when nobody says how many. */
  readonly announced: number;
  /** Address or file that they come from, for messages. */
  readonly from: string;
  /** What to do when they are not the file. */
  readonly hint: string;
  /** Lets go of chunks that nobody wants. */
  drop?(): Promise<void>;
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
 * Takes a file into the store, as a blob, in flat memory. Nothing is kept unless it has the digest.
 *
 * @throws AircrateError integrity (another digest, too large), unreachable (the store); the fault of the source as it is
 */
export async function receive(store: Store, offer: Offer, options: ReceiveOptions): Promise<Received> {
  const { checksum, where, maxSize, onEvent } = options;
  const { announced, from } = offer;
  if (announced > maxSize) {
    await offer.drop?.();
    throw sizeError(from, options);
  }
  const event = { reference: from, layer: checksum };
  const relieve = createRelief();
  const hash = createHash("sha256");
  let size = 0;
  const writer = await createBlobWriter(store);
  try {
    onEvent({ kind: "pull-start", ...event, size: announced, from: 0 });
    for await (const chunk of offer.chunks) {
      size += chunk.length;
      if (size > maxSize) throw sizeError(from, options);
      hash.update(chunk);
      await writer.write(chunk);
      onEvent({ kind: "pull-bytes", layer: checksum, size: chunk.length });
      relieve(chunk.length);
    }
    const digest = `sha256:${hash.digest("hex")}`;
    if (digest !== checksum) {
      throw new AircrateError("integrity", "a remote file does not have the digest of its checksum", {
        where,
        reason: [`wanted ${checksum}`, `received ${digest}`, `from ${from}`],
        hint: offer.hint,
      });
    }
    await writer.commit(checksum);
    onEvent({ kind: "pull-end", ...event, size, stored: checksum });
    return { digest, size };
  } finally {
    await writer.abort();
  }
}

function sizeError(from: string, { where, maxSize }: ReceiveOptions): AircrateError {
  return new AircrateError("integrity", "a remote file is larger than is allowed", {
    where,
    reason: `${from} gives more than ${maxSize} bytes`,
    hint: "if you trust it, allow more with --max-layer-size SIZE",
  });
}
