import { Manifest } from "../../spec/oci.ts";
import { composeManifest } from "../archive/manifest.ts";
import { chooseImage, partialImage } from "../local/images.ts";
import { formatReference, parseReference } from "../reference.ts";
import { decodeAt } from "../registry/resolve.ts";
import { hasBlob, readBlob, type Store } from "../store/layout.ts";
import { findPulledLayer } from "../store/records.ts";
import { blobsOf, type PushImage } from "./image.ts";

/**
 * An image of the store, local or pulled. Of a pulled one the manifest and the layers are those of its registry, byte for
 * byte.
 *
 * @param name as users write it
 * @throws AircrateError input; unreachable: it is not in the store, or a part of it is not
 */
export async function loadStored(store: Store, name: string, platform: string | undefined): Promise<PushImage> {
  const record = await chooseImage(store, name, platform);
  const read = async (blob: Parameters<typeof readBlob>[1]) => {
    const bytes = await readBlob(store, blob);
    if (bytes === undefined) throw partialImage(name, [`${blob.digest} is not there`]);
    return bytes;
  };
  const original = { descriptor: record.manifest, bytes: await read(record.manifest) };
  const { config, layers } = decodeAt(Manifest, original.bytes, name);
  const configBytes = await read(config);
  const described = { name: formatReference(parseReference(name)), platform: record.platform };
  const missing = [];
  for (const layer of layers) if (!(await hasBlob(store, layer))) missing.push(layer.digest);
  if (missing.length === 0) {
    return { ...described, manifest: original, manifestOrigin: "original", blobs: blobsOf(config, layers) };
  }
  // Of a layer that did not come packed with gzip, pruning leaves the form that was packed here.
  const records = await Promise.all(layers.map(({ digest }) => findPulledLayer(store, digest)));
  if (!records.every((layer) => layer !== undefined)) throw partialImage(name, [`${missing[0]} is not there`]);
  const made = composeManifest(configBytes, records, "gzip");
  return {
    ...described,
    manifest: made.manifest,
    manifestOrigin: "made",
    blobs: blobsOf(made.config.descriptor, made.layers),
  };
}
