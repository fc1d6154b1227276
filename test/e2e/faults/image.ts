import { digestOf, type ImageContent, makeImage, makeIndex } from "../../support/image-content.ts";
import { noise } from "../../support/seeded.ts";
import { tarOf } from "../../support/ustar.ts";

/** The image that all cases pull: an index, a large layer that does not compress, and a small one. */
const ARM64 = { os: "linux", architecture: "arm64", variant: "v8" };

const image = makeImage({
  platform: ARM64,
  layers: [
    tarOf([{ path: "large/" }, { path: "large/noise", data: noise(1, 400_000).toString("latin1") }]),
    tarOf([{ path: "small/" }, { path: "small/text", data: "small\n" }]),
  ],
});

export const IMAGE: ImageContent = makeIndex([{ image, platform: ARM64 }]);
export const INDEX = digestOf(IMAGE.root.bytes);
export const MANIFEST = digestOf(image.root.bytes);

const described = JSON.parse(String(image.root.bytes)) as {
  config: { digest: string; size: number };
  layers: { digest: string; size: number }[];
};
export const CONFIG = described.config.digest;
/** The large layer. */
export const LAYER = described.layers[0]!.digest;
export const LAYER_SIZE = described.layers[0]!.size;
export const LAYER_BYTES = image.blobs.get(LAYER) as Uint8Array;
