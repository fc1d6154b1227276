/** `aircrate.lock`: what each reference of a project stands for, and which remote files it needs, so that every build takes the same. */
import { type Static, Type } from "@sinclair/typebox";
import { closed, dict } from "./keywords.ts";
import { Digest, Size } from "./oci.ts";

const PLATFORM = "^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9_.]+)?$";

/** A descriptor (image-spec descriptor.md) with what says which bytes are meant, and nothing else. */
export const LockedBlob = closed({ digest: Digest, mediaType: Type.String({ maxLength: 255 }), size: Size });
export type LockedBlob = Static<typeof LockedBlob>;

export const LockedImage = closed({
  config: LockedBlob,
  /** Lowest first. */
  layers: Type.Array(LockedBlob, { maxItems: 1_000 }),
  manifest: LockedBlob,
});
export type LockedImage = Static<typeof LockedImage>;

export const LockedReference = closed({
  /** The index that the reference names, when it names one: further platforms are taken from it. */
  index: Type.Optional(LockedBlob),
  platforms: dict(LockedImage, {
    keys: PLATFORM,
    keyForm: "a platform, such as linux/arm64",
    minProperties: 1,
  }),
});
export type LockedReference = Static<typeof LockedReference>;

/** A file that is fetched by its checksum. */
export const LockedFile = closed({
  /** Those on which the project needs it. */
  platforms: Type.Array(Type.String({ pattern: PLATFORM }), { minItems: 1, maxItems: 100, uniqueItems: true }),
  size: Size,
  /** Where it may be had; it is its digest that says what it is. */
  url: Type.String({ pattern: "^https?://", maxLength: 131_072, form: "an http or https URL" }),
});
export type LockedFile = Static<typeof LockedFile>;

export const Lock = closed({
  version: Type.Literal(1),
  /** By reference in full: `docker.io/library/python:3.11-slim`. */
  images: dict(LockedReference),
  /** By digest. Absent when there are none, as in what was written before there were any. */
  files: Type.Optional(dict(LockedFile, { keys: "^sha256:[0-9a-f]{64}$", keyForm: "a sha256 digest" })),
});
export type Lock = Static<typeof Lock>;
