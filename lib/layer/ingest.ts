import { createHash } from "node:crypto";
import { crc32, createGunzip } from "node:zlib";
import { isForeignLayer, layerEncoding } from "../../spec/media-types.ts";
import type { Descriptor } from "../../spec/oci.ts";
import type { LayerRecord, LayerTree } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { createBlobWriter, type Store } from "../store/layout.ts";
import { recordLayerTree, recordPulledLayer } from "../store/records.ts";
import { TarFormatError } from "../tar/parser.ts";
import { createTreeIndexer } from "../unpack/tree-index.ts";
import { createRelief } from "../workers/memory.ts";

export interface IngestOptions {
  /** Reference in full, for errors. */
  readonly where: string;
  /** The diffID that the image's config promises. */
  readonly diffId: Digest;
  /** Largest plain size that is accepted, in bytes. */
  readonly maxPlainSize: number;
  /** Called with the number of bytes as they arrive. */
  readonly onBytes?: (size: number) => void;
}

/**
 * Takes a layer blob into the store in one pass: its digest and size are checked as it streams to disk, and at the same
 * time it is unpacked, so that the diffID is checked and the names in it are known. Nothing is kept unless all is right.
 *
 * @throws AircrateError integrity (size, digest, diffID, gzip, tar), input (an encoding that is not supported)
 */
export async function ingestLayer(
  store: Store,
  descriptor: Descriptor,
  { chunks, ...options }: IngestOptions & { chunks: AsyncIterable<Uint8Array> },
): Promise<LayerRecord> {
  const { where } = options;
  checkEncoding(descriptor, where);
  const out = await createBlobWriter(store);
  const relieve = createRelief();
  const plain = createPlainCheck(descriptor, options);
  try {
    const hash = createHash("sha256");
    let size = 0;
    let crc = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > descriptor.size) throw sizeError(descriptor, where, `more than ${descriptor.size}`);
      hash.update(chunk);
      crc = crc32(chunk, crc);
      options.onBytes?.(chunk.length);
      await Promise.all([out.write(chunk), plain.write(chunk)]);
      relieve(chunk.length);
    }
    if (size !== descriptor.size) throw sizeError(descriptor, where, String(size));
    const digest = `sha256:${hash.digest("hex")}`;
    if (digest !== descriptor.digest) {
      throw new AircrateError("integrity", "a layer does not have the digest that names it", {
        where,
        reason: [`wanted ${descriptor.digest}`, `received ${digest}`],
        hint: "a proxy or mirror may have changed it; try another network or mirror",
      });
    }
    const { plainSize, tree } = await plain.finish();
    await out.commit(digest);
    const layer: LayerRecord = { version: 1, diffId: options.diffId, plainSize, digest, size, crc };
    await recordLayerTree(store, layer.diffId, tree);
    await recordPulledLayer(store, descriptor.digest, layer);
    return layer;
  } catch (error) {
    plain.abort();
    await out.abort();
    throw error;
  }
}

function checkEncoding({ mediaType, digest }: Descriptor, where: string): void {
  if (isForeignLayer(mediaType)) {
    throw new AircrateError("input", "a layer may not be handed on by registries", {
      where,
      reason: `${digest} is of type ${mediaType}`,
      hint: "use a base image without foreign layers",
    });
  }
  const encoding = layerEncoding(mediaType);
  if (encoding === "gzip") return;
  throw new AircrateError("input", `a layer is not packed with gzip`, {
    where,
    reason: `${digest} is of type ${mediaType.slice(0, 200)}`,
    hint: `convert the image once: skopeo copy --dest-compress-format gzip docker://${where} docker://YOUR-REGISTRY/NAME:TAG`,
  });
}

/** Unpacks beside the download and checks what comes out. */
function createPlainCheck(descriptor: Descriptor, { where, diffId, maxPlainSize }: IngestOptions) {
  const hash = createHash("sha256");
  const indexer = createTreeIndexer();
  const relieve = createRelief();
  const gunzip = createGunzip({ chunkSize: 128 * 1024 });
  let plainSize = 0;
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    gunzip.destroy();
  };
  gunzip.on("data", (bytes: Buffer) => {
    plainSize += bytes.length;
    relieve(bytes.length);
    if (plainSize > maxPlainSize) {
      fail(
        new AircrateError("integrity", "a layer unpacks to more than is allowed", {
          where,
          reason: `${descriptor.digest} gives more than ${maxPlainSize} bytes`,
        }),
      );
      return;
    }
    hash.update(bytes);
    try {
      indexer.write(bytes);
    } catch (error) {
      fail(contentError(error));
    }
  });
  gunzip.on("error", (error) => fail(contentError(error)));
  const ended = new Promise<void>((resolve) => gunzip.on("close", resolve));
  let wake = () => {};
  for (const event of ["drain", "close"]) gunzip.on(event, () => wake());

  function contentError(error: unknown): unknown {
    const known = error instanceof TarFormatError || String((error as NodeJS.ErrnoException).code).startsWith("Z_");
    if (!known) return error;
    return new AircrateError("integrity", "a layer is damaged", {
      where,
      reason: `${descriptor.digest}: ${(error as Error).message}`,
      cause: error,
    });
  }

  return {
    async write(chunk: Uint8Array): Promise<void> {
      if (failure !== undefined) throw failure;
      if (!gunzip.write(chunk) && !gunzip.closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== undefined) throw failure;
    },
    async finish(): Promise<{ plainSize: number; tree: LayerTree }> {
      gunzip.end();
      await ended;
      if (failure !== undefined) throw failure;
      // Node stops at bytes behind the last gzip member without a word; they would break the archive that holds the blob.
      if (gunzip.bytesWritten !== descriptor.size) {
        throw contentError(new TarFormatError("bytes that are no gzip follow its end"));
      }
      const found = `sha256:${hash.digest("hex")}`;
      if (found !== diffId) {
        throw new AircrateError("integrity", "a layer does not unpack to the diffID of the image's config", {
          where,
          reason: [`${descriptor.digest} should give ${diffId}`, `and gives ${found}`],
        });
      }
      try {
        return { plainSize, tree: indexer.finish() };
      } catch (error) {
        throw contentError(error);
      }
    },
    abort: () => gunzip.destroy(),
  };
}

function sizeError(descriptor: Descriptor, where: string, found: string): AircrateError {
  return new AircrateError("integrity", "a layer does not have the announced size", {
    where,
    reason: `${descriptor.digest}: announced ${descriptor.size} bytes, received ${found}`,
  });
}
