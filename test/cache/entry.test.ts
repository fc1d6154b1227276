import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheTag, composeEntry, readEntry } from "../../lib/cache/entry.ts";
import { digestOf } from "../../lib/digest.ts";
import { parseReference } from "../../lib/reference.ts";
import { CACHE_ANNOTATION } from "../../spec/layer-cache.ts";
import { throwsWith } from "../support/faults.ts";

const DIFF_ID = digestOf("plain");
const ENTRY = { blob: { digest: digestOf("packed"), size: 1018 }, blockSizes: [600, 400] };
const WANTED = { diffId: DIFF_ID, plainSize: 5000 };

function changed(change: (manifest: ReturnType<typeof parse>) => unknown): Buffer {
  const manifest = parse(composeEntry(DIFF_ID, ENTRY));
  change(manifest);
  return Buffer.from(JSON.stringify(manifest));
}

function parse(bytes: Uint8Array): {
  artifactType: string;
  layers: { mediaType: string; size: number; digest: string }[];
  annotations: Record<string, string>;
} {
  return JSON.parse(Buffer.from(bytes).toString());
}

test("an entry is read as it was written, and its tag is one", () => {
  assert.deepEqual(readEntry(composeEntry(DIFF_ID, ENTRY), WANTED, "here"), ENTRY);
  assert.equal(parseReference(`r.example.com/c:${cacheTag(DIFF_ID)}`).tag, cacheTag(DIFF_ID));
});

test("an entry that cannot be of the layer is refused before anything is fetched", () => {
  const { diffId, packing, blocks } = CACHE_ANNOTATION;
  const noted = (key: string, value: string) =>
    changed(({ annotations }) => Object.assign(annotations, { [key]: value }));
  const layered = (change: object) => changed(({ layers: [layer] }) => Object.assign(layer!, change));
  const wrong: readonly (readonly [RegExp, Uint8Array])[] = [
    [/it is of sha256:/, noted(diffId, digestOf("other"))],
    [/another rule/, noted(packing, "gzip-1")],
    [/its blocks have 1017 bytes/, noted(blocks, "599,400")],
    [/annotations/, noted(blocks, "-600,1600")],
    [/annotations/, noted(blocks, "1e3")],
    [/annotations/, changed(({ annotations }) => delete annotations[blocks])],
    [/artifactType/, changed((manifest) => Object.assign(manifest, { artifactType: "application/x" }))],
    [/layers/, changed(({ layers }) => layers.push(...layers))],
    [/of type image\/png/, layered({ mediaType: "image/png" })],
    [/digest/, layered({ digest: "sha256:../../x" })],
    [/has 10018 bytes, and 5000/, layered({ size: 10_018 })],
    [/malformed/, Buffer.from("<html>")],
  ];
  for (const [pattern, bytes] of wrong) throwsWith(() => readEntry(bytes, WANTED, "here"), "integrity", pattern);
});
