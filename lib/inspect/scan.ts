import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { abortable } from "../abort.ts";
import { AircrateError, systemCode } from "../error.ts";
import { GzipFormatError, readGzip } from "../gzip/members.ts";
import { createTarParser, type FoundEntry, TarFormatError } from "../tar/parser.ts";
import { encodingOf } from "../unpack/encoding.ts";
import { type ArchiveScan, createArchiveScan, scanArchive } from "./archive.ts";
import { type ArtifactScan, createArtifactScan, scanArtifact, startsArtifact } from "./artifact.ts";
import { counted } from "./blob.ts";
import { describeContent } from "./describe.ts";
import { scanFolder } from "./folder.ts";
import { type Budget, type BudgetOptions, createBudget } from "./limits.ts";
import { createTap, formatFault, once } from "./tap.ts";

/** What one pass over a finished file gives. */
export type FileScan = {
  /** As the user gave it. */
  readonly file: string;
  readonly form: "tar" | "tar+gzip" | "folder";
  readonly size: number;
} & ({ readonly artifact: ArtifactScan } | { readonly archive: ArchiveScan });

const CHUNK = 256 * 1024;
/** Room for the first header and the extensions in front of it. */
const FRONT = 16 * 1024;

/**
 * Finds out by its content what a file is, and reads it once from start to end.
 *
 * @throws AircrateError unreachable: it does not exist or cannot be read; input: it is none of the kinds that are read;
 *   integrity: it is one, but so damaged that nothing can be said about it; the reason of the signal
 */
export function scanFile(file: string, options: BudgetOptions = {}): Promise<FileScan> {
  return abortable(options.signal, () => scan(file, createBudget(file, options)));
}

async function scan(file: string, budget: Budget): Promise<FileScan> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a FIFO under the name would wait for ever. Windows does not know the flag.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await handle.stat();
    if (stat.isDirectory()) return await scanLayout(file, budget);
    if (!stat.isFile()) throw new AircrateError("input", "is not a file", { where: file });
    return await scanStream(file, stat.size, { chunks: readHandle(handle, budget), budget });
  } catch (error) {
    const code = systemCode(error);
    // Windows cannot open folders.
    if (handle === undefined && (code === "EISDIR" || code === "EPERM")) return scanLayout(file, budget);
    if (code === undefined || error instanceof AircrateError) throw error;
    const what = code === "ENOENT" ? "no such file" : "cannot be read";
    throw new AircrateError("unreachable", what, { where: file, reason: code, cause: error });
  } finally {
    await handle?.close();
  }
}

async function scanLayout(file: string, budget: Budget): Promise<FileScan> {
  const archive = createArchiveScan("");
  const size = await scanFolder(file, archive, budget);
  checkArchive(archive, file);
  return { file, form: "folder", size, archive };
}

async function scanStream(
  file: string,
  size: number,
  { chunks, budget }: { chunks: AsyncIterable<Uint8Array>; budget: Budget },
): Promise<FileScan> {
  const tap = createTap(chunks);
  const start = await tap.peek(FRONT);
  const packed = encodingOf(start) === "gzip";
  const form = packed ? "tar+gzip" : "tar";
  const first = firstEntry(packed ? await unpackStart(start) : start);
  if (first === undefined)
    throw unknownFile(file, packed ? "a gzip file without a tar file in it" : describeContent(start));
  if (!startsArtifact(first)) {
    const archive = createArchiveScan("");
    await scanArchive(tap, archive, budget);
    checkArchive(archive, file);
    return { file, form, size, archive };
  }
  const artifact = createArtifactScan();
  if (packed) {
    try {
      await scanArtifact(createTap(counted(readGzip(tap), budget)), artifact, budget);
    } catch (error) {
      artifact.faults.push({ where: "artifact", message: formatFault(error, tap) });
    }
  } else {
    await scanArtifact(tap, artifact, budget);
  }
  return { file, form, size, artifact };
}

/** The first member of a tar file, from its first bytes. */
function firstEntry(start: Uint8Array): FoundEntry | undefined {
  try {
    for (const event of createTarParser().feed(start)) if (event.kind === "entry") return event.entry;
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw error;
  }
  return undefined;
}

/** As much of the plain bytes as the first packed ones give. */
async function unpackStart(start: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const bytes of readGzip(once(start))) {
      parts.push(bytes);
      size += bytes.length;
      if (size >= FRONT) break;
    }
  } catch (error) {
    if (!(error instanceof GzipFormatError)) throw error;
  }
  return Buffer.concat(parts);
}

/** An archive that says nothing about images is none. */
function checkArchive(archive: ArchiveScan, file: string): void {
  if (archive.members.has("manifest.json") || archive.members.has("index.json")) return;
  const [fault] = archive.faults;
  if (fault !== undefined) {
    throw new AircrateError("integrity", "the file is damaged", {
      where: file,
      reason: [fault.message, "neither manifest.json nor index.json was found in it"],
    });
  }
  const names = [...archive.members.keys()].slice(0, 4);
  const found =
    names.length === 0 ? "it is empty" : `it holds ${names.join(", ")}${archive.members.size > 4 ? ", …" : ""}`;
  const old = archive.members.has("repositories") ? ["its repositories file is the format of Docker before 1.10"] : [];
  throw unknownFile(file, "an archive with neither manifest.json nor index.json", [found, ...old]);
}

function unknownFile(file: string, found: string, reason: readonly string[] = []): AircrateError {
  return new AircrateError("input", `is ${found}`, {
    where: file,
    reason,
    hint: "give it a package (.auterionos, .mender), a docker-archive, or an OCI image layout",
  });
}

async function* readHandle(handle: FileHandle, budget: Budget): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; ; ) {
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    budget.pass(bytesRead);
    yield buffer.subarray(0, bytesRead);
  }
}
