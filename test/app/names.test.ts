import assert from "node:assert/strict";
import { test } from "node:test";
import { archiveImageName, builtImageName, outputName, payloadNameFault } from "../../lib/app/names.ts";

test("names of the package", () => {
  const app = { slug: "com.example.app", version: "1.0.0", deviceTypes: ["skynode"] };
  assert.equal(outputName(app), "com.example.app-1.0.0.auterionos");
  assert.equal(outputName(app, { unversioned: true }), "com.example.app.auterionos");
  const simulation = { ...app, deviceTypes: ["simulation"] };
  assert.equal(outputName(simulation), "com.example.app-1.0.0-simulation.auterionos");
  assert.equal(outputName(simulation, { unversioned: true }), "com.example.app-simulation.auterionos");
});

test("names of images", () => {
  assert.equal(builtImageName({ slug: "com.example.app", version: "1.0" }, "web"), "com.example.app.web:1.0");
  const names: [string, string, string][] = [
    ["busybox", "busybox:latest", "busybox:latest"],
    ["arm64v8/busybox:1.36", "arm64v8/busybox:1.36", "arm64v8/busybox:1.36"],
    ["docker.io/library/busybox:1", "docker.io/library/busybox:1", "busybox:1"],
    ["localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000/a/b:latest"],
  ];
  for (const [text, name, key] of names) assert.deepEqual(archiveImageName(text), { name, key });
  const digest = archiveImageName(`busybox:1@sha256:${"0".repeat(64)}`);
  assert.match("fault" in digest ? digest.fault : "", /has a digest/);
  for (const text of ["Upper:1", "a:b c", "", "a//b", "com.example.-app.web:1"]) {
    const found = archiveImageName(text);
    assert.match("fault" in found ? found.fault : "", /is no legal name of an image/, text);
  }
});

test("names of payload files", () => {
  assert.equal(payloadNameFault("com.example.app_1-x.image"), undefined);
  assert.equal(payloadNameFault("x".repeat(90)), undefined);
  assert.match(payloadNameFault("x".repeat(91)) ?? "", /at most 90/);
  for (const name of ["a b", "a/b", "é", ""]) assert.match(payloadNameFault(name) ?? "", /is named with/, name);
});
