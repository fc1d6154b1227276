import type { LockedImage } from "../../spec/lock.ts";
import { type Descriptor, type Digest, Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import type { ReferenceRecord } from "../../spec/store.ts";
import { AircrateError } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { checkConfig, decodeAt, type ResolvedImage, resolveImage } from "../registry/resolve.ts";
import { type OnPassedOver, trySources } from "../registry/sources.ts";
import { hasBlob, readBlob, type Store, writeBlob } from "../store/layout.ts";
import { findPulledLayer, findReference, recordReference } from "../store/records.ts";
import type { Layout } from "../vendor/layout.ts";
import { checkPin, lockedImage, type Pins } from "./pin.ts";

export interface OutlineOptions {
  readonly store: Store;
  readonly client: Pick<RegistryClient, "sources">;
  readonly platform: Platform;
  /** Uses what is on this machine: the store, and `vendor`, which is then the only source. */
  readonly offline: boolean;
  /** What references are locked to; those that are not in it are asked for. */
  readonly pins?: Pins;
  /** The image layout that is among the sources. */
  readonly vendor?: Layout | undefined;
  /** `unused`: only the config is wanted, so nobody asks whether the layers are here. */
  readonly layers?: "unused";
  readonly onEvent: OnEvent;
}

export type ResolveContext = Pick<OutlineOptions, "store" | "client" | "onEvent">;

/** What is needed of an image before its layers. */
export interface Outline {
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
  readonly layers: readonly Descriptor[];
}

/**
 * Finds out what a reference stands for: what it is locked to, else the local image of that name, else what its digest
 * names, else what the sources say. Nobody is asked for what a digest names and the store has.
 *
 * @throws AircrateError as `resolveImage`; integrity when the image is not what the lock says of it; refused, naming all
 *   that is missing, when `offline` and a part of the image is not here; unreachable when a part of a local one is gone
 */
export async function findOutline(options: OutlineOptions, reference: Reference): Promise<Outline> {
  const where = formatReference(reference);
  const pin = options.pins?.get(where);
  const offline = options.offline && options.layers !== "unused";
  if (offline && pin !== undefined) await checkHere(options, partsOf(pin), where);
  const known =
    pin === undefined ? await findReference(options.store, where, formatPlatform(options.platform)) : undefined;
  if (known?.local === true) return localOutline(options, reference, known);
  const fixed = options.offline || reference.digest !== undefined;
  const outline =
    (await outlineFromStore(options, reference, { record: fixed ? known : undefined, pin })) ??
    (await outlineFromSources(options, reference, pin));
  if (offline && pin === undefined) await checkHere(options, layersOf(outline), where);
  return outline;
}

/** No registry is asked for what a local image lacks: what it has under that name is another image. */
async function localOutline(options: OutlineOptions, reference: Reference, record: ReferenceRecord): Promise<Outline> {
  const outline = await outlineFromStore(options, reference, { record });
  const missing = outline === undefined ? ["manifest or config"] : await missingParts(options, layersOf(outline));
  if (outline !== undefined && missing.length === 0) return outline;
  throw new AircrateError("unreachable", "a part of the local image is not in the store any more", {
    where: formatReference(reference),
    reason: missing.map((part) => `the store lacks ${part}`),
    hint: "build it again with aircrate image build, or forget it with aircrate image rm",
  });
}

interface Known {
  readonly record?: ReferenceRecord | undefined;
  readonly pin?: LockedImage | undefined;
}

/**
 * What is needed of an image, by what the store knows of it: what a reference is locked to, or stood for when it was last
 * asked for. Events are told of none of it.
 *
 * @returns undefined when the store lacks a part of it; `sure` tells that nobody is asked whether it still is so
 * @throws AircrateError as `findOutline`
 */
export async function expectOutline(
  options: OutlineOptions,
  reference: Reference,
): Promise<{ readonly outline: Outline; readonly sure: boolean } | undefined> {
  const where = formatReference(reference);
  const pin = options.pins?.get(where);
  const record =
    pin === undefined ? await findReference(options.store, where, formatPlatform(options.platform)) : undefined;
  const outline = await outlineFromStore({ ...options, onEvent() {} }, reference, { record, pin });
  if (outline === undefined) return undefined;
  const sure = pin !== undefined || record?.local === true || options.offline || reference.digest !== undefined;
  return { outline, sure };
}

async function outlineFromStore(
  { store, platform, onEvent }: OutlineOptions,
  reference: Reference,
  { record: known, pin }: Known,
): Promise<Outline | undefined> {
  const where = formatReference(reference);
  const record = pin ?? known;
  const manifestBytes = record && (await readBlob(store, record.manifest));
  if (record === undefined || manifestBytes === undefined) return undefined;
  const manifest = decodeAt(Manifest, manifestBytes, where);
  const { config, layers } = manifest;
  if (pin !== undefined) checkPin(pin, lockedImage(pin.manifest, manifest), where);
  const configBytes = await readBlob(store, config);
  if (configBytes === undefined) return undefined;
  const imageConfig = decodeAt(ImageConfig, configBytes, where, "the image config");
  // Not every manifest in the store came by a reference: another tool may have put it there, and a lock may be wrong.
  checkConfig(imageConfig, layers, platform, where);
  const from = known?.local === true ? "local" : "store";
  onEvent({ kind: "resolve", reference: where, manifest: record.manifest.digest, from });
  return { config: imageConfig, configBytes, layers };
}

async function outlineFromSources(
  options: OutlineOptions,
  reference: Reference,
  pin: LockedImage | undefined,
): Promise<Outline> {
  const where = formatReference(reference);
  const digest = pin?.manifest.digest ?? reference.digest;
  if (options.offline && !(await isVendored(options.vendor, reference, digest))) {
    throw offlineError(options, where, ["its manifest"]);
  }
  const { platform } = options;
  const resolved = await resolveIntoStore(options, reference, { platform, ...(digest !== undefined && { digest }) });
  const { manifest, config, imageConfig, layers } = resolved;
  const found = lockedImage(manifest.descriptor, { config: config.descriptor, layers });
  if (pin !== undefined) checkPin(pin, found, where);
  options.onEvent({ kind: "resolve", reference: where, manifest: manifest.descriptor.digest, from: "registry" });
  return { config: imageConfig, configBytes: config.bytes, layers };
}

async function isVendored(
  vendor: Layout | undefined,
  reference: Reference,
  digest: Digest | undefined,
): Promise<boolean> {
  if (vendor === undefined) return false;
  return digest === undefined ? vendor.find(reference).length > 0 : (await vendor.size(digest)) !== undefined;
}

/**
 * Asks the sources what a reference stands for and keeps what they say in the store.
 *
 * @param options `digest`: of the index or manifest that is to be taken for it, whatever its tag says
 * @throws AircrateError as `resolveImage`
 */
export async function resolveIntoStore(
  { store, client, onEvent }: ResolveContext,
  reference: Reference,
  { platform, digest }: { platform: Platform; digest?: Digest },
): Promise<ResolvedImage> {
  const asked = digest === undefined ? reference : { ...reference, digest };
  const where = formatReference(reference);
  const resolved = await inStep(onEvent, { work: "resolve", name: where }, () =>
    trySources(
      client.sources(reference),
      (source) => resolveImage(source, asked, { platform, known: (blob) => readBlob(store, blob) }),
      passedOver(onEvent, where),
    ),
  );
  const { index, manifest, config } = resolved;
  for (const document of [index, manifest, config]) {
    if (document !== undefined) await writeBlob(store, document.bytes);
  }
  await recordReference(store, {
    version: 1,
    reference: where,
    platform: formatPlatform(platform),
    ...(index !== undefined && { index: index.descriptor }),
    manifest: manifest.descriptor,
    found: resolved.platform as ReferenceRecord["found"],
  });
  return resolved;
}

/** Tells of sources that are left for the next one. */
export function passedOver(onEvent: OnEvent, reference: string): OnPassedOver {
  return (host, why) => onEvent({ kind: "pass-over", reference, host, why });
}

/** A blob and what it is in its image, for messages. */
interface Part {
  readonly what: string;
  readonly digest: Digest;
  readonly size: number;
}

function partsOf(pin: LockedImage): Part[] {
  return [{ what: "manifest", ...pin.manifest }, { what: "config", ...pin.config }, ...layersOf(pin)];
}

function layersOf({ layers }: { layers: readonly Omit<Part, "what">[] }): Part[] {
  return layers.map(({ digest, size }) => ({ what: "layer", digest, size }));
}

async function checkHere(options: OutlineOptions, parts: readonly Part[], where: string): Promise<void> {
  const missing = await missingParts(options, parts);
  if (missing.length > 0) throw offlineError(options, where, missing);
}

async function missingParts(options: OutlineOptions, parts: readonly Part[]): Promise<string[]> {
  const missing: string[] = [];
  for (const part of parts) {
    const { what, digest, size } = part;
    // A layer that came in another encoding is known by what it was made into.
    const here =
      (await hasBlob(options.store, part)) ||
      (await findPulledLayer(options.store, digest)) !== undefined ||
      (await options.vendor?.size(digest)) === size;
    if (!here) missing.push(`${what} ${digest} (${size} bytes)`);
  }
  return missing;
}

/** What the error says of an image of which a part is refused. */
export const IMAGE_IS_MISSING = "the image is not in the store, and --offline allows no registry";

function offlineError({ vendor }: OutlineOptions, where: string, missing: readonly string[]): AircrateError {
  const lacks = vendor === undefined ? "the store lacks" : `the store and ${vendor.file} lack`;
  return new AircrateError("refused", IMAGE_IS_MISSING, {
    where,
    reason: missing.map((part) => `${lacks} ${part}`),
    hint: [
      "build once without --offline",
      "without a network: aircrate vendor on a machine that has one, here aircrate build --offline --vendor FILE",
    ],
  });
}
