import type { LayerRecord } from "../../spec/store.ts";
import { formatReference, type Reference } from "../reference.ts";
import { findLayerTree, findPulledLayer } from "../store/records.ts";
import type { Image } from "./image.ts";
import { expectOutline, type OutlineOptions } from "./outline.ts";
import { mergeLayers, type RootFs } from "./rootfs.ts";

/** An image as the store knows it; its name may stand for another one by now. */
export interface Expectation {
  readonly image: Image;
  /** Whether nobody is asked, so that nothing has to be waited for. */
  readonly sure: boolean;
}

/**
 * What a pull of a reference is going to give, as far as the store can tell without asking anybody.
 *
 * @returns undefined when the store lacks a part of the image
 * @throws AircrateError as `findOutline`
 */
export async function expectImage(options: OutlineOptions, reference: Reference): Promise<Expectation | undefined> {
  const { store } = options;
  const expected = await expectOutline(options, reference);
  if (expected === undefined) return undefined;
  const { config, configBytes, layers } = expected.outline;
  const found = await Promise.all(layers.map(({ digest }) => findPulledLayer(store, digest)));
  const records = found.filter((record) => record !== undefined);
  if (records.length < layers.length) return undefined;
  const readTree = async ({ diffId }: LayerRecord) => {
    const tree = await findLayerTree(store, diffId);
    if (tree === undefined) throw new Error(`the store does not know what is in ${diffId}`);
    return tree;
  };
  let root: Promise<RootFs> | undefined;
  const image: Image = {
    config,
    configBytes,
    layers: records.map((layer) => ({ origin: formatReference(reference), record: Promise.resolve(layer) })),
    root() {
      root ??= mergeLayers(records, readTree);
      return root;
    },
  };
  return { image, sure: expected.sure };
}
