/** What the commands of `aircrate image` print with `--json`: scripts go by it. Sizes are bytes. */
import { type Static, Type } from "@sinclair/typebox";
import { Digest, Size } from "./oci.ts";
import { BuildReport, ReportImage } from "./report.ts";
import { StoredReference } from "./store-reports.ts";

/** `image build`. */
export const LocalBuildReport = Type.Composite(
  [
    Type.Object({
      version: Type.Literal(1),
      /** Absolute path of the store that has the image now. */
      store: Type.String(),
      platform: Type.String(),
      /** Stored bytes of its layers. */
      size: Size,
    }),
    Type.Pick(ReportImage, ["tags", "configDigest", "manifestDigest", "layers"]),
    Type.Pick(BuildReport, ["localImages", "cache", "sources", "stages", "warnings"]),
  ],
  { additionalProperties: false },
);
export type LocalBuildReport = Static<typeof LocalBuildReport>;

/** `image ls`. */
export const ImageListing = Type.Object(
  {
    version: Type.Literal(1),
    /** Absolute path. */
    store: Type.String(),
    /** By reference, then by platform. */
    images: Type.Array(StoredReference),
  },
  { additionalProperties: false },
);
export type ImageListing = Static<typeof ImageListing>;

/** What `pull` of the library gives. */
export const PullReport = Type.Object(
  {
    version: Type.Literal(1),
    /** Absolute path of the store that has the images now. */
    store: Type.String(),
    platform: Type.String(),
    /** In the order in which they were asked for. */
    images: Type.Array(
      Type.Object(
        {
          /** In full. */
          reference: Type.String(),
          manifest: Digest,
          /** Lowest first, as the store keeps them. */
          layers: Type.Array(
            Type.Object({ diffId: Digest, digest: Digest, size: Size }, { additionalProperties: false }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    warnings: Type.Array(Type.String()),
  },
  { additionalProperties: false },
);
export type PullReport = Static<typeof PullReport>;
