import { createReadStream } from "node:fs";
import path from "node:path";
import type { Encoding } from "../../spec/inspection.ts";
import { AircrateError } from "../error.ts";
import { GzipFormatError, readGzip } from "../gzip/members.ts";
import { type ArchiveScan, cleanMemberName, type Member } from "../inspect/archive.ts";
import type { ArtifactScan } from "../inspect/artifact.ts";
import { counted } from "../inspect/blob.ts";
import { payloadOf } from "../inspect/header.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { type Budget, createBudget } from "../inspect/limits.ts";
import type { FileScan } from "../inspect/scan.ts";
import { TarFormatError } from "../tar/parser.ts";
import { readTar } from "../tar/reader.ts";
import type { LayerContent } from "./layer.ts";

/** The archive of images in a file. @throws AircrateError input when there is none, or more than one */
export function archiveOf(scan: FileScan): ArchiveScan {
  if ("archive" in scan) return scan.archive;
  const archives = payloadOf(scan.artifact).flatMap(({ archive }) => archive ?? []);
  if (archives.length === 1) return archives[0]!;
  const what = archives.length === 0 ? "no images" : "more than one archive of images";
  throw new AircrateError("input", `the file holds ${what}`, { where: scan.file });
}

/** Called with the members that are wanted, each once, in any order. */
export type Visit = (member: Member, content: LayerContent) => Promise<void>;

/**
 * Goes to members of an archive of images that was scanned before. Where nothing is packed around it, they are read at
 * their place; else the file is read from its start once more, so that memory and disk stay small.
 *
 * @throws AircrateError integrity when the file changed since; what the visitor throws
 */
export async function visitMembers(
  scan: FileScan,
  archive: ArchiveScan,
  { wanted, visit, signal }: ReadOptions & { wanted: ReadonlySet<Member>; visit: Visit },
): Promise<void> {
  if (wanted.size === 0) return;
  if ("archive" in scan && scan.form !== "tar+gzip") {
    for (const member of wanted) {
      signal?.throwIfAborted();
      const { size, start = 0 } = member;
      const file = scan.form === "folder" ? path.join(scan.file, member.name) : scan.file;
      await visit(member, { segment: { file, offset: start, size } });
    }
    return;
  }
  const left = new Set(wanted);
  const read = async (packed: AsyncIterable<Uint8Array>, budget: Budget) => {
    await readTar(unpack(packed, archive.encoding, budget), async (entry, content) => {
      const member = archive.members.get(cleanMemberName(entry.path) ?? "");
      if (member === undefined || entry.type !== "file" || !left.delete(member)) return;
      await visit(member, { chunks: content });
    });
    if (left.size > 0) throw new TarFormatError("a layer is not there any more");
  };
  await readArchive(scan, archive, { read, signal });
}

/**
 * Reads a file that was scanned before once more, up to the archive of images in it, and hands out the bytes of that as
 * they lie there, packed or not.
 *
 * @throws AircrateError integrity when the file changed since; what `read` throws
 */
export async function readArchive(
  scan: FileScan,
  archive: ArchiveScan,
  { read, signal }: ReadOptions & { read: (chunks: AsyncIterable<Uint8Array>, budget: Budget) => Promise<void> },
): Promise<void> {
  const budget = createBudget(scan.file, { signal });
  const source = createReadStream(scan.file, { highWaterMark: 256 * 1024, ...(signal && { signal }) });
  try {
    if ("archive" in scan) await read(source, budget);
    else await readPayload(unpack(source, scan.form === "tar+gzip" ? "gzip" : "plain", budget), scan.artifact);
  } catch (error) {
    throw readingError(error, scan.file);
  } finally {
    source.destroy();
  }

  async function readPayload(chunks: AsyncIterable<Uint8Array>, { data }: ArtifactScan): Promise<void> {
    let found = false;
    await readTar(chunks, async ({ path: name }, content) => {
      const inner = data.find((tar) => tar.name === name);
      if (inner === undefined) return;
      await readTar(unpack(content, inner.encoding, budget), async (entry, images) => {
        if (inner.members.find((member) => member.name === entry.path)?.archive !== archive) return;
        found = true;
        await read(images, budget);
      });
    });
    if (!found) throw new TarFormatError("its images are not there any more");
  }
}

/** What was found right when it was scanned cannot be wrong now, unless the file changed. */
export function readingError(error: unknown, file: string): unknown {
  if (!(error instanceof TarFormatError || error instanceof GzipFormatError)) return error;
  return changedError(file, error.message, error);
}

export function changedError(file: string, reason: string, cause?: unknown): AircrateError {
  const detail = { where: file, reason, ...(cause !== undefined && { cause }) };
  return new AircrateError("integrity", "the file changed while it was read", detail);
}

function unpack(chunks: AsyncIterable<Uint8Array>, encoding: Encoding, budget: Budget): AsyncIterable<Uint8Array> {
  return encoding === "gzip" ? counted(readGzip(chunks), budget) : chunks;
}
