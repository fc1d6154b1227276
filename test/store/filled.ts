import { utimesSync } from "node:fs";
import type { TestContext } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import { finishImage } from "../../lib/image/image.ts";
import { createPull } from "../../lib/image/pull.ts";
import { ARM64 } from "../../lib/platform.ts";
import type { Store } from "../../lib/store/layout.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { makeImage } from "../support/image-content.ts";
import { clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { noise } from "../support/seeded.ts";
import { tempStore } from "../support/store.ts";
import { ownLayer } from "../support/stored-images.ts";
import { tarOf } from "../support/ustar.ts";

export const DAY = 86_400_000;

/** A store with two pulled images, `one:1` and `two:1`, that share a layer, and with a layer that was packed here. */
export interface FilledStore {
  readonly store: Store;
  /** Full references. */
  readonly one: string;
  readonly two: string;
  readonly shared: LayerRecord;
  readonly ownOfOne: LayerRecord;
  readonly ownOfTwo: LayerRecord;
  readonly packed: LayerRecord;
  /** Config of `one:1`. */
  readonly config: string;
}

export async function filledStore(t: TestContext): Promise<FilledStore> {
  const store = await tempStore(t);
  const registry = await registryWith(t);
  const platform = { os: "linux", architecture: "arm64" };
  const base = tarOf([{ path: "base", data: noise(1, 100_000) }]);
  for (const [i, name] of ["one", "two"].entries()) {
    const layers = [base, tarOf([{ path: name, data: noise(2 + i, 50_000 * (i + 1)) }])];
    registry.addImage(name, "1", makeImage({ platform, layers }));
  }
  const pull = createPull({
    store,
    client: clientWith(t, {}),
    platform: ARM64,
    offline: false,
    onEvent: () => undefined,
  });
  const [one, two] = await Promise.all(
    ["one:1", "two:1"].map(async (name) => finishImage(await pull(referenceIn(registry, name)))),
  );
  return {
    store,
    one: `${registry.host}/one:1`,
    two: `${registry.host}/two:1`,
    shared: one!.layers[0]!,
    ownOfOne: one!.layers[1]!,
    ownOfTwo: two!.layers[1]!,
    packed: await ownLayer(t, store, "app", noise(9, 70_000)),
    config: digestOf(one!.configBytes),
  };
}

/** Makes everything in the store look as if it was last used that long ago, in ms. */
export function age(files: Iterable<string>, ms: number): void {
  const time = new Date(Date.now() - ms);
  for (const file of files) utimesSync(file, time, time);
}
