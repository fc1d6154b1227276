import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson, SpecError } from "../../spec/decode.ts";
import { ANNOTATION, Index, type IndexEntry, LayoutMarker, MAX_DOCUMENT } from "../../spec/oci.ts";
import { blobPath, type Digest } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { formatReference, parseReference, type Reference } from "../reference.ts";
import type { LayoutFiles } from "./files.ts";
import { folderFiles } from "./folder.ts";
import { tarFiles } from "./tar.ts";

/**
 * An OCI image layout (image-spec image-layout.md) that is read where it lies: a folder, or a tar file that is not packed.
 * Nothing in it is believed: whoever reads a blob checks its size and digest.
 */
export interface Layout {
  /** As the user named it. */
  readonly file: string;
  /** What `index.json` lists, in its order. */
  readonly entries: readonly IndexEntry[];
  /** The entries with this name, tag included; a digest in the reference does not matter. */
  find(reference: Reference): readonly IndexEntry[];
  /** Bytes of a blob; undefined when it is not there. */
  size(digest: Digest): Promise<number | undefined>;
  /** A blob that is there, from a position on. @throws AircrateError unreachable, integrity */
  read(digest: Digest, from?: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens an image layout of any tool. It has to be closed again.
 *
 * @throws AircrateError unreachable: it does not exist or cannot be read; input: it is no image layout; integrity: it is
 *   damaged
 */
export async function openLayout(file: string): Promise<Layout> {
  const files = await openFiles(file);
  try {
    await readDocument(files, LayoutMarker, { name: "oci-layout", file });
    const { manifests } = await readDocument(files, Index, { name: "index.json", file });
    return layoutOf(files, manifests, file);
  } catch (error) {
    await files.close();
    throw error;
  }
}

function layoutOf(files: LayoutFiles, entries: readonly IndexEntry[], file: string): Layout {
  const byName = new Map<string, IndexEntry[]>();
  for (const entry of entries) {
    const name = nameOf(entry);
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), entry]);
  }
  return {
    file,
    entries,
    find({ registry, repository, tag }) {
      return tag === undefined ? [] : (byName.get(formatReference({ registry, repository, tag })) ?? []);
    },
    size: (digest) => readable(file, () => files.size(blobPath(digest))),
    async *read(digest, from = 0) {
      try {
        yield* files.read(blobPath(digest), from);
      } catch (error) {
        throw fileError(error, file);
      }
    },
    close: () => files.close(),
  };
}

/** In full. containerd and docker write the whole name into an annotation of their own and the tag into the other. */
function nameOf({ annotations = {} }: IndexEntry): string | undefined {
  const name = annotations[ANNOTATION.containerdName] ?? annotations[ANNOTATION.refName];
  if (name === undefined) return undefined;
  try {
    const { registry, repository, tag } = parseReference(name);
    return tag === undefined ? undefined : formatReference({ registry, repository, tag });
  } catch {
    return undefined;
  }
}

/** The first bytes of a gzip file (RFC 1952, section 2.3.1). */
const GZIP_MAGIC = [0x1f, 0x8b];

async function openFiles(file: string): Promise<LayoutFiles> {
  return readable(file, async () => {
    let handle: FileHandle | undefined;
    try {
      // Without O_NONBLOCK a FIFO under the name would wait for ever. Windows does not know the flag.
      handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      const found = await handle.stat();
      if (found.isDirectory()) {
        await handle.close();
        return folderFiles(file);
      }
      if (!found.isFile()) throw new AircrateError("input", "is not a file", { where: file });
      const { buffer } = await handle.read(Buffer.alloc(GZIP_MAGIC.length), 0, GZIP_MAGIC.length, 0);
      if (GZIP_MAGIC.every((byte, i) => buffer[i] === byte)) throw packed(file);
      return await tarFiles(handle, file);
    } catch (error) {
      await handle?.close();
      // Windows cannot open folders.
      if (handle === undefined && systemCode(error) === "EISDIR") return folderFiles(file);
      throw error;
    }
  });
}

function packed(file: string): AircrateError {
  return new AircrateError("input", "the file is packed, and it is read in place", {
    where: file,
    hint: `unpack it: gunzip < ${file} > NEW.tar`,
  });
}

async function readDocument<S extends TSchema>(
  files: LayoutFiles,
  schema: S,
  { name, file }: { name: string; file: string },
): Promise<Static<S>> {
  const where = `${file}/${name}`;
  const size = await readable(file, () => files.size(name));
  if (size === undefined) {
    throw new AircrateError("input", "that is not an OCI image layout", {
      where: file,
      reason: `it has no ${name}`,
      hint: `for an archive of docker save: skopeo copy docker-archive:${file} oci-archive:NEW.tar:REFERENCE`,
    });
  }
  if (size > MAX_DOCUMENT) {
    throw new AircrateError("integrity", `the document is larger than ${MAX_DOCUMENT} bytes`, { where });
  }
  const parts: Uint8Array[] = [];
  await readable(file, async () => {
    for await (const bytes of files.read(name, 0)) parts.push(bytes);
  });
  try {
    return decodeJson(schema, Buffer.concat(parts));
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new AircrateError("integrity", "the document is malformed", {
      where,
      reason: error.problems.map(({ pointer, message }) => `${pointer === "" ? "document" : pointer}: ${message}`),
      cause: error,
    });
  }
}

/** Words a system's error. */
async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw fileError(error, file);
  }
}

function fileError(error: unknown, file: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof AircrateError) return error;
  const what = code === "ENOENT" ? "there is no such file" : "the file cannot be read";
  return new AircrateError("unreachable", what, { where: file, reason: code, cause: error });
}
