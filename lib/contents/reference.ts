import { createReadStream } from "node:fs";
import { abortable } from "../abort.ts";
import { type ArchiveImage, type ArchiveMember, composeArchive } from "../archive/compose.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import { finishImage } from "../image/image.ts";
import { createPull } from "../image/pull.ts";
import { type ArchiveScan, addMember, createArchiveScan } from "../inspect/archive.ts";
import { scanBlob } from "../inspect/blob.ts";
import { describeImages } from "../inspect/image-facts.ts";
import { findImages } from "../inspect/images.ts";
import { totalsOf } from "../inspect/inspect.ts";
import { type Budget, createBudget } from "../inspect/limits.ts";
import { once } from "../inspect/tap.ts";
import { ARM64 } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import { openSession, type Session } from "../session.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import { createWorkPool } from "../workers/pool.ts";
import { type Contents, type ContentsOptions, layersOf } from "./contents.ts";

interface Named {
  /** As the user gave it. */
  readonly name: string;
  readonly reference: Reference;
}

/**
 * What is in an image by its reference. It is looked at as if it were an image layout: that is what the store is.
 *
 * @throws AircrateError as a build that pulls it; integrity when a blob of the store is damaged
 */
export async function readImageContents(named: Named, options: ContentsOptions): Promise<Contents> {
  const { name, reference } = named;
  const session = await openSession(options, new Map());
  const { store } = session;
  try {
    const { tag } = reference;
    const tags = tag === undefined ? [] : [formatReference({ ...reference, digest: undefined })];
    const { manifestDigest, ...parts } = await pullImage(named, session, options);
    const archive = createArchiveScan("");
    const budget = createBudget(name, { lists: true, signal: options.signal });
    const { members } = composeArchive([{ tags, ...parts }], "oci", "gzip");
    await inStep(options.onEvent, { work: "read", name }, async () => {
      for (const member of members) await scanMember(archive, member, { store, budget });
    });
    const { images } = findImages(archive);
    const described = describeImages(archive, images).map((image) => ({ ...image, manifestDigest }));
    // What makes a layout of them is not in the image, and is longer for a longer name.
    const blobs = [...archive.members.values()].filter(({ name }) => name.startsWith("blobs/"));
    const size = blobs.reduce((sum, blob) => sum + blob.size, 0);
    return {
      name,
      inspection: {
        ...{ file: name, kind: "image", form: "store" },
        images: described,
        totals: totalsOf(size, described),
        faults: [],
      },
      layers: layersOf(images),
      images,
    };
  } finally {
    await session.close();
  }
}

interface PulledImage extends Pick<ArchiveImage, "configBytes" | "layers"> {
  /** Of the manifest that the reference led to. */
  readonly manifestDigest: Digest;
}

/** Gets all of the image into the store. */
async function pullImage({ name, reference }: Named, session: Session, options: ContentsOptions): Promise<PulledImage> {
  const { platform = ARM64, offline = false, signal } = options;
  const { store, client, vendor } = session;
  const pool = createWorkPool();
  let manifestDigest: Digest = "";
  const onEvent: OnEvent = (event) => {
    if (event.kind === "resolve") manifestDigest = event.manifest;
    options.onEvent?.(event);
  };
  const pull = createPull({
    ...{ store, client, vendor, platform, offline, pool, onEvent },
    ...(signal && { signal }),
  });
  const task = async () => {
    const image = await pull(reference).catch((error: unknown) => {
      throw withoutFile(error, name);
    });
    const parts = await finishImage(image);
    return { manifestDigest, ...parts };
  };
  try {
    return await abortable(signal, task, () => void pool.close());
  } finally {
    await pool.close();
  }
}

/** Whoever meant a file is told that it was not found. */
function withoutFile(error: unknown, name: string): unknown {
  if (!(error instanceof AircrateError)) return error;
  const { fault, what, where, reason, hint } = error;
  const detail = { where: where ?? name, reason: [...reason, `there is no file ${name} either`], hint, cause: error };
  return new AircrateError(fault, what, detail);
}

async function scanMember(
  archive: ArchiveScan,
  member: ArchiveMember,
  { store, budget }: { store: Store; budget: Budget },
): Promise<void> {
  const { path } = member;
  if ("directory" in member) return;
  if ("bytes" in member) {
    const blob = await scanBlob(once(member.bytes), member.bytes.length, budget);
    addMember(archive, { path, type: "file", size: member.bytes.length, link: "", blob });
    return;
  }
  const { digest, diffId, size } = member.layer;
  const chunks = createReadStream(blobFile(store, digest), { highWaterMark: CHUNK });
  const blob = await scanBlob(chunks, size, budget);
  if (blob.diffId !== diffId) throw await damagedBlob(store, digest, "try again");
  addMember(archive, { path, type: "file", size, link: "", blob });
}

const CHUNK = 256 * 1024;
