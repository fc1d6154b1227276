import { readFile } from "node:fs/promises";
import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson } from "../../spec/decode.ts";
import { type Descriptor, MAX_DOCUMENT, Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import type { ReferenceRecord } from "../../spec/store.ts";
import { type Digest, digestOf } from "../digest.ts";
import { blobFile, type Store } from "./layout.ts";
import type { Survey } from "./survey.ts";

/** The blobs that a reference needs, as far as its documents tell. */
export interface Reach {
  readonly digests: ReadonlySet<Digest>;
  readonly config?: Digest;
  /** Layers as the manifest names them. */
  readonly layers: readonly Descriptor[];
  /** Whether everything that a build needs is there. */
  readonly complete: boolean;
  /** What is wrong with manifest or config. */
  readonly fault?: string;
}

/** Finds what references reach, without counting as use of it. */
export function createReach(store: Store, { blobs, layers }: Survey): (record: ReferenceRecord) => Promise<Reach> {
  const stored = new Map<Digest, Digest>();
  for (const layer of layers) if (layer.pulled !== undefined) stored.set(layer.pulled, layer.record.digest);

  return async ({ index, manifest }) => {
    const digests = new Set([manifest.digest, ...(index === undefined ? [] : [index.digest])]);
    const read = await readDocument(store, manifest, Manifest);
    if ("fault" in read) return { digests, layers: [], complete: false, fault: `its manifest ${read.fault}` };
    const { config, layers: named } = read.value;
    const needed = [config.digest, ...named.map(({ digest }) => stored.get(digest) ?? digest)];
    for (const digest of needed) digests.add(digest);
    const found = await readDocument(store, config, ImageConfig);
    const content = { digests, config: config.digest, layers: named };
    if ("fault" in found) return { ...content, complete: false, fault: `its config ${found.fault}` };
    return { ...content, complete: needed.every((digest) => blobs.has(digest)) };
  };
}

async function readDocument<S extends TSchema>(
  store: Store,
  { digest, size }: Descriptor,
  schema: S,
): Promise<{ readonly value: Static<S> } | { readonly fault: string }> {
  const file = blobFile(store, digest);
  const bytes = size > MAX_DOCUMENT ? undefined : await readFile(file).catch(() => undefined);
  if (bytes === undefined) return { fault: `${digest} is not in the store` };
  if (digestOf(bytes) !== digest) return { fault: `${digest} is damaged` };
  try {
    return { value: decodeJson(schema, bytes) };
  } catch (error) {
    return { fault: `${digest} is none: ${(error as Error).message}` };
  }
}
