import { THIN_KEY, type ThinRecord } from "../../spec/thin.ts";
import { appBaseReference, isAppBaseVersion } from "../app/app-base.ts";
import type { AppManifest } from "../app/manifest.ts";
import { type Archive, type ArchiveImage, withoutLayers } from "../archive/compose.ts";
import type { ImageGzip } from "../archive/image-gzip.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { inStep } from "../events.ts";
import { findOutline, type OutlineOptions } from "../image/outline.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import type { ArtifactHeader } from "../mender/documents.ts";
import { formatReference } from "../reference.ts";
import { type DeviceState, type Placement, placeLayers } from "../thin/rule.ts";
import { readEarlierVersion } from "../thin/since.ts";

export interface ThinOptions {
  /** Leaves out the layers of the `auterion-app-base` that the manifest names. */
  readonly thin?: boolean;
  /** Packages of earlier versions: leaves out what all of them put on the device. */
  readonly since?: readonly string[];
}

/** What a thin artifact may leave out, and what it needs for that. */
export interface Device {
  readonly states: readonly DeviceState[];
  /** Versions of the application, one of which the device must have; none: it needs none. */
  readonly since: readonly string[];
}

/**
 * Finds out what the device has. Of the base image only the config is needed: its layers are not pulled for this.
 *
 * @param outline `locked`: the reference of the base must be in the lock
 * @throws AircrateError input: the manifest names no base, or a package is none of an earlier version; refused: the base
 *   is not locked; as `readEarlierVersion` and `findOutline`
 */
export async function readDevice(
  app: AppManifest,
  { thin = false, since = [], signal }: ThinOptions & ReadOptions,
  outline: OutlineOptions & { readonly locked: boolean },
): Promise<Device> {
  const base = thin ? await readBase(app, outline) : undefined;
  const versions = new Map<string, DeviceState["images"][]>();
  for (const file of since) {
    const { version, images } = await inStep(outline.onEvent, { work: "read", name: file }, () =>
      readEarlierVersion(file, app, { signal }),
    );
    versions.set(version, [...(versions.get(version) ?? []), images]);
  }
  const states = [...versions].flatMap(([version, packages]) =>
    packages.map((images) => deviceState(version, images, base)),
  );
  return { states: states.length > 0 ? states : [base!], since: [...versions.keys()] };
}

/** What a device has that runs a version of the application, beside the base. */
export function deviceState(version: string, images: DeviceState["images"], base?: DeviceState): DeviceState {
  return {
    name: base === undefined ? `version ${version}` : `version ${version} with ${base.name}`,
    images: [...images, ...(base?.images ?? [])],
  };
}

async function readBase(app: AppManifest, outline: OutlineOptions & { locked: boolean }): Promise<DeviceState> {
  if (!isAppBaseVersion(app.appBase)) {
    throw new AircrateError("input", `auterion-app-base is ${app.appBase}, so the device has no base to build on`, {
      where: app.file,
      hint: "name a version such as v2, or leave --thin; --since FILE builds on an earlier version of the application",
    });
  }
  const { name, reference } = appBaseReference(app.appBase);
  if (outline.locked && outline.pins?.has(formatReference(reference)) !== true) {
    throw new AircrateError("refused", `${name} is not locked`, {
      where: app.file,
      reason: "--locked allows only what aircrate.lock names, and no image of the project is built on this base",
      hint: "leave --thin: without an image on that base there is next to nothing to leave out",
    });
  }
  const { config } = await findOutline({ ...outline, layers: "unused" }, reference);
  return { name, images: [config.rootfs.diff_ids] };
}

/** A thin artifact, as the report tells of it. */
export interface Thinned {
  readonly placements: ReadonlyMap<Digest, Placement>;
  readonly record: ThinRecord;
}

/** @param full the artifact with all layers, and the form of the archive in both */
export function thinOut(
  images: readonly ArchiveImage[],
  { states, since }: Device,
  { full, imageGzip }: { full: ThinRecord["full"]; imageGzip: ImageGzip },
): Thinned {
  const placements = placeLayers(
    images.map(({ layers }) => layers.map(({ diffId }) => diffId)),
    states,
  );
  const from = states.map(({ name }) => name).join(" or ");
  const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [layer.diffId, layer])));
  const record: ThinRecord = {
    version: 1,
    full,
    ...(imageGzip === "single" && { imageGzip }),
    since: [...since],
    layers: [...layers.values()].map(({ diffId, digest, size }) => ({
      ...{ diffId, digest, size },
      ...(placements.get(diffId)!.out && { from }),
    })),
  };
  return { placements, record };
}

export function thinArchive(archive: Archive, { placements }: Thinned): Archive {
  return withoutLayers(archive, new Set([...placements].flatMap(([diffId, { out }]) => (out ? diffId : []))));
}

/** The header of a thin artifact: a device without what it goes onto refuses it before anything is written. */
export function thinHeader(header: ArtifactHeader, { record }: Thinned): ArtifactHeader {
  const { since } = record;
  return {
    ...header,
    ...(since.length > 0 && {
      depends: { [`${header.software}.version`]: since.length === 1 ? since[0]! : [...since] },
    }),
    metaData: { ...header.metaData, [THIN_KEY]: JSON.stringify(record) },
  };
}
