import type { AppManifest } from "./manifest.ts";

export interface MetadataOptions {
  /** ISO 8601, from the epoch of the build: never the clock. */
  readonly buildTime: string;
  /** Version of this tool. */
  readonly toolVersion: string;
}

/**
 * The value of `auterion-metadata` in the meta-data of the artifact: JSON as a text, since Mender takes only texts,
 * numbers and lists there. It holds the manifest after overrides, with the targets it really has.
 */
export function auterionMetadata(manifest: Pick<AppManifest, "document">, options: MetadataOptions): string {
  return JSON.stringify({
    "build-time": options.buildTime,
    // Auterion's tool names the system it ran on here. The same input has to give the same bytes on any.
    "build-platform": "any",
    "cli-version": options.toolVersion,
    "auterion-app-yml": manifest.document,
  });
}
