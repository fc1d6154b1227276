import { createHash } from "node:crypto";
import type { Encoding } from "../../spec/inspection.ts";
import type { Digest } from "../digest.ts";
import { readGzip } from "../gzip/members.ts";
import { BLOCK } from "../tar/header.ts";
import { encodingOf } from "../unpack/encoding.ts";
import { createLayerReader, type LayerFacts } from "./layer.ts";
import type { Budget } from "./limits.ts";
import { collect, createTap, formatFault, type Tap } from "./tap.ts";

/** What one pass over a member of an archive tells. What it is for is only known once all manifests are read. */
export interface BlobFacts extends PlainFacts {
  /** Of the bytes as they are in the archive. */
  readonly digest: Digest;
  readonly encoding: Encoding;
  /** The bytes, when they look like JSON and are few. */
  readonly document?: Uint8Array;
}

interface PlainFacts {
  /** Of the plain bytes; absent when they cannot be unpacked here. */
  readonly diffId?: Digest;
  readonly plainSize?: number;
  /** Why the bytes cannot be unpacked. */
  readonly fault?: string;
  /** The plain bytes as a layer; absent for documents and what cannot be unpacked. */
  readonly layer?: LayerFacts;
}

const JSON_START = /^\s*[[{]/;

export async function scanBlob(content: AsyncIterable<Uint8Array>, size: number, budget: Budget): Promise<BlobFacts> {
  const hash = createHash("sha256");
  const tap = createTap(content, (chunk) => {
    hash.update(chunk);
  });
  const digest = (): Digest => `sha256:${hash.digest("hex")}`;
  const start = await tap.peek(BLOCK);
  const encoding = encodingOf(start);
  if (encoding === "plain" && looksLikeDocument(start) && budget.keep(size)) {
    const document = await collect(tap);
    return { digest: digest(), encoding, document, plainSize: size };
  }
  if (encoding === "plain") {
    const reader = createLayerReader(budget.lists);
    for await (const chunk of tap) reader.write(chunk);
    const same = digest();
    return { digest: same, encoding, diffId: same, plainSize: size, layer: reader.finish() };
  }
  const plain = encoding === "gzip" ? await scanPacked(tap, budget) : {};
  await tap.drain();
  return { digest: digest(), encoding, ...plain };
}

/** The first name in a tar file may begin like a document: `[slug]/page.js`. */
function looksLikeDocument(start: Uint8Array): boolean {
  const text = Buffer.from(start).toString("latin1");
  return JSON_START.test(text) && text.slice(TAR_MARK, TAR_MARK + 5) !== "ustar";
}

/** Where the header of a tar file says that it is one (POSIX.1-1988, "ustar Interchange Format"; GNU tar as well). */
const TAR_MARK = 257;

async function scanPacked(tap: Tap, budget: Budget): Promise<PlainFacts> {
  const hash = createHash("sha256");
  const reader = createLayerReader(budget.lists);
  let plainSize = 0;
  try {
    for await (const chunk of counted(readGzip(tap), budget)) {
      hash.update(chunk);
      plainSize += chunk.length;
      reader.write(chunk);
    }
  } catch (error) {
    return { fault: formatFault(error, tap) };
  }
  return { diffId: `sha256:${hash.digest("hex")}`, plainSize, layer: reader.finish() };
}

/** Passes plain bytes on and counts them. */
export async function* counted(chunks: AsyncIterable<Uint8Array>, budget: Budget): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    budget.unpack(chunk.length);
    yield chunk;
  }
}
