/**
 * Makes the layers of a project and nothing else: what `npm run bench -- --layers` times. `layer-program PROJECT STORE
 * HOW`, where HOW is `pack` (by the fastest way that there is), `pako`, or `digest`: reads and digests, without packing.
 * Its last line is the time that it took without its own start, in ms.
 */
import { startImages } from "../../lib/build/images.ts";
import { finishImage } from "../../lib/image/image.ts";
import { createLayerBuilder, type LayerBuilder } from "../../lib/layer/builder.ts";
import { makePlan } from "../../lib/plan/make.ts";
import { openStore } from "../../lib/store/layout.ts";
import { tarStream } from "../../lib/tar/sequence.ts";
import { shareSegments } from "../../lib/tar/shared.ts";
import { digestStream } from "../../lib/workers/digest.ts";
import { tuneEngine } from "../../lib/workers/memory.ts";
import { createWorkPool, type WorkPool } from "../../lib/workers/pool.ts";

tuneEngine();
const begin = performance.now();
const [project, folder, how] = process.argv.slice(2);
const pool = createWorkPool(how === "pako" ? { native: false } : {});
pool.warm();
const plan = await makePlan(project!, {});
const store = await openStore(folder!);
const images = startImages(plan, {
  buildLayer: how === "digest" ? digestOnly(pool) : createLayerBuilder(store, pool),
  epoch: 0,
  pull: () => Promise.reject(new Error("nothing is pulled here")),
  expect: async () => undefined,
  warn: () => {},
  take: () => Promise.reject(new Error("nothing is taken out of layers here")),
  open: { isArchive: unopened, archive: unopened, remote: unopened },
});
for (const { image } of plan.outputs) {
  for (const { diffId } of (await finishImage(await images.get(image)!)).layers) console.log(diffId);
}
console.log((performance.now() - begin).toFixed(0));
await pool.close();

function unopened(): Promise<never> {
  return Promise.reject(new Error("there is nothing to be unpacked or fetched here"));
}

function digestOnly(pool: WorkPool): LayerBuilder {
  return async (entries) => {
    const { segments, size } = tarStream(entries);
    const { sha256, crc } = await digestStream(pool, shareSegments(segments));
    const diffId = `sha256:${sha256}`;
    return { version: 1, diffId, plainSize: size, digest: diffId, size, crc, source: "packed", place: "" };
  };
}
