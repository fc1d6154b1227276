import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ImageContent } from "./image-content.ts";
import { digestOf } from "./image-content.ts";
import { type TarEntry, tarOf } from "./ustar.ts";

/** An image and the annotations that `index.json` has for it; its blobs may be left out or spoiled. */
export interface LayoutImage {
  readonly image: ImageContent;
  /** For `org.opencontainers.image.ref.name`. */
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: object;
}

/** The files of an OCI image layout with these images, by name. */
export function layoutFiles(images: readonly LayoutImage[]): Map<string, Buffer> {
  const files = new Map<string, Buffer>([["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')]]);
  const manifests = images.map(({ image, name, annotations, platform }) => {
    const { mediaType, bytes } = image.root;
    return {
      ...{ mediaType, digest: digestOf(bytes), size: bytes.length },
      ...(platform && { platform }),
      annotations: { ...(name !== undefined && { "org.opencontainers.image.ref.name": name }), ...annotations },
    };
  });
  files.set("index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
  for (const { image } of images) {
    for (const { bytes } of image.manifests) files.set(blobPath(digestOf(bytes)), bytes);
    for (const [digest, source] of image.blobs) files.set(blobPath(digest), Buffer.from(source as Uint8Array));
  }
  return files;
}

export function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice("sha256:".length)}`;
}

/** Writes the layout as a tar file, or, with a name that ends in a slash, as a folder. Returns the name. */
export function writeLayout(path: string, files: ReadonlyMap<string, Buffer>, more: readonly TarEntry[] = []): string {
  if (!path.endsWith("/")) {
    writeFileSync(path, tarOf([...[...files].map(([name, data]) => ({ path: name, data })), ...more]));
    return path;
  }
  for (const [name, data] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), data);
  }
  return path;
}
