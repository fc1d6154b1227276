/** The full artifact that a file of ours stands for, thin or not, put together from what was read of it. */
import { HeaderInfo, MetaData, TypeInfo } from "../../spec/mender.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { THIN_KEY } from "../../spec/thin.ts";
import type { ArchiveImage } from "../archive/compose.ts";
import type { Piece } from "../archive/pieces.ts";
import type { Digest } from "../digest.ts";
import { AircrateError, findingLine } from "../error.ts";
import { checkDocument, type Read } from "../inspect/documents.ts";
import { payloadOf } from "../inspect/header.ts";
import type { FoundFile } from "../inspect/inspect.ts";
import type { ArtifactHeader } from "../mender/documents.ts";
import type { PayloadFile } from "../mender/write.ts";

/**
 * The images in the order in which they were built.
 *
 * @param layers by diffID
 * @throws AircrateError integrity when the file has no images, or others than it says
 */
export function imagesOf({ images, inspection }: FoundFile, layers: ReadonlyMap<Digest, LayerRecord>): ArchiveImage[] {
  const { file } = inspection;
  if (images?.manifests === undefined) throw damaged(file, "it has no images");
  const configs = new Map(images.images.map(({ config }) => [config.member?.blob?.digest ?? "", config]));
  // The index has every name in the order in which it was given; manifest.json has them by image.
  return images.manifests.map(({ containerdName, manifest }) => {
    const config = configs.get(manifest?.config.digest ?? "");
    if (config === undefined) throw damaged(file, "its index names an image that it does not have");
    return {
      tags: containerdName === undefined ? [] : [containerdName],
      configBytes: config.member?.blob?.document ?? new Uint8Array(),
      layers: (config.value.rootfs?.diff_ids ?? []).map((diffId) => {
        const layer = layers.get(diffId);
        if (layer === undefined) throw damaged(file, `its record does not name the layer ${diffId}`);
        return layer;
      }),
    };
  });
}

/** The payload with other images. @throws AircrateError integrity when a file of it could not be kept */
export function payloadWith({ scan, archive, inspection }: FoundFile, images: readonly Piece[]): PayloadFile[] {
  if (!("artifact" in scan)) throw damaged(inspection.file, "it is no package");
  return payloadOf(scan.artifact).map(({ name, bytes, archive: own }) => {
    if (own !== undefined && own === archive) return { name, pieces: images };
    if (bytes === undefined) throw damaged(inspection.file, `${name} is too large or not readable`);
    return { name, pieces: [{ bytes }] };
  });
}

/** The header without what makes it that of a thin artifact. @throws AircrateError integrity */
export function headerOf({ header, inspection: { file } }: FoundFile): ArtifactHeader {
  const { payloads, artifact_provides, artifact_depends } = decodeRead(HeaderInfo, header?.info, file);
  const { artifact_provides: provides = {} } = decodeRead(TypeInfo, header?.typeInfo, file);
  const { [THIN_KEY]: _, ...metaData } = decodeRead(MetaData, header?.metaData, file);
  const [key = "", version = ""] = Object.entries(provides)[0] ?? [];
  return {
    type: payloads[0]?.type ?? "",
    name: artifact_provides.artifact_name,
    deviceTypes: artifact_depends.device_type,
    software: key.replace(/\.version$/, ""),
    version,
    metaData,
  };
}

function decodeRead<S extends typeof HeaderInfo | typeof TypeInfo | typeof MetaData>(
  schema: S,
  read: Read<unknown> | undefined,
  file: string,
) {
  if (read === undefined) throw damaged(file, "its header lacks a document");
  return requireRead(checkDocument(schema, requireRead(read, file), file), file);
}

/** What was read. @throws AircrateError integrity */
export function requireRead<T>(read: Read<T>, file: string): T {
  if ("value" in read) return read.value;
  throw damaged(file, ...read.faults.map(findingLine));
}

function damaged(file: string, ...reason: string[]): AircrateError {
  return new AircrateError("integrity", "the file is damaged", { where: file, reason });
}
