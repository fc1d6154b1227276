import { type FileHandle, open, realpath } from "node:fs/promises";
import { AircrateError, findingLine } from "../error.ts";
import type { ArtifactScan } from "../inspect/artifact.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { scanFile } from "../inspect/scan.ts";
import type { SigningKey } from "../keys/private-key.ts";
import { SIGNATURE_MEMBER } from "../mender/documents.ts";
import { signatureMember } from "../mender/member.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { BLOCK, paddingOf } from "../tar/header.ts";
import { createTarParser, TarFormatError } from "../tar/parser.ts";
import { checkArtifact } from "../verify/artifact.ts";
import { createFindings } from "../verify/findings.ts";

/** An artifact that was proved to be whole. */
export interface Signable {
  readonly file: string;
  readonly manifest: Uint8Array;
  /** Whether it has a signature, which signing replaces. */
  readonly signed: boolean;
}

export interface SignOptions {
  readonly key: SigningKey;
  /** File to write; default: the artifact itself, which keeps its mode. */
  readonly output?: string;
  readonly signal?: AbortSignal;
}

/**
 * Reads a finished Mender artifact of any writer to its end: a signature stands for all that is in the file, so what is
 * damaged is not signed.
 *
 * @throws AircrateError unreachable: it does not exist or cannot be read; input: it is no Mender artifact; integrity: it
 *   is damaged; the reason of the signal
 */
export async function readSignable(file: string, options: ReadOptions = {}): Promise<Signable> {
  const scan = await scanFile(file, options);
  if (!("artifact" in scan)) {
    throw new AircrateError("input", "is an archive of images, and only Mender artifacts are signed", { where: file });
  }
  if (scan.form !== "tar") {
    throw new AircrateError("input", "the artifact is packed with gzip, and no client unpacks it", {
      where: file,
      hint: "unpack it with gunzip first",
    });
  }
  const { artifact } = scan;
  checkWhole(artifact, file);
  const member = (wanted: string) => artifact.members.find(({ name }) => name === wanted);
  return { file, manifest: member("manifest")!.bytes!, signed: member(SIGNATURE_MEMBER) !== undefined };
}

function checkWhole(artifact: ArtifactScan, file: string): void {
  const findings = createFindings();
  findings.problems(artifact.faults);
  checkArtifact(artifact, findings);
  const { problems } = findings.result();
  if (problems.length === 0) return;
  throw new AircrateError("integrity", "the artifact is not whole, so it is not signed", {
    where: file,
    reason: problems.map(findingLine),
    hint: "build or fetch it again",
  });
}

/**
 * Writes an artifact with the signature put in its place. It is copied and no other byte changes, so an artifact that is
 * signed later is the one that was built signed.
 *
 * @throws AircrateError unreachable when the target cannot be written, integrity when the artifact changed since it was
 *   proved
 * @returns the file that was written
 */
export async function signFile(artifact: Signable, { key, output, signal }: SignOptions): Promise<string> {
  const { file, manifest } = artifact;
  const signature = signatureMember(key.sign(manifest));
  const target = output ?? (await realpath(file));
  await writeOutput(target, async (handle) => {
    const source = await open(file);
    try {
      const front = await findSignature(source, file);
      if (!front.manifest.equals(manifest)) throw changed(file);
      if (output === undefined) await handle.chmod((await source.stat()).mode & 0o7777);
      const writer = createPositionalWriter(handle, 0);
      await copy(source, { from: 0, to: front.start, write: writer.write, signal });
      await writer.write(signature);
      await copy(source, { from: front.end, to: Number.POSITIVE_INFINITY, write: writer.write, signal });
      await writer.flush();
    } finally {
      await source.close();
    }
  });
  return output ?? file;
}

const CHUNK = 1024 * 1024;

/** The manifest, and the place behind it: `start` to `end` is the signature that is there already, if any. */
async function findSignature(
  source: FileHandle,
  file: string,
): Promise<{ manifest: Buffer; start: number; end: number }> {
  const parser = createTarParser();
  const buffer = Buffer.allocUnsafeSlow(64 * 1024);
  const parts: Buffer[] = [];
  let start = 0;
  let reading = "";
  try {
    for (let end = 0; ; ) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length);
      if (bytesRead === 0) throw changed(file);
      for (const event of parser.feed(buffer.subarray(0, bytesRead))) {
        if (event.kind === "data" && reading === "manifest") parts.push(Buffer.from(event.bytes));
        if (event.kind !== "entry") continue;
        const { path, offset, size } = event.entry;
        if (start > 0 && path !== SIGNATURE_MEMBER) return { manifest: Buffer.concat(parts), start, end };
        reading = path;
        end = offset + BLOCK + size + paddingOf(size);
        if (path === "manifest") start = end;
      }
    }
  } catch (error) {
    throw error instanceof TarFormatError ? changed(file) : error;
  }
}

interface Part {
  readonly from: number;
  /** Offset behind it; the end of the file may come before. */
  readonly to: number;
  readonly write: (bytes: Uint8Array) => Promise<void> | undefined;
  readonly signal: AbortSignal | undefined;
}

async function copy(source: FileHandle, { from, to, write, signal }: Part): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = from; at < to; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, Math.min(CHUNK, to - at), at);
    if (bytesRead === 0) return;
    await write(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function changed(file: string): AircrateError {
  return new AircrateError("integrity", "the file changed while it was signed", { where: file, hint: "sign it again" });
}
