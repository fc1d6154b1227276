import { findsAll, IMAGE, on, onImages, WEB_TAG } from "./mutation.ts";
import { edit, without } from "./sample-archive.ts";

findsAll("application", [
  [
    "another payload type",
    { info: on((i) => (i.payloads[0].type = "rpm")), typeInfo: (d) => ({ ...d, type: "rpm" }) },
    "header.tar.gz/header-info",
    /rpm instead of docker/,
  ],
  ["no auterion-app.yml", { payload: (p) => p.slice(1) }, "data/0000.tar.gz", /has no auterion-app.yml/],
  ["no image", { payload: (p) => without(p, IMAGE) }, "data/0000.tar.gz", /has 0 .image files/],
  [
    "two images",
    { payload: (p) => [...p, { ...p[1]!, path: "more.image" }] },
    "data/0000.tar.gz",
    /has 2 .image files/,
  ],
  ["no version file", { payload: (p) => without(p, "version") }, "data/0000.tar.gz", /has no version/],
  [
    "another version",
    { payload: (p) => edit(p, "version", { data: "1.0.1" }) },
    "data/0000/version",
    /"1.0.1", but app-version is "1.0.0"/,
  ],
  [
    "another version in the name",
    { info: on((i) => (i.artifact_provides.artifact_name = "com.example.gallery:2")) },
    "header.tar.gz/header-info",
    /artifact_name is com.example.gallery:2/,
  ],
  [
    "another version provided",
    { typeInfo: on((i) => (i.artifact_provides["docker-app.com.example.gallery.version"] = "2")) },
    "header.tar.gz/headers/0000/type-info",
    /provides version 2/,
  ],
  [
    "another application provided",
    { typeInfo: (d) => ({ ...d, artifact_provides: { "docker-app.com.example.x.version": "1.0.0" } }) },
    "header.tar.gz/headers/0000/type-info",
    /does not provide docker-app.com.example.gallery.version/,
  ],
  [
    "the old version not cleared",
    { typeInfo: (d) => ({ ...d, clears_artifact_provides: [] }) },
    "header.tar.gz/headers/0000/type-info",
    /does not clear/,
  ],
  [
    "another application in the meta-data",
    { metaData: on((m) => (m["auterion-app-yml"]["app-name"] = "other")) },
    "header.tar.gz/headers/0000/meta-data",
    /app-name is "other", but gallery/,
  ],
  [
    "an image of another name",
    { payload: (p) => edit(p, IMAGE, { path: "com.example.other.image" }) },
    "data/0000/com.example.other.image",
    /not named after the application/,
  ],
  ["a manifest that is no YAML", { app: () => "a: [" }, /auterion-app.yml/, /./],
  [
    "a manifest without author",
    { app: (s) => s.replace(/app-author.*\n/, "") },
    "data/0000/auterion-app.yml",
    /names no app-author/,
  ],
  [
    "a manifest without services",
    { app: (s) => s.replace(/^services:\n( .*\n)+/m, "") },
    "data/0000/auterion-app.yml",
    /names no services/,
  ],
  [
    "a service without image",
    { app: (s) => s.replace("  web:\n    build: ./web", "  web:\n    build: ./web\n  third:\n    build: ./third") },
    "service third",
    /no image is tagged com.example.gallery.third:1.0.0/,
  ],
  [
    "a service of another version",
    { app: (s) => s.replace("app-version: 1.0.0", "app-version: 1.0.1") },
    "service camera",
    /camera:1.0.1/,
  ],
  [
    "an unknown dependency",
    { app: (s) => s.replace("- camera", "- kamera") },
    /auterion-app.yml:\d+$/,
    /unknown service `kamera`.*camera/,
  ],
  [
    "services that wait for one another",
    {
      app: (s) =>
        s.replace(
          "    web:\n      depends_on:\n      - camera",
          "    web: {depends_on: [camera]}\n    camera: {depends_on: [web]}",
        ),
    },
    "data/0000/auterion-app.yml",
    /wait for one another/,
  ],
  [
    "an image for another machine",
    onImages((images) => (images[1].config.architecture = "amd64")),
    WEB_TAG,
    /linux\/amd64, but the devices run linux\/arm64/,
  ],
]);
