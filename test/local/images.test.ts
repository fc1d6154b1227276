import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import test from "node:test";
import { findImages, listImages, removeImages, tagImage } from "../../lib/local/images.ts";
import { parsePlatform } from "../../lib/platform.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { pruneStore } from "../../lib/store/prune.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import { decode } from "../../spec/decode.ts";
import { ImageListing } from "../../spec/local-reports.ts";
import { age, DAY, filledStore } from "../store/filled.ts";
import { rejectsWith } from "../support/faults.ts";
import { localImages } from "./images.ts";

const DOCKERFILE = "FROM scratch\nCOPY one /\n";

async function listed(store: Store): Promise<string[]> {
  const { images } = decode(ImageListing, await listImages(store));
  return images.map(({ reference, platform, local }) => `${local ? "local" : "pulled"} ${reference} ${platform}`);
}

test("names are listed, given and taken, on all platforms or for none of several", async (t) => {
  const { store, build } = await localImages(t);
  await build("app:1", DOCKERFILE);
  await build("app:1", DOCKERFILE, { platform: parsePlatform("linux/amd64") });
  const tagged = await tagImage(store, "app:1", "team/app:2");
  assert.deepEqual(
    tagged.map(({ platform }) => platform),
    ["linux/arm64", "linux/amd64"],
  );
  const [app] = await findImages(store, "app:1");
  const [team] = await findImages(store, "team/app:2");
  assert.deepEqual(team.manifest, app.manifest);
  const all = ["library/app:1", "team/app:2"].flatMap((name) =>
    ["linux/amd64", "linux/arm64"].map((platform) => `local docker.io/${name} ${platform}`),
  );
  assert.deepEqual(await listed(store), all);
  await rejectsWith(removeImages(store, ["app:1", "app:3"]), "unreachable", /app:3: .*did you mean `app:1`/);
  assert.deepEqual(await listed(store), all);
  assert.equal((await removeImages(store, ["app:1", "docker.io/library/app:1"])).length, 2);
  assert.deepEqual(await listed(store), all.slice(2));
  assert.deepEqual((await verifyStore(store)).problems, []);
  await rejectsWith(tagImage(store, "app:1", "x"), "unreachable", /no such image/);
  await rejectsWith(tagImage(store, "team/app:2", `x@${app.manifest.digest}`), "usage", /digest/);
});

test("a pulled image can be given a local name, if it is whole", async (t) => {
  const { store, one, two, ownOfOne } = await filledStore(t);
  await tagImage(store, two, "base:1");
  assert.deepEqual(await listed(store), [
    `pulled ${one} linux/arm64`,
    `pulled ${two} linux/arm64`,
    "local docker.io/library/base:1 linux/arm64",
  ]);
  rmSync(blobFile(store, ownOfOne.digest));
  await rejectsWith(tagImage(store, one, "base:1"), "unreachable", /only a part of the image/);
  assert.deepEqual((await findImages(store, "base:1"))[0].manifest, (await findImages(store, two))[0].manifest);
});

test("pruning keeps local images while they are tagged, whatever it is told", async (t) => {
  const { store, build } = await localImages(t);
  const { layers, manifestDigest } = await build("app:1", DOCKERFILE);
  age([blobFile(store, layers[0]!.digest), blobFile(store, manifestDigest)], 100 * DAY);
  const locked = { references: new Set<string>(), digests: new Set<string>() };
  for (const options of [{ olderThan: DAY }, { maxSize: 0 }, { locked }, { locked, olderThan: DAY, maxSize: 0 }]) {
    assert.deepEqual((await pruneStore(store, options)).dropped, []);
    assert.deepEqual(await listed(store), ["local docker.io/library/app:1 linux/arm64"]);
    assert.equal((await listImages(store)).images[0]!.complete, true);
  }
  await removeImages(store, ["app:1"]);
  assert.equal((await pruneStore(store, { maxSize: 0 })).kept.count, 0);
});
