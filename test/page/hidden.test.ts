import assert from "node:assert/strict";
import test from "node:test";
import { pageData } from "../../lib/page/data.ts";
import { entry, type Files, layer, packageOf, paths, type SampleLayer } from "./package.ts";

/** What is hidden, as `LAYER:PATH replaced by LAYER`. */
function hidden(images: Readonly<Record<string, readonly SampleLayer[]>>): string[] {
  const data = pageData(packageOf(images));
  const files = paths(data);
  return data.hidden.flatMap(({ by, how, files: numbers }) =>
    numbers.map((number) => `${files[number]} ${how} by ${by}`),
  );
}

const LOWER = layer("lower", { "a/b/c": "one", "a/b/d": "two", "a/e": "three", f: "four" });

const CASES: readonly (readonly [what: string, upper: Files, hidden: readonly string[]])[] = [
  ["a file replaces the file of its path", { "a/e": "new" }, ["0:a/e replaced by 1"]],
  ["a link does, too", { f: ["symlink"] }, ["0:f replaced by 1"]],
  ["a directory leaves what is below it", { a: ["directory"], "a/b": ["directory"] }, []],
  ["a directory replaces a file", { f: ["directory"] }, ["0:f replaced by 1"]],
  ["a file replaces a directory", { "a/b": "new" }, ["0:a/b/c replaced by 1", "0:a/b/d replaced by 1"]],
  ["a whiteout removes a file", { f: ["whiteout"] }, ["0:f removed by 1"]],
  ["a whiteout removes a directory", { "a/b": ["whiteout"] }, ["0:a/b/c removed by 1", "0:a/b/d removed by 1"]],
  [
    "an opaque directory hides what it had",
    { a: ["opaque"] },
    ["0:a/b/c", "0:a/b/d", "0:a/e"].map((f) => `${f} removed by 1`),
  ],
  [
    "the root can be opaque",
    { "": ["opaque"] },
    ["0:a/b/c", "0:a/b/d", "0:a/e", "0:f"].map((f) => `${f} removed by 1`),
  ],
  ["what begins alike is something else", { "a/b/cc": "new", "a/bb": ["whiteout"], ff: "new" }, []],
];

for (const [what, upper, expected] of CASES) {
  test(`in layers below, ${what}`, () => {
    assert.deepEqual(hidden({ "one:1": [LOWER, layer("upper", upper)] }), expected);
  });
}

test("the layers between count, and nothing is hidden by those below", () => {
  const layers = [LOWER, layer("whiteout", { "a/b": ["whiteout"] }), layer("again", { "a/b/c": "three" })];
  assert.deepEqual(hidden({ "one:1": layers }), ["0:a/b/c replaced by 2", "0:a/b/d removed by 1"]);
  assert.deepEqual(hidden({ "one:1": [layer("first", { f: ["whiteout"] }), LOWER] }), []);
});

test("what one image still shows is not hidden, whatever others put over it", () => {
  const upper = layer("upper", { f: "new" });
  const other = layer("other", { f: ["whiteout"], "a/e": ["whiteout"] });
  assert.deepEqual(hidden({ "one:1": [LOWER, upper], "two:1": [LOWER] }), []);
  assert.deepEqual(hidden({ "one:1": [LOWER, upper], "two:1": [LOWER, other] }), ["0:f replaced by 1"]);
});

test("of several entries of a layer with one path the last counts; its whiteouts are about the layers below", () => {
  const twice = {
    name: "twice",
    entries: [entry("f", "one"), entry("f", "two"), entry("g", "x"), entry("g", ["whiteout"])],
  };
  assert.deepEqual(hidden({ "one:1": [twice] }), ["0:f replaced by 0"]);
});

test("a layer that an image has twice hides itself once", () => {
  assert.deepEqual(hidden({ "one:1": [LOWER, layer("upper", { f: "new" }), LOWER] }), ["1:f replaced by 0"]);
});
