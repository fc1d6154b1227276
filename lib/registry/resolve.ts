import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson, SpecError } from "../../spec/decode.ts";
import { INDEX_TYPES, MANIFEST_TYPES, MEDIA } from "../../spec/media-types.ts";
import { type Descriptor, Index, type IndexEntry, MAX_DOCUMENT, Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import { type Digest, digestOf } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { formatPlatform, type Platform, platformMatch } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import type { RegistrySource } from "./client.ts";

/** One document of an image with the bytes that its digest is of. */
export interface Document {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** What a reference stands for on one platform. */
export interface ResolvedImage {
  readonly index?: Document;
  readonly manifest: Document;
  readonly config: Document;
  readonly layers: readonly Descriptor[];
  readonly platform: Platform;
  readonly imageConfig: ImageConfig;
}

export interface ResolveOptions {
  readonly platform: Platform;
  /** A document that is at hand, checked against its digest: it is not asked for. */
  readonly known?: (blob: { digest: Digest; size: number }) => Promise<Uint8Array | undefined>;
}

/**
 * Asks one source what the reference stands for on this platform: index (if there is one), manifest and config, each
 * checked against its digest.
 *
 * @throws AircrateError unreachable, forbidden; integrity when a digest does not fit; input when it is no image, or not
 *   one for this platform
 */
export async function resolveImage(
  source: RegistrySource,
  reference: Reference,
  { platform, known = async () => undefined }: ResolveOptions,
): Promise<ResolvedImage> {
  const where = formatReference(reference);
  const first = await fetchManifest(source, reference.digest ?? reference.tag!, where);
  let index: Document | undefined;
  let manifest = first;
  if (INDEX_TYPES.includes(first.descriptor.mediaType)) {
    index = first;
    const entry = selectEntry(decodeAt(Index, first.bytes, where).manifests, platform, where);
    const bytes = await known(entry);
    manifest =
      bytes === undefined
        ? await fetchManifest(source, entry.digest, where)
        : readDocument(bytes, { type: entry.mediaType, wanted: entry.digest, where });
    if (manifest.descriptor.size !== entry.size) throw sizeError(where, "manifest", entry, manifest.descriptor.size);
  }
  const { config, layers } = readManifest(manifest, where);
  const configBytes = (await known(config)) ?? (await fetchBlob(source, config, where));
  const imageConfig = decodeAt(ImageConfig, configBytes, where, "the image config");
  checkConfig(imageConfig, layers, platform, where);
  return {
    ...(index !== undefined && { index }),
    manifest,
    config: { descriptor: config, bytes: configBytes },
    layers,
    platform: {
      os: imageConfig.os,
      architecture: imageConfig.architecture,
      ...(imageConfig.variant !== undefined && { variant: imageConfig.variant }),
    },
    imageConfig,
  };
}

/** All forms of manifests and indexes. */
export const ACCEPT = [...MANIFEST_TYPES, ...INDEX_TYPES].join(", ");

/**
 * Asks one source for a manifest or index.
 *
 * @param name tag or digest
 * @throws AircrateError unreachable, forbidden; integrity when it does not have its digest; input when it is none
 */
export async function fetchManifest(source: RegistrySource, name: string, where: string): Promise<Document> {
  const { bytes, headers } = await source.read(`manifests/${name}`, { where, accept: ACCEPT, limit: MAX_DOCUMENT });
  const [type = ""] = String(headers["content-type"] ?? "").split(";", 1);
  const wanted = name.startsWith("sha256:") ? name : headerDigest(headers["docker-content-digest"]);
  return readDocument(bytes, { type: type.trim(), wanted, where });
}

/** A manifest or index and its type; `type` is what it is said to be from outside. */
function readDocument(
  bytes: Uint8Array,
  { type, wanted, where }: { type: string; wanted: Digest | undefined; where: string },
): Document {
  const digest = digestOf(bytes);
  const document = parseJson(bytes);
  // Before the digest, which for a signed manifest of schema 1 is not that of its bytes.
  refuseSchema1(document, type, where);
  if (wanted !== undefined && wanted !== digest) throw digestError(where, "manifest", wanted, digest);
  const mediaType = mediaTypeOf(document, type, where);
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/** Compared when it is there, never trusted instead of the bytes. */
function headerDigest(header: string | string[] | undefined): Digest | undefined {
  return typeof header === "string" && header.startsWith("sha256:") ? header : undefined;
}

/** What of any manifest is looked at before its schema is known; undefined when it is not JSON. */
function parseJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) ?? {};
  } catch {
    return undefined;
  }
}

function refuseSchema1(document: Record<string, unknown> | undefined, header: string, where: string): void {
  const type = document?.mediaType ?? header;
  if (document?.schemaVersion !== 1 && type !== MEDIA.dockerSchema1 && type !== MEDIA.dockerSchema1Signed) return;
  throw new AircrateError("input", "the image has a manifest of Docker's schema 1, which is not supported", {
    where,
    hint: "push the image again with a tool of 2017 or later, such as skopeo copy",
  });
}

