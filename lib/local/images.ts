import type { ImageListing } from "../../spec/local-reports.ts";
import type { ReferenceRecord } from "../../spec/store.ts";
import { AircrateError } from "../error.ts";
import { tagOf } from "../plan/image.ts";
import { ARM64, formatPlatform } from "../platform.ts";
import { familiarReference, formatReference, parseReference } from "../reference.ts";
import type { Store } from "../store/layout.ts";
import { takeLease } from "../store/lease.ts";
import { listStore } from "../store/list.ts";
import { createReach } from "../store/reach.ts";
import { findReference, readReferences, recordReference, removeReferences } from "../store/records.ts";
import { surveyStore } from "../store/survey.ts";
import { didYouMean } from "../suggest.ts";

/** The images of a store, local and pulled. @throws AircrateError unreachable when it cannot be read */
export async function listImages(store: Store): Promise<ImageListing> {
  return { version: 1, store: store.root, images: (await listStore(store)).references };
}

/**
 * Forgets names of images, local and pulled, on all platforms: either all of them or, when one is not known, none. The
 * blobs are left to pruning.
 *
 * @param names as users write them
 * @returns the records that went
 * @throws AircrateError input; unreachable when there is no such image
 */
export async function removeImages(store: Store, names: readonly string[]): Promise<ReferenceRecord[]> {
  const records = await readReferences(store);
  const found = names.flatMap((name) => {
    const reference = formatReference(parseReference(name));
    const named = records.filter((record) => record.reference === reference);
    if (named.length === 0) throw noImage(name, records);
    return named;
  });
  const removed = [...new Set(found)];
  await removeReferences(store, removed);
  return removed;
}

/**
 * Gives an image, local or pulled, a further name, which is local. On every platform that the store has of it.
 *
 * @throws AircrateError input, usage; unreachable when there is no such image, or only a part of it
 */
export async function tagImage(store: Store, name: string, tag: string): Promise<ReferenceRecord[]> {
  const reference = tagOf(tag);
  const records = await findImages(store, name);
  const giveBack = await takeLease(store);
  try {
    const reach = createReach(store, await surveyStore(store));
    const whole: ReferenceRecord[] = [];
    for (const record of records) if ((await reach(record)).complete) whole.push(record);
    if (whole.length === 0) throw partialImage(name, ["manifest, config or layers are missing"]);
    const tagged = whole.map(
      ({ platform, manifest, found }): ReferenceRecord => ({
        ...{ version: 1, reference, platform, manifest, found, local: true },
      }),
    );
    for (const record of tagged) await recordReference(store, record);
    return tagged;
  } finally {
    await giveBack();
  }
}

/**
 * What a name stands for in the store, one record for each platform, linux/arm64 first.
 *
 * @throws AircrateError input; unreachable when there is no such image
 */
export async function findImages(store: Store, name: string): Promise<[ReferenceRecord, ...ReferenceRecord[]]> {
  const reference = formatReference(parseReference(name));
  const records = await readReferences(store);
  const platforms = [...new Set([formatPlatform(ARM64), ...records.map(({ platform }) => platform).sort()])];
  const found: ReferenceRecord[] = [];
  for (const platform of platforms) {
    const record = await findReference(store, reference, platform);
    if (record !== undefined) found.push(record);
  }
  const [first, ...rest] = found;
  if (first === undefined) throw noImage(name, records);
  return [first, ...rest];
}

/**
 * The image that a name stands for on a platform, written as `linux/arm64`; by default that of `findImages` that is first.
 *
 * @throws AircrateError as `findImages`; unreachable when there is none for the platform
 */
export async function chooseImage(store: Store, name: string, platform: string | undefined): Promise<ReferenceRecord> {
  const records = await findImages(store, name);
  if (platform === undefined) return records[0];
  const found = records.find((record) => record.platform === platform);
  if (found !== undefined) return found;
  throw new AircrateError("unreachable", `there is no image for ${platform} of that name in the store`, {
    where: name,
    reason: `there is one for ${records.map((record) => record.platform).join(", ")}`,
  });
}

function noImage(name: string, records: readonly ReferenceRecord[]): AircrateError {
  const known = records.map(({ reference }) => familiarReference(parseReference(reference)));
  return new AircrateError("unreachable", `there is no such image in the store${didYouMean(name, known)}`, {
    where: name,
    hint: "aircrate image ls shows those that there are; aircrate image build makes one",
  });
}

/** The error of whoever needs the whole of an image. */
export function partialImage(name: string, reason: readonly string[], cause?: unknown): AircrateError {
  return new AircrateError("unreachable", "the store has only a part of the image", {
    ...{ where: name, reason },
    hint: "a build that pulls it brings the rest",
    ...(cause !== undefined && { cause }),
  });
}
