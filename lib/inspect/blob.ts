import { createHash } from "node:crypto";
import type { Encoding } from "../../spec/inspection.ts";
import type { Digest } from "../digest.ts";
import { readGzip } from "../gzip/members.ts";
import { encodingOf, MAGIC_SIZE } from "./encoding.ts";
import { createLayerReader, type LayerFacts } from "./layer.ts";
import type { Budget } from "./limits.ts";
import { createTap, formatFault } from "./tap.ts";

/** What one pass over a member of an archive tells. What it is for is only known once all manifests are read. */
export interface BlobFacts {
  /** Of the bytes as they are in the archive. */
  readonly digest: Digest;
  readonly encoding: Encoding;
  /** Of the plain bytes; absent when they cannot be unpacked here. */
  readonly diffId?: Digest;
  readonly plainSize?: number;
  /** Why a gzip'd member cannot be unpacked. */
  readonly fault?: string;
  /** The plain bytes as a layer; absent for documents and what cannot be unpacked. */
  readonly layer?: LayerFacts;
  /** The bytes, when they look like JSON and are few. */
  readonly document?: Uint8Array;
}

/** @throws SourceError when the archive around it fails */
export async function scanBlob(content: AsyncIterable<Uint8Array>, size: number, budget: Budget): Promise<BlobFacts> {
  const hash = createHash("sha256");
  const tap = createTap(content, (chunk) => {
    hash.update(chunk);
  });
  const start = await tap.peek(MAGIC_SIZE);
  const encoding = encodingOf(start);
  const digest = (): Digest => `sha256:${hash.digest("hex")}`;
  if (encoding === "plain") {
    if (looksLikeJson(start) && budget.keep(size)) {
      const document = await collect(tap);
      return { digest: digest(), encoding, document, plainSize: size };
    }
    const reader = createLayerReader();
    for await (const chunk of tap) reader.write(chunk);
    const same = digest();
    return { digest: same, encoding, diffId: same, plainSize: size, layer: reader.finish() };
  }
  if (encoding !== "gzip") {
    await tap.drain();
    return { digest: digest(), encoding };
  }
  const plain = await scanPlain(readGzip(tap), budget);
  await tap.drain();
  return { digest: digest(), encoding, ...plain };
}

async function scanPlain(
  chunks: AsyncIterable<Uint8Array>,
  budget: Budget,
): Promise<Pick<BlobFacts, "diffId" | "plainSize" | "layer" | "fault">> {
  const hash = createHash("sha256");
  const reader = createLayerReader();
  let plainSize = 0;
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      plainSize += chunk.length;
      budget.unpack(chunk.length);
      reader.write(chunk);
    }
  } catch (error) {
    return { fault: ownFault(error) };
  }
  return { diffId: `sha256:${hash.digest("hex")}`, plainSize, layer: reader.finish() };
}