/** The document's own word counts before the header's (image-spec manifest.md, `mediaType`). */
function mediaTypeOf(document: Record<string, unknown> | undefined, header: string, where: string): string {
  if (document === undefined) {
    throw new AircrateError("integrity", "the registry sends a manifest that is not JSON", { where });
  }
  const { mediaType, manifests } = document;
  const type = typeof mediaType === "string" ? mediaType : header;
  if (INDEX_TYPES.includes(type) || MANIFEST_TYPES.includes(type)) return type;
  if (typeof mediaType !== "string") return Array.isArray(manifests) ? MEDIA.ociIndex : MEDIA.ociManifest;
  throw new AircrateError("input", "it is not an image", {
    where,
    reason: `its manifest is of type ${type.slice(0, 200)}`,
  });
}

function selectEntry(entries: readonly IndexEntry[], wanted: Platform, where: string): IndexEntry {
  const usable = entries.filter((entry) => MANIFEST_TYPES.includes(entry.mediaType));
  let best: { entry: IndexEntry; score: number } | undefined;
  for (const entry of usable) {
    const score = entry.platform === undefined ? 0 : platformMatch(wanted, entry.platform);
    if (score > (best?.score ?? 0)) best = { entry, score };
  }
  if (best !== undefined) return best.entry;
  const only = usable[0];
  // An index of one image that does not say for what: its config will.
  if (usable.length === 1 && only !== undefined && only.platform === undefined) return only;
  const found = usable.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]));
  const known = found.filter((name) => !name.startsWith("unknown/"));
  const inner = entries.filter((entry) => INDEX_TYPES.includes(entry.mediaType));
  throw inner.length === 0 ? platformError(where, wanted, known) : nestedError(where, wanted, inner);
}

function platformError(where: string, wanted: Platform, found: readonly string[]): AircrateError {
  const list = found.length === 0 ? "no platform that is known" : [...new Set(found)].join(", ");
  return new AircrateError("input", `the image is not for ${formatPlatform(wanted)}`, {
    where,
    reason: `it is for ${list}`,
    hint: "choose a reference that has this platform; on Docker Hub, arm64v8/NAME is the arm64 build of an official image",
  });
}

/** image-spec image-index.md lets an index name others. That is rare, and the inner one can be referred to itself. */
function nestedError(where: string, wanted: Platform, inner: readonly IndexEntry[]): AircrateError {
  const listed = inner.slice(0, 10).map(({ digest }) => `it names the index ${digest}`);
  return new AircrateError("input", `the index has no image for ${formatPlatform(wanted)} itself`, {
    where,
    reason: [...listed, "an index in an index is not looked into"],
    hint: "refer to the inner index by its digest: REPOSITORY@sha256:DIGEST",
  });
}

function readManifest(document: Document, where: string): Manifest {
  const manifest = decodeAt(Manifest, document.bytes, where);
  const { mediaType } = manifest.config;
  if (manifest.artifactType === undefined && (mediaType === MEDIA.ociConfig || mediaType === MEDIA.dockerConfig)) {
    return manifest;
  }
  throw new AircrateError("input", "it is not an image", {
    where,
    reason: `its config is of type ${(manifest.artifactType ?? mediaType).slice(0, 200)}`,
  });
}

/** Fetches a blob that fits into memory. */
async function fetchBlob(source: RegistrySource, descriptor: Descriptor, where: string): Promise<Buffer> {
  if (descriptor.size > MAX_DOCUMENT) {
    throw new AircrateError("integrity", `its config is announced with ${descriptor.size} bytes`, {
      where,
      reason: `the limit is ${MAX_DOCUMENT}`,
    });
  }
  const { bytes } = await source.read(`blobs/${descriptor.digest}`, { where, limit: MAX_DOCUMENT });
  if (bytes.length !== descriptor.size) throw sizeError(where, "config", descriptor, bytes.length);
  const digest = digestOf(bytes);
  if (digest !== descriptor.digest) throw digestError(where, "config", descriptor.digest, digest);
  return bytes;
}

/** A config fits its manifest, and is for this platform. @throws AircrateError input, integrity */
export function checkConfig(config: ImageConfig, layers: readonly Descriptor[], wanted: Platform, where: string): void {
  if (platformMatch(wanted, config) === 0) throw platformError(where, wanted, [formatPlatform(config)]);
  if (config.rootfs.diff_ids.length !== layers.length) {
    throw new AircrateError("integrity", "its config and its manifest disagree", {
      where,
      reason: `the config names ${config.rootfs.diff_ids.length} diffIDs, the manifest ${layers.length} layers`,
    });
  }
}

/** Decodes a document that a registry sent. @throws AircrateError integrity */
export function decodeAt<S extends TSchema>(
  schema: S,
  bytes: Uint8Array,
  where: string,
  what = "the manifest",
): Static<S> {
  try {
    return decodeJson(schema, bytes);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new AircrateError("integrity", `${what} is malformed`, {
      where,
      reason: error.problems.map(({ pointer, message }) => `${pointer === "" ? "document" : pointer}: ${message}`),
      cause: error,
    });
  }
}

export function sizeError(where: string, what: string, wanted: { size: number }, found: number): AircrateError {
  return new AircrateError("integrity", `its ${what} does not have the announced size`, {
    where,
    reason: `announced ${wanted.size} bytes, received ${found}`,
  });
}

export function digestError(where: string, what: string, wanted: Digest, found: Digest): AircrateError {
  return new AircrateError("integrity", `its ${what} does not have the digest that names it`, {
    where,
    reason: [`wanted ${wanted}`, `received ${found}`],
    hint: "a proxy or mirror may have changed it; try another network or mirror",
  });
}
