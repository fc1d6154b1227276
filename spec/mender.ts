/**
 * The documents of a Mender artifact, format version 3 (mender-artifact, Documentation/artifact-format-v3.md), and what
 * AuterionOS's packages put into them.
 */
import { type Static, Type } from "@sinclair/typebox";
import { THIN_KEY } from "./thin.ts";

/** Member `version`. Readers in Go refuse unknown keys here and in `header-info`. */
export const ArtifactVersion = Type.Object(
  { format: Type.Literal("mender"), version: Type.Literal(3) },
  { additionalProperties: false },
);
export type ArtifactVersion = Static<typeof ArtifactVersion>;

/** Member `header-info` of the header: what the artifact is, and which devices it is for. */
export const HeaderInfo = Type.Object(
  {
    payloads: Type.Array(Type.Object({ type: Type.String() }, { additionalProperties: false })),
    artifact_provides: Type.Object(
      { artifact_name: Type.String(), artifact_group: Type.Optional(Type.String()) },
      { additionalProperties: false },
    ),
    artifact_depends: Type.Object(
      {
        device_type: Type.Array(Type.String(), { minItems: 1 }),
        artifact_name: Type.Optional(Type.Array(Type.String())),
        artifact_group: Type.Optional(Type.Array(Type.String())),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type HeaderInfo = Static<typeof HeaderInfo>;

/** Member `headers/0000/type-info`: what the device provides once the payload is installed. */
export const TypeInfo = Type.Object({
  type: Type.String(),
  artifact_provides: Type.Optional(Type.Record(Type.String(), Type.String())),
  artifact_depends: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())]))),
  clears_artifact_provides: Type.Optional(Type.Array(Type.String())),
});
export type TypeInfo = Static<typeof TypeInfo>;

/** Member `headers/0000/meta-data`. Mender wants strings, numbers and lists only, so the documents sit in strings. */
export const MetaData = Type.Object({
  "auterion-metadata": Type.Optional(Type.String()),
  /** A {@link ThinRecord}. */
  [THIN_KEY]: Type.Optional(Type.String()),
});
export type MetaData = Static<typeof MetaData>;

/** What a signature was made with: RSA with PKCS #1 v1.5 or ECDSA, both of SHA-256. Other kinds are unknown to Mender. */
export const SignatureKind = Type.Object(
  {
    algorithm: Type.Union([Type.Literal("RSA"), Type.Literal("ECDSA P-256")]),
    /** Size of the key. */
    bits: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
);
export type SignatureKind = Static<typeof SignatureKind>;
