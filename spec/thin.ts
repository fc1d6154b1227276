/** What a thin artifact says of the full one. */
import { type Static, Type } from "@sinclair/typebox";
import { Digest, Size } from "./oci.ts";

/** Key of the artifact's meta-data that it stands under, as a JSON text: Mender wants texts, numbers and lists there. */
export const THIN_KEY = "aircrate-thin";

const Text = Type.String({ minLength: 1, maxLength: 1024 });

export const ThinLayer = Type.Object(
  {
    /** Digest of the plain tar, as the configs name it. */
    diffId: Digest,
    /** The packed bytes that the full artifact holds: a gzip file of its own. */
    digest: Digest,
    size: Size,
    /** Whoever has it: the layer is left out. */
    from: Type.Optional(Text),
  },
  { additionalProperties: false },
);
export type ThinLayer = Static<typeof ThinLayer>;

export const ThinRecord = Type.Object(
  {
    version: Type.Literal(1),
    /** The full artifact. */
    full: Type.Object(
      { size: Size, sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }) },
      { additionalProperties: false },
    ),
    /** The archive of images is one gzip member, not a row of them. */
    imageGzip: Type.Optional(Type.Literal("single")),
    /** Versions of the application that it goes onto, one of which the device must have; none: any, or no version. */
    since: Type.Array(Text, { maxItems: 100 }),
    /** All layers of all images, each once. */
    layers: Type.Array(ThinLayer, { maxItems: 10_000 }),
  },
  { additionalProperties: false },
);
export type ThinRecord = Static<typeof ThinRecord>;
