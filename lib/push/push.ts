import { readdir, stat } from "node:fs/promises";
import type { PushedBlob, PushedImage, PushReport } from "../../spec/push-report.ts";
import { abortable } from "../abort.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { isFileName } from "../file-name.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { createRegistryClient, type RegistryAccess } from "../registry/client.ts";
import { openStore, type Store } from "../store/layout.ts";
import { takeLease } from "../store/lease.ts";
import { amountOf } from "../store/list.ts";
import { openScratchStore } from "../store/scratch.ts";
import { VERSION } from "../version.ts";
import { createWorkPool } from "../workers/pool.ts";
import { fileJobs, type Job, requirePlace, storedJobs } from "./destinations.ts";
import { loadFile } from "./file.ts";
import { createKnownBlobs } from "./known.ts";
import { sendImage } from "./send.ts";
import { loadStored } from "./stored.ts";

export interface PushOptions {
  /** Folder of the blob store. */
  readonly store: string;
  /** Of an image of the store where it goes to; default: its own name. Of a file the places that its images go below. */
  readonly references: readonly string[];
  /** Which image to take where a name has several. Default: linux/arm64, else the first one. */
  readonly platform?: Platform;
  /** Files that have the layers that a thin file leaves out. */
  readonly with?: readonly string[];
  /** How registries are reached; their mirrors do not count. */
  readonly registry?: RegistryAccess;
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

/**
 * Pushes images to registries (distribution-spec 1.1): an image of the store, or all of a finished file. What a repository
 * has is not sent, and what another one of its registry should have is mounted; the manifest comes last.
 *
 * Images of a file lie in a scratch store meanwhile, on the disk of the store, which itself gets nothing.
 *
 * @param source name of an image in the store, or a file (a folder too) of the kinds that `inspectFile` reads
 * @throws AircrateError of every fault but device; see README, "Exit status"
 */
export async function pushImages(source: string, options: PushOptions): Promise<PushReport> {
  const store = await openStore(options.store);
  const giveBack = await takeLease(store);
  const task = async (): Promise<PushReport> => {
    const images = (await isFile(source))
      ? await pushFile(source, store, options)
      : await pushStored(source, store, options);
    return { version: 1, source, images, ...totalsOf(images.flatMap(({ blobs }) => blobs)) };
  };
  try {
    return await abortable(options.signal, task);
  } finally {
    await giveBack();
  }
}

/**
 * A folder counts only when it holds images: it may well have the name of one.
 *
 * @throws AircrateError unreachable: there is no file of a name that only a file has
 */
async function isFile(source: string): Promise<boolean> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && isFileName(source)) {
    throw new AircrateError("unreachable", "no such file", { where: source });
  }
  if (found?.isDirectory() !== true) return found !== undefined;
  const names: readonly string[] = await readdir(source).catch(() => []);
  return names.includes("index.json") || names.includes("manifest.json");
}

async function pushStored(name: string, store: Store, options: PushOptions): Promise<PushedImage[]> {
  const { references, platform, with: others = [] } = options;
  if (others.length > 0) {
    throw new AircrateError("usage", "--with is for a file that leaves out layers", {
      where: name,
      reason: "there is no file of this name",
    });
  }
  const image = await loadStored(store, name, platform && formatPlatform(platform));
  return sendAll(storedJobs(image, name, references), { ...options, near: store, from: store });
}

async function pushFile(file: string, near: Store, options: PushOptions): Promise<PushedImage[]> {
  const { references, platform, with: others = [], onEvent, signal } = options;
  requirePlace(file, references);
  const scratch = await openScratchStore(near);
  const pool = createWorkPool();
  const task = async () => {
    const { store } = scratch;
    const images = await loadFile(file, { store, pool, platform, with: others, onEvent, signal });
    return sendAll(fileJobs(images, file, references), { ...options, near, from: store });
  };
  try {
    return await abortable(signal, task, () => void pool.close());
  } finally {
    await pool.close();
    await scratch.remove();
  }
}

interface Stores {
  /** The user's store, whose references tell what registries have. */
  readonly near: Store;
  /** The one that has the images. */
  readonly from: Store;
}

async function sendAll(jobs: readonly Job[], options: PushOptions & Stores): Promise<PushedImage[]> {
  const { near, from, signal, onEvent = () => {} } = options;
  const client = createRegistryClient({
    userAgent: `aircrate/${VERSION}`,
    help: "check the network and the name of the registry",
    ...options.registry,
    ...(signal !== undefined && { signal }),
    onRetry: (retry) => {
      options.registry?.onRetry?.(retry);
      onEvent({ kind: "retry", ...retry });
    },
  });
  try {
    const known = await createKnownBlobs(near);
    const pushed: PushedImage[] = [];
    // One behind the other: a later one finds what an earlier one has brought.
    for (const job of jobs) pushed.push(await sendImage(job, { store: from, client, known, onEvent }));
    return pushed;
  } finally {
    await client.close();
  }
}

function totalsOf(blobs: readonly PushedBlob[]): Pick<PushReport, "sent" | "mounted" | "there"> {
  const amount = (how: PushedBlob["how"]) => amountOf(blobs.filter((blob) => blob.how === how));
  return { sent: amount("sent"), mounted: amount("mounted"), there: amount("there") };
}
