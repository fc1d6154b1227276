import { stat } from "node:fs/promises";
import path from "node:path";
import type { Lock, LockedImage } from "../../spec/lock.ts";
import type { BlobTotal, VendorReport } from "../../spec/lock-report.ts";
import { MAX_DOCUMENT, Manifest } from "../../spec/oci.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { createWarnings, inStep, joinListeners, type OnEvent } from "../events.ts";
import type { ResolveContext } from "../image/outline.ts";
import { checkPin, lockedImage } from "../image/pin.ts";
import { mapLimited } from "../limit.ts";
import { checkLock } from "../lock/check.ts";
import { formatLock, lockFile, readLock } from "../lock/file.ts";
import { lockedPlatforms, makePlans } from "../lock/plans.ts";
import { formatPlatform } from "../platform.ts";
import { parseReference } from "../reference.ts";
import type { Registries } from "../registry/mirrors.ts";
import { decodeAt } from "../registry/resolve.ts";
import { shownAddress } from "../remote/address.ts";
import { openSession, type Session, type SessionOptions } from "../session.ts";
import { readBlob } from "../store/layout.ts";
import { composeVendor } from "./compose.ts";
import { isStored, pullBlob, type WantedBlob } from "./pull.ts";
import { contentSize, writeVendorFolder, writeVendorTar } from "./write.ts";

export interface VendorOptions extends Omit<SessionOptions, "offline" | "vendor"> {
  /** Project folder, as the user gives it. */
  readonly dir: string;
  /** File or folder to write; default: `build/bases.tar` in the project folder. */
  readonly output?: string;
  /** Default: `dir` when `output` ends in a slash or is a folder, else `tar`. */
  readonly format?: "tar" | "dir";
}

/**
 * Writes all that the lock file of a project names, on all platforms, into one OCI image layout, for machines without a
 * network. The same lock gives the same bytes, wherever the blobs came from.
 *
 * @throws AircrateError of every fault; refused when there is no lock or it does not fit the project
 */
export async function vendorProject(options: VendorOptions): Promise<VendorReport> {
  const { lock, registries } = await readProject(options);
  const target = await targetOf(options);
  const files = composeVendor(lock, formatLock(lock));
  const session = await openSession(options, registries);
  try {
    const { store } = session;
    const warnings = createWarnings();
    const onEvent = joinListeners(warnings.event, options.onEvent);
    const images = await pullAll({ ...session, onEvent }, lock);
    const fetched = await fetchFiles({ ...session, onEvent }, lock, lockFile(options.dir));
    const write = target.format === "tar" ? writeVendorTar : writeVendorFolder;
    const step = { work: "write", name: target.file, size: contentSize(files) } as const;
    const size = await inStep(onEvent, step, (onBytes) =>
      write(target.file, { store, files, signal: options.signal, onBytes }),
    );
    const blobs = files.filter((file) => file.path.startsWith("blobs/"));
    return {
      version: 1,
      ...target,
      size,
      images: Object.entries(lock.images).map(([reference, { platforms }]) => ({
        reference,
        platforms: Object.keys(platforms),
      })),
      files: Object.entries(lock.files ?? {}).map(([digest, { url, size }]) => ({
        ...{ digest, url: shownAddress(new URL(url)), size },
      })),
      blobs: {
        count: blobs.length,
        size: blobs.reduce((sum, one) => sum + ("blob" in one ? one.blob.size : one.bytes.length), 0),
      },
      pulled: { count: images.count + fetched.count, size: images.size + fetched.size },
      warnings: warnings.list(),
    };
  } catch (error) {
    // What was cut short by the abort fails in many ways; the abort is the reason.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await session.close();
  }
}

/** What the other side would find out with `--locked` is found here, where it can be mended. */
async function readProject({ dir, store }: VendorOptions): Promise<{ lock: Lock; registries: Registries }> {
  const lock = await readLock(dir);
  const plans = await makePlans(dir, lock, { store });
  const platforms = lockedPlatforms(lock);
  const covered = plans.filter(({ platform }) => platforms.has(formatPlatform(platform)));
  const [checked] = (covered.length > 0 ? covered : plans).map((plan) => checkLock(plan, lock));
  return { lock: checked!, registries: plans[0]!.registries };
}

