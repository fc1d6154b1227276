import assert from "node:assert/strict";
import test from "node:test";
import { renderReport } from "../../cli/ui/report.ts";
import type { BuildReport, ReportImage, ReportLayer } from "../../spec/report.ts";

function layer(origin: string, size: number, more: Partial<ReportLayer> = {}): ReportLayer {
  const digest = `sha256:${origin.padEnd(64, "0")}`;
  return { ...{ diffId: digest, digest, size, plainSize: size, origin }, shared: false, source: "packed", ...more };
}

function image(service: string, layers: ReportLayer[], addedSize: number): ReportImage {
  const sum = (shared: boolean) => layers.reduce((sum, one) => sum + (one.shared === shared ? one.size : 0), 0);
  return {
    ...{ service, tags: [`docker.io/library/app.${service}:1`], configDigest: "sha256:0", manifestDigest: "sha256:0" },
    ...{ layers, ownSize: sum(false), sharedSize: sum(true), addedSize },
  };
}

const BASE = layer("ba5e", 30e6, { shared: true, source: "pulled" });
const LIB = layer("11b", 2e6, { shared: true, source: "store" });

const REPORT: BuildReport = {
  version: 1,
  ...{ file: "build/app.auterionos", format: "auterionos", size: 40.1e6, platform: "linux/arm64" },
  app: { slug: "com.example.app", version: "1", deviceTypes: ["skynode"], launchOrder: [["camera"], ["web", "bus"]] },
  images: [
    image("camera", [BASE, LIB, layer("ca", 5e6), layer("cb", 1e3)], 5.001e6),
    image("web", [BASE, LIB, layer("3e", 3e6)], 3e6),
    image("bus", [layer("b05", 20e3, { source: "store" })], 20e3),
  ],
  localImages: [],
  ...{ layersSize: 40.021e6, apartSize: 72.021e6, payload: [], warnings: [] },
  shared: { count: 2, size: 32e6, addedSize: 32e6 },
  sources: [
    { source: "pulled", count: 1, size: 30e6 },
    { source: "store", count: 2, size: 2.02e6 },
    { source: "packed", count: 3, size: 8.001e6 },
  ],
  stages: [
    { name: "plan", start: 0, end: 40 },
    { name: "resolve and assemble", start: 40, end: 2140 },
    { name: "write", start: 2140, end: 2300 },
  ],
};

test("the report of a build: what each service has, what the file has for it, and how it was made", () => {
  assert.equal(
    renderReport(REPORT, { verbose: false }),
    `com.example.app 1 for skynode (linux/arm64)

service       own           shared           adds to file
camera          2   5.0 MB       2  32.0 MB        5.0 MB
web             1   3.0 MB       2  32.0 MB        3.0 MB
bus             1  20.0 kB                        20.0 kB
shared, once                     2  32.0 MB       32.0 MB
total                                             40.0 MB
3 services, 72.0 MB apart, 40.0 MB together

launch order: camera, then web and bus
layers: 1 pulled (30.0 MB), 2 from the store (2.0 MB), 3 packed (8.0 MB)
time: plan 0.0 s, resolve and assemble 2.1 s, write 0.2 s

build/app.auterionos  40.1 MB  in 2.30 s
`,
  );
});

test("with every layer when that is asked for", () => {
  const text = renderReport(REPORT, { verbose: true });
  assert.match(
    text,
    /^camera {2}docker\.io\/library\/app\.camera:1\n +30\.0 MB {2}shared {2}pulled {2}ba5e0{8} {2}ba5e$/m,
  );
  assert.match(text, /^ +20\.0 kB {2}own {2}store {2}b050{9} {2}b05$/m);
});

test("of a thin file: what is left out adds nothing to it", () => {
  const since = ["0.9"];
  const thin = { ...{ fullSize: 40.1e6, fullSha256: "f00", leftOutSize: 35e6 }, since };
  const images = REPORT.images.map((one, i) => (i === 0 ? { ...one, addedSize: 1e3 } : one));
  const shared = { ...REPORT.shared, addedSize: 2e6 };
  const text = renderReport({ ...REPORT, images, shared, thin }, { verbose: false });
  assert.match(text, /^camera +2 +5\.0 MB +2 +32\.0 MB +1\.0 kB$/m);
  assert.match(text, /^shared, once +2 +32\.0 MB +2\.0 MB$/m);
  assert.match(text, /^total +5\.0 MB$/m);
  assert.match(text, /^thin: without 35\.0 MB of layers; goes onto version 0\.9 only; in full 40\.1 MB, sha256 f00$/m);
});

test("of images without an application; what one shares with none is not told of", () => {
  const { app: _, ...rest } = REPORT;
  const { service: __, ...one } = image("", [layer("1a", 1e3)], 1e3);
  const alone = { shared: { count: 0, size: 0, addedSize: 0 }, layersSize: 1e3, apartSize: 1e3 };
  for (const [tag, name] of [
    ["docker.io/library/one:1", "one:1"],
    ["registry.example/team/two:2", "registry.example/team/two:2"],
  ] as const) {
    const text = renderReport(
      { ...rest, ...alone, format: "oci", images: [{ ...one, tags: [tag] }] },
      { verbose: false },
    );
    assert.ok(text.startsWith("oci (linux/arm64)\n\nimage "), text);
    assert.match(text, new RegExp(`^${name} +1 +1\\.0 kB +1\\.0 kB$`, "m"));
    assert.doesNotMatch(text, /together|once|launch/);
  }
});
