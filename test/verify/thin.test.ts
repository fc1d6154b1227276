import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Verification, verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { has, list, on, onImages } from "./mutation.ts";
import { type PackageHooks, packageOf } from "./sample.ts";
import { BASE, blob, CAMERA, type Doc, GALLERY, sha256, without } from "./sample-archive.ts";

const KEY = "docker-app.com.example.gallery.version";
const FROM = "version 0.9";

/** What the sample says of itself when its base is left out. */
function record(): Doc {
  const layer = (bytes: Buffer) => ({ diffId: `sha256:${sha256(bytes)}`, digest: `sha256:${sha256(bytes)}`, size: 10 });
  return {
    version: 1,
    full: { size: 1000, sha256: "0".repeat(64) },
    since: ["0.9"],
    layers: [{ ...layer(BASE), from: FROM }, layer(CAMERA), layer(GALLERY)],
  };
}

/** The sample without its base, on record as thin. */
function thin(edits: (record: Doc) => void = () => {}): PackageHooks {
  return {
    archive: (entries) => without(entries, blob(BASE)),
    typeInfo: on((info) => (info.artifact_depends = { [KEY]: "0.9" })),
    metaData: (doc) => ({
      "auterion-metadata": JSON.stringify(doc),
      "aircrate-thin": JSON.stringify(on(edits)(record())),
    }),
  };
}

async function verify(t: TestContext, hooks: PackageHooks, ...others: PackageHooks[]): Promise<Verification> {
  const dir = tempDir(t);
  const write = (one: PackageHooks, name: string) => {
    writeFileSync(join(dir, name), packageOf(one));
    return join(dir, name);
  };
  return verifyFile(write(hooks, "thin"), { with: others.map((one, i) => write(one, `with-${i}`)) });
}

test("a thin package is right, and says that it is thin", async (t) => {
  const { problems, warnings, inspection } = await verify(t, thin());
  assert.equal(list(problems), "");
  assert.equal(warnings.length, 1, list(warnings));
  has(
    warnings,
    "artifact",
    /is thin: a layer is not in it, 10 bytes packed, which the device must have by version 0\.9/,
  );
  assert.deepEqual(inspection.artifact?.thin?.leftOut, [record().layers[0]]);
  assert.equal(inspection.images[1]?.layers[0]?.from, FROM);
  assert.deepEqual(inspection.faults, []);
});

test("what is left out is proved by a file that has it on the same layers, and by no other", async (t) => {
  const { problems, warnings } = await verify(t, thin(), earlier());
  assert.deepEqual({ problems, warnings }, { problems: [], warnings: [] });
  const turned = onImages((images) => {
    for (const image of images) {
      image.layers.reverse();
      image.config.rootfs.diff_ids.reverse();
    }
  });
  const moved = await verify(t, thin(), turned);
  has(moved.problems, /camera:1\.0\.0, layer 1$/, /no file given by --with has it on the same layers/);
  const both = await verify(t, thin(), turned, earlier());
  assert.deepEqual(both.problems, []);
  const alsoThin = await verify(t, thin(), thin());
  has(alsoThin.warnings, /layer 1$/, /is not proved: .*with-0 leaves it out, too/);
});

/** The version below, with the layers of the sample. */
function earlier(): PackageHooks {
  return {
    typeInfo: on((info) => (info.artifact_provides[KEY] = "0.9")),
    app: (text) => text.replace("app-version: 1.0.0", "app-version: '0.9'"),
    payload: (files) => files.map((file) => (file.path === "version" ? { ...file, data: "0.9" } : file)),
    info: on((info) => (info.artifact_provides.artifact_name = "com.example.gallery:0.9")),
    images: on((images: Doc) => {
      for (const image of images) image.tags = image.tags.map((tag: string) => tag.replace(":1.0.0", ":0.9"));
    }),
    metaData: on((doc) => (doc["auterion-app-yml"]["app-version"] = "0.9")),
  };
}

test("a file that is itself wrong proves nothing", async (t) => {
  const damaged: PackageHooks = { archive: (entries) => without(entries, blob(CAMERA)) };
  await rejectsWith(verify(t, thin(), damaged), "integrity", /a file given by --with is not right/);
});

test("a record that does not fit the file is found", async (t) => {
  const found = async (where: string | RegExp, message: RegExp, hooks: PackageHooks) =>
    has((await verify(t, hooks)).problems, where, message);
  const meta = /meta-data\/aircrate-thin$/;
  await found(meta, /says that .* is left out, but it is in the archive/, { ...thin(), archive: (entries) => entries });
  await found(
    meta,
    /does not name the layer/,
    thin((doc) => doc.layers.pop()),
  );
  await found(
    meta,
    /which no image has/,
    thin((doc) => doc.layers.push({ ...doc.layers[1], diffId: `sha256:${"1".repeat(64)}` })),
  );
  await found(
    /layer 1$/,
    /is not in the archive/,
    thin((doc) => delete doc.layers[0].from),
  );
  await found(
    meta,
    /version/,
    thin((doc) => (doc.version = 2)),
  );
  await found(
    /type-info$/,
    /depends on 0\.9, but the artifact goes onto version 0\.8 or 0\.9/,
    thin((doc) => (doc.since = ["0.8", "0.9"])),
  );
  await found(/type-info$/, /depends on none, but the artifact goes onto version 0\.9/, {
    ...thin(),
    typeInfo: (info) => info,
  });
});

test("a file of another version than the ones it goes onto is named", async (t) => {
  const { warnings } = await verify(t, thin(), {});
  has(warnings, "artifact", /goes onto version 0\.9, and .* is version 1\.0\.0/);
});
