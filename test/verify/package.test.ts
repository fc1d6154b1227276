import assert from "node:assert/strict";
import test from "node:test";
import type { TarEntry } from "../support/ustar.ts";
import { based, has, list, onImages, verifyPackage } from "./mutation.ts";
import { BASE, blob, CAMERA, without } from "./sample.ts";

test("a good package has no problem and nothing to warn of", async (t) => {
  for (const layout of ["hybrid", "hybrid-gzip", "flat", "crane"] as const) {
    const { problems, warnings, omitted, checked } = await verifyPackage(t, { layout });
    assert.deepEqual({ problems, warnings, omitted }, { problems: [], warnings: [], omitted: 0 }, layout);
    assert.deepEqual(checked, { checksums: 7, images: 2, layers: 3 }, layout);
  }
});

test("only the lowest layers of every image can be left to the device", async (t) => {
  const above = await verifyPackage(t, { app: based, archive: (a) => without(a, blob(CAMERA)) });
  has(above.problems, /camera:1.0.0, layer 2$/, /no layer that the device can find by its base/);
  const elsewhere = await verifyPackage(t, {
    app: based,
    ...onImages((images) => {
      images[1].layers.reverse();
      images[1].config.rootfs.diff_ids.reverse();
    }),
    archive: (a) => without(a, blob(BASE)),
  });
  has(elsewhere.problems, /camera:1.0.0, layer 1$/, /no layer that the device can find by its base/);
});

test("a file with problems everywhere is told in a hundred of them", async (t) => {
  const many: TarEntry[] = Array.from({ length: 300 }, (_, i) => ({ path: `file ${i}`, data: "" }));
  const { problems, omitted } = await verifyPackage(t, { payload: (p) => [...p, ...many] });
  assert.equal(problems.length, 100);
  assert.ok(omitted >= 200);
});

test("what the file says cannot take over the screen", async (t) => {
  const { problems } = await verifyPackage(t, { payload: (p) => [...p, { path: "\u001b[2Jx\n", data: "" }] });
  assert.ok(
    problems.some(({ where }) => where === "data/0000/\ufffd[2Jx\ufffd"),
    list(problems),
  );
});
