/** What `aircrate push` prints with `--json`: scripts go by it. Sizes are bytes. */
import { type Static, Type } from "@sinclair/typebox";
import { Digest, Size } from "./oci.ts";
import { Amount } from "./store-reports.ts";

export const PushedBlob = Type.Object(
  {
    digest: Digest,
    size: Size,
    kind: Type.Union([Type.Literal("config"), Type.Literal("layer")]),
    /** `there`: the repository had it. `mounted`: the registry took it over from another one of its repositories. */
    how: Type.Union([Type.Literal("there"), Type.Literal("mounted"), Type.Literal("sent")]),
    /** The repository that it was mounted from. */
    from: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type PushedBlob = Static<typeof PushedBlob>;

export const PushedImage = Type.Object(
  {
    /** Its name in the source, in full; absent when it has none. */
    name: Type.Optional(Type.String()),
    platform: Type.String(),
    /** In full: `registry.example.com/team/app:1.0`. */
    reference: Type.String(),
    /** The same content for ever: `registry.example.com/team/app@sha256:…`. */
    pinned: Type.String(),
    /** Digest and media type of the manifest. */
    digest: Digest,
    mediaType: Type.String(),
    /** `original` when the source has this manifest, `made` when it was written for layers that were packed here. */
    manifestOrigin: Type.Union([Type.Literal("original"), Type.Literal("made")]),
    /** Whether the reference stood for it already. */
    known: Type.Boolean(),
    /** Each once: the config, then the layers in their order. */
    blobs: Type.Array(PushedBlob),
  },
  { additionalProperties: false },
);
export type PushedImage = Static<typeof PushedImage>;

export const PushReport = Type.Object(
  {
    version: Type.Literal(1),
    /** As the user gave it. */
    source: Type.String(),
    /** In the order in which they were pushed. */
    images: Type.Array(PushedImage),
    /** Blobs by what was done, over all images. */
    sent: Amount,
    mounted: Amount,
    there: Amount,
  },
  { additionalProperties: false },
);
export type PushReport = Static<typeof PushReport>;
