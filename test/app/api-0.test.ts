import assert from "node:assert/strict";
import { test } from "node:test";
import { readAppManifest } from "../../lib/app/manifest.ts";
import { payloadFiles } from "../../lib/app/payload.ts";
import { HEAD, project } from "./project.ts";

const MANIFEST = `${HEAD.replace("version: 3", "version: 0").replace("auterion-app-base: none\n", "")}compose:
  version: '3.7'
  services:
    web:
      build: {context: a, dockerfile: Dockerfile.web}
      depends_on: [db]
      cpus: 1.0
    db:
      image: busybox:1
    own:
      build: b
      image: my-own
`;

test("services of API version 0 stand below `compose`, and packages carry it", async (t) => {
  const dir = project(t, { "auterion-app.yml": MANIFEST });
  const manifest = await readAppManifest(dir);
  assert.deepEqual(manifest.warnings, []);
  assert.equal(manifest.appBase, "none");
  assert.deepEqual(
    manifest.services.map(({ name, source, imageName }) => [name, source.kind, imageName]),
    [
      ["web", "build", "com.example.app.web:1.0.0"],
      ["db", "image", "busybox:1"],
      ["own", "build", "my-own:latest"],
    ],
  );
  assert.deepEqual(manifest.launchOrder, [["db", "own"], ["web"]]);
  const files = await payloadFiles(manifest, { epoch: 0 });
  assert.deepEqual(
    files.map(({ name }) => name),
    [
      ...["auterion-app.yml", "com.example.app.image", "version", "settings.default.env", "settings.user.env"],
      "app.yml",
    ],
  );
  const text = (at: number) => Buffer.from((files.at(at) as { bytes: Uint8Array }).bytes).toString();
  assert.match(text(0), /\ncompose:\n {2}services:\n/);
  assert.match(text(0), /\ntarget-platform:\n- skynode\n$/);
  const compose = text(-1);
  assert.match(compose, /^services:\n/);
  assert.match(compose, /\n {4}cpus: 1\.0\n/);
  assert.match(compose, /\n {4}image: com\.example\.app\.web:1\.0\.0\n/);
  assert.match(compose, /\nversion: '3\.7'\n$/);
  assert.doesNotMatch(compose, /build/);
});
