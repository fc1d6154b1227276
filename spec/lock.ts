/** `aircrate.lock`: what each reference of a project stands for, so that every build takes the same. */
import { type Static, Type } from "@sinclair/typebox";
import { closed, dict } from "./keywords.ts";
import { Digest, Size } from "./oci.ts";

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
    keys: "^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9_.]+)?$",
    keyForm: "a platform, such as linux/arm64",
    minProperties: 1,
  }),
});
export type LockedReference = Static<typeof LockedReference>;

export const Lock = closed({
  version: Type.Literal(1),
  /** By reference in full: `docker.io/library/python:3.11-slim`. */
  images: dict(LockedReference),
});
export type Lock = Static<typeof Lock>;