async function targetOf({ dir, output, format }: VendorOptions): Promise<{ file: string; format: "tar" | "dir" }> {
  const file = output ?? path.join(dir, "build", "bases.tar");
  const named = file.endsWith("/") || file.endsWith(path.sep);
  const isFolder = named || (await stat(file).catch(() => undefined))?.isDirectory() === true;
  if (isFolder && format === "tar") {
    throw new AircrateError("usage", "a tar file cannot be written to a folder", {
      where: file,
      hint: "name a file with -o, or leave out --format tar",
    });
  }
  return {
    file: named ? path.join(path.dirname(file), path.basename(file)) : file,
    format: format ?? (isFolder ? "dir" : "tar"),
  };
}

/** Blobs that are pulled at once. */
const PARALLEL_BLOBS = 4;

async function pullAll(context: ResolveContext, lock: Lock): Promise<BlobTotal> {
  const wanted = [...wantedBlobs(lock).values()];
  const stored = await mapLimited(PARALLEL_BLOBS, wanted, ({ blob }) => isStored(context.store, blob));
  const news = wanted.filter((_, i) => !stored[i]);
  for (const { blob } of news) context.onEvent({ kind: "pull-wait", layer: blob.digest, size: blob.size });
  await mapLimited(PARALLEL_BLOBS, news, (one) => pullBlob(context, one));
  for (const [reference, { platforms }] of Object.entries(lock.images)) {
    for (const image of Object.values(platforms)) await checkImage(context, reference, image);
  }
  return { count: news.length, size: news.reduce((sum, { blob }) => sum + blob.size, 0) };
}

/** @param where for errors: the lock file */
async function fetchFiles(
  { onEvent, ...session }: Session & { readonly onEvent: OnEvent },
  { files = {} }: Lock,
  where: string,
): Promise<BlobTotal> {
  const wanted = Object.entries(files).map(([checksum, { url }]) => ({ checksum, url, where }));
  if (wanted.length === 0) return { count: 0, size: 0 };
  const { fetchAll } = await import("../remote/fetch-all.ts");
  const news: number[] = [];
  const note: OnEvent = (event) => {
    if (event.kind === "pull-end") news.push(event.size);
  };
  const fetched = await fetchAll(session, wanted, joinListeners(note, onEvent));
  for (const [i, { checksum }] of wanted.entries()) {
    const [locked, found] = [files[checksum]!.size, fetched[i]!.size];
    if (locked === found) continue;
    throw new AircrateError("integrity", "a remote file does not have the size that the lock gives", {
      where,
      reason: `${checksum}: locked ${locked} bytes, found ${found} bytes`,
      hint: "lock it anew: aircrate lock",
    });
  }
  return { count: news.length, size: news.reduce((sum, size) => sum + size, 0) };
}

/** Each blob once, for the first reference that has it. */
function wantedBlobs(lock: Lock): ReadonlyMap<Digest, WantedBlob> {
  const wanted = new Map<Digest, WantedBlob>();
  for (const [name, { index, platforms }] of Object.entries(lock.images)) {
    const reference = parseReference(name);
    const add = (kind: WantedBlob["kind"], what: string, blob: WantedBlob["blob"]) => {
      if (!wanted.has(blob.digest)) wanted.set(blob.digest, { blob, kind, what, reference });
    };
    if (index !== undefined) add("manifests", "index", index);
    for (const { manifest, config, layers } of Object.values(platforms)) {
      add("manifests", "manifest", manifest);
      add("blobs", "config", config);
      for (const layer of layers) add("blobs", "layer", layer);
    }
  }
  return wanted;
}

/** A layout in which a manifest names what is not in it would be of no use. */
async function checkImage({ store }: ResolveContext, reference: string, image: LockedImage): Promise<void> {
  const bytes = await readBlob(store, image.manifest);
  if (bytes === undefined) {
    throw new AircrateError("integrity", "its manifest cannot be read from the store", {
      where: reference,
      reason: `${image.manifest.digest} (${image.manifest.size} bytes; the limit is ${MAX_DOCUMENT})`,
    });
  }
  checkPin(image, lockedImage(image.manifest, decodeAt(Manifest, bytes, reference)), reference);
}
