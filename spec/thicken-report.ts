/** What `aircrate thicken --json` prints. */
import { type Static, Type } from "@sinclair/typebox";
import { Digest, Size } from "./oci.ts";

export const ThickenReport = Type.Object(
  {
    version: Type.Literal(1),
    /** The full artifact that was written. */
    file: Type.String(),
    size: Size,
    sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    /** Layers that the thin artifact had left out; sizes are of the packed bytes. */
    added: Type.Array(Type.Object({ diffId: Digest, digest: Digest, size: Size }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type ThickenReport = Static<typeof ThickenReport>;
