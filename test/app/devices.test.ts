import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveTargets } from "../../lib/app/devices.ts";

test("device types and platforms", () => {
  const table: [string, string, string][] = [
    ["skynode", "skynode", "linux/arm64"],
    ["skynode-s", "skynode-s", "linux/arm64"],
    ["skynode-n", "arkjetson", "linux/arm64"],
    ["ainode", "jetson", "linux/arm64"],
    ["ainode-onx", "jetsononx", "linux/arm64"],
    ["jetson", "jetson", "linux/arm64"],
    ["jetsononx", "jetsononx", "linux/arm64"],
    ["arkjetson", "arkjetson", "linux/arm64"],
    ["dacnode", "dacnode", "linux/arm64"],
    ["rb5", "rb5", "linux/arm64"],
    ["simulation", "simulation", "linux/amd64"],
  ];
  for (const [name, type, platform] of table) {
    assert.deepEqual(resolveTargets([name]), { deviceTypes: [type], platform }, name);
  }
});

test("several targets keep their order, each type once", () => {
  const targets = resolveTargets(["skynode-s", "ainode", "jetson", "skynode"]);
  assert.deepEqual(targets, { deviceTypes: ["skynode-s", "jetson", "skynode"], platform: "linux/arm64" });
});

test("unknown devices and several architectures are refused", () => {
  const unknown = resolveTargets(["skynod", "skynode", "toaster"]);
  assert.ok(Array.isArray(unknown));
  assert.deepEqual(
    unknown.map(({ index, message }) => [index, message]),
    [
      [0, "unknown device `skynod`: did you mean `skynode`?"],
      [2, "unknown device `toaster`"],
    ],
  );
  assert.match(unknown[1].hint, /^known devices: skynode, skynode-s, /);
  const mixed = resolveTargets(["skynode", "simulation"]);
  assert.ok(Array.isArray(mixed));
  assert.match(mixed[0].message, /several architectures: `simulation` is linux\/amd64/);
  assert.equal(mixed[0].index, 1);
});
