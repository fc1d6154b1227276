/** What the commands of `aircrate image` print with `--json`: scripts go by it. Sizes are bytes. */
import { type Static, Type } from "@sinclair/typebox";
import { Size } from "./oci.ts";
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
