import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import type { LayerRecord, ReferenceRecord } from "../../spec/store.ts";
import { abortable } from "../abort.ts";
import { type ArchiveImage, type ArchivePart, archiveParts, composeArchive } from "../archive/compose.ts";
import type { Write } from "../archive/pieces.ts";
import { AircrateError, systemCode } from "../error.ts";
import { finishImage } from "../image/image.ts";
import { IMAGE_IS_MISSING } from "../image/outline.ts";
import { createPull } from "../image/pull.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { parsePlatform } from "../platform.ts";
import { formatReference, parseReference } from "../reference.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import { takeLease } from "../store/lease.ts";
import { createWorkPool, type WorkPool } from "../workers/pool.ts";
import { chooseImage, partialImage } from "./images.ts";

export interface SaveOptions {
  /** The file to write, or whatever takes the bytes. */
  readonly output: string | Write;
  /** Which image to take of a name that has several: `linux/amd64`. Default: linux/arm64, else the first one. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes images of the store, local and pulled, as one docker-archive with plain layers, as `docker save` does, each blob
 * once. The same images give the same bytes. Each layer is checked against its diffID on the way.
 *
 * @param names as users write them; one without a tag but with a digest is saved without a name, as by Docker
 * @returns bytes that were written
 * @throws AircrateError unreachable: an image or a part of it is not in the store, the file cannot be written; integrity:
 *   a blob is damaged; the reason of the signal
 */
export async function saveImages(store: Store, names: readonly string[], options: SaveOptions): Promise<number> {
  const pool = createWorkPool();
  return abortable(
    options.signal,
    () => saveWith(pool, { ...options, store, names }),
    () => void pool.close(),
  );
}

async function saveWith(
  pool: WorkPool,
  { store, names, output, platform, signal }: SaveOptions & { store: Store; names: readonly string[] },
): Promise<number> {
  const chosen = new Map<string, ReferenceRecord>();
  for (const name of names) chosen.set(formatReference(parseReference(name)), await chooseImage(store, name, platform));
  const giveBack = await takeLease(store);
  try {
    const images: ArchiveImage[] = [];
    for (const [name, record] of chosen) images.push(await loadImage(store, pool, { name, record }));
    const parts = archiveParts(composeArchive(images, "docker-archive", "plain"));
    if (typeof output !== "string") return await writeParts(store, parts, { write: output, signal });
    return await writeOutput(output, async (handle) => {
      const writer = createPositionalWriter(handle, 0);
      const size = await writeParts(store, parts, { write: writer.write, signal });
      await writer.flush();
      return size;
    });
  } finally {
    await Promise.all([pool.close(), giveBack()]);
  }
}

async function loadImage(
  store: Store,
  pool: WorkPool,
  { name, record }: { name: string; record: ReferenceRecord },
): Promise<ArchiveImage> {
  const reference = parseReference(name);
  const { digest: _, ...named } = reference;
  const tags = named.tag === undefined ? [] : [formatReference(named)];
  const platform = parsePlatform(record.platform);
  const pull = createPull({ ...{ store, pool, platform, offline: true }, client: { sources: () => [] }, onEvent() {} });
  try {
    return { tags, ...(await finishImage(await pull(reference))) };
  } catch (error) {
    // There is no option here that would bring what is missing.
    if (error instanceof AircrateError && error.what === IMAGE_IS_MISSING)
      throw partialImage(name, error.reason, error);
    throw error;
  }
}

interface Target {
  readonly write: Write;
  readonly signal: AbortSignal | undefined;
}

async function writeParts(store: Store, parts: readonly ArchivePart[], target: Target): Promise<number> {
  let size = 0;
  for (const part of parts) {
    if ("layer" in part) await writeLayer(store, part.layer, target);
    else await target.write(part.bytes);
    size += "layer" in part ? part.layer.plainSize : part.bytes.length;
  }
  return size;
}

const CHUNK = 256 * 1024;

/** Unpacks a layer. Its size stands in the archive before it, so no byte more is written. */
async function writeLayer(store: Store, { digest, diffId, plainSize }: LayerRecord, { write, signal }: Target) {
  const hash = createHash("sha256");
  let size = 0;
  const plain = createGunzip({ chunkSize: CHUNK });
  const packed = createReadStream(blobFile(store, digest), { highWaterMark: CHUNK });
  packed.on("error", (error) => plain.destroy(error));
  packed.pipe(plain);
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      hash.update(chunk);
      size += chunk.length;
      if (size > plainSize) break;
      await write(chunk);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      throw new AircrateError("unreachable", "a layer vanished from the store", { where: digest, cause: error });
    }
    if (!isGzipFault(error)) throw error;
  } finally {
    packed.destroy();
  }
  if (size !== plainSize || `sha256:${hash.digest("hex")}` !== diffId) throw await damagedBlob(store, digest, AGAIN);
}

const AGAIN = "build the image again, then save it";

/** What zlib says of its input: Z_DATA_ERROR, Z_BUF_ERROR … (zlib.h). */
function isGzipFault(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith("Z_");
}
