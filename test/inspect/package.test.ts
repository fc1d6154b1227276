import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { Value } from "@sinclair/typebox/value";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { Inspection } from "../../spec/inspection.ts";
import { tempDir } from "../support/cleanup.ts";
import { type PackageHooks, packageOf } from "../verify/sample.ts";
import { archiveOf, edit, sha256, TAGS, without } from "../verify/sample-archive.ts";

test("a package shows header, application, images and sizes", async (t) => {
  const inspection = await inspectPackage(t, {});
  const { kind, form, artifact, app, images, totals, faults } = inspection;
  assert.deepEqual([kind, form, faults], ["auterionos", "tar", []]);
  const { members, payload, metaData, ...header } = artifact!;
  assert.deepEqual(header, {
    name: "com.example.gallery:1.0.0",
    deviceTypes: ["skynode"],
    payloadType: "docker",
    provides: { "docker-app.com.example.gallery.version": "1.0.0" },
    depends: {},
    clears: ["docker-app.com.example.gallery.*"],
    signed: false,
    build: { time: "1970-01-01T00:00:00", platform: "any", toolVersion: "0.1.0" },
  });
  assert.deepEqual(
    members.map(({ name }) => name),
    ["version", "manifest", "header.tar.gz", "data/0000.tar.gz"],
  );
  assert.deepEqual(
    payload.map(({ name }) => name),
    ["auterion-app.yml", "com.example.gallery.image", "version", "settings.default.env", "settings.user.env"],
  );
  assert.deepEqual(payload[2], { name: "version", size: 5, sha256: sha256(Buffer.from("1.0.0")) });
  assert.deepEqual(Object.keys((metaData as never)["auterion-metadata"]), [
    "build-time",
    "build-platform",
    "cli-version",
    "auterion-app-yml",
  ]);
  assert.deepEqual(app, {
    slug: "com.example.gallery",
    author: "com.example",
    name: "gallery",
    version: "1.0.0",
    apiVersion: 3,
    appBase: "none",
    targets: ["skynode"],
    services: [
      { name: "camera", imageName: TAGS[0], image: 0, dependsOn: [] },
      { name: "web", imageName: TAGS[1], image: 1, dependsOn: ["camera"] },
    ],
    launchOrder: [["camera"], ["web"]],
  });
  assert.equal(images.length, 2);
  assert.equal(totals.archive, archiveOf().length);
});

test("packages of older tools: flat meta-data, API version 0, names without the application's", async (t) => {
  const { artifact, app, faults } = await inspectPackage(t, {
    metaData: (inner) => inner,
    app: () =>
      [
        "auterion-api-version: 0",
        "app-name: gallery",
        "app-author: com.example.gallery", // images are named <author>.<service>
        "app-version: 1.0.0",
        "target-platform: skynode",
        "compose:",
        "  version: '3.7'",
        "  services:",
        "    camera: {depends_on: [web]}",
        "    web:",
        "      image: com.example.gallery.web:1.0.0",
      ].join("\n"),
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(artifact!.build, { time: "1970-01-01T00:00:00", platform: "any", toolVersion: "0.1.0" });
  assert.deepEqual(app!.services, [
    { name: "camera", imageName: TAGS[0], image: 0, dependsOn: ["web"] },
    { name: "web", imageName: TAGS[1], image: 1, dependsOn: [] },
  ]);
  assert.deepEqual([app!.targets, app!.launchOrder], [["skynode"], [["web"], ["camera"]]]);
});

test("a package with nothing but app.yml names its services", async (t) => {
  const app = `version: '3.7'\nservices:\n  web:\n    image: ${TAGS[1]}\n`;
  const inspection = await inspectPackage(t, {
    payload: (files) => [...without(files, "auterion-app.yml"), { path: "app.yml", data: app }],
  });
  assert.deepEqual(inspection.app!.services, [{ name: "web", imageName: TAGS[1], image: 1, dependsOn: [] }]);
});

test("a Mender artifact without application is one of another kind", async (t) => {
  const { kind, artifact, app, images } = await inspectPackage(t, {
    typeInfo: () => ({ type: "single-file" }),
    payload: () => [{ path: "filename", data: "/etc/motd" }],
  });
  assert.deepEqual([kind, app, images], ["mender", undefined, []]);
  assert.deepEqual([artifact!.payloadType, artifact!.payload.length], ["single-file", 1]);
});

test("an image that is missing or has another tag leaves the service without one", async (t) => {
  const { app, faults } = await inspectPackage(t, {
    images: (images) => {
      images[0]!.tags = ["com.example.gallery.camera:0.9.0"];
      return images;
    },
  });
  assert.deepEqual(app!.services[0], { name: "camera", imageName: TAGS[0], dependsOn: [] });
  assert.deepEqual(faults, []);
});

test("what is in front of the damage is shown", async (t) => {
  const { artifact, app, images, faults } = await inspectPackage(t, {
    file: (bytes) => bytes.subarray(0, bytes.length - 1500),
  });
  assert.equal(artifact!.name, "com.example.gallery:1.0.0");
  assert.equal(app!.slug, "com.example.gallery");
  assert.deepEqual(
    images.map(({ tags }) => tags[0]),
    TAGS,
  );
  assert.match(faults[0]!.where, /^artifact$/);
  assert.match(faults[0]!.message, /ends in the middle/);
});

test("an artifact whose data is not packed, and an archive that is not, are read", async (t) => {
  const { images, faults } = await inspectPackage(t, {
    image: (bytes) => gunzipSync(bytes),
    members: (m) => edit(m, "data/0000.tar.gz", { path: "data/0000.tar", data: gunzipSync(Buffer.from(m[3]!.data!)) }),
  });
  assert.deepEqual([images.length, faults], [2, []]);
});

test("keys with a meaning to JavaScript are only keys", async (t) => {
  const inspection = await inspectPackage(t, {
    header: (files) =>
      edit(files, "headers/0000/meta-data", {
        data: '{"__proto__":{"x":1},"constructor":"c","auterion-metadata":"{}"}',
      }),
    app: (text) => text.replace(/^ {2}web:/gm, "  __proto__:"),
  });
  assert.equal(
    JSON.stringify(inspection.artifact!.metaData),
    '{"__proto__":{"x":1},"constructor":"c","auterion-metadata":{}}',
  );
  assert.deepEqual(
    inspection.app!.services.map(({ name }) => name),
    ["camera", "__proto__"],
  );
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

async function inspectPackage(t: TestContext, hooks: PackageHooks): Promise<Inspection> {
  const file = join(tempDir(t), "package.auterionos");
  writeFileSync(file, packageOf(hooks));
  const inspection = await inspectFile(file);
  assert.deepEqual([...Value.Errors(Inspection, inspection)], []);
  return inspection;
}
