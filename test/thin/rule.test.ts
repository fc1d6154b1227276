import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Digest, digestOf } from "../../lib/digest.ts";
import { longestRun, placeLayers } from "../../lib/thin/rule.ts";

/** Layers by a letter each. */
function layers(text: string): Digest[] {
  return [...text].map((letter) => digestOf(letter));
}

/** The letters of the layers that stay in the artifact, in alphabetical order. */
function kept(images: readonly string[], ...states: readonly (readonly string[])[]): string {
  const placed = placeLayers(
    images.map(layers),
    states.map((one, i) => ({ name: `state ${i}`, images: one.map(layers) })),
  );
  const letters = [...new Set(images.join(""))].sort();
  assert.equal(placed.size, letters.length, "every layer has its place");
  return letters.filter((letter) => placed.get(digestOf(letter))?.out === false).join("");
}

describe("a layer is left out where the device has it on the same layers", () => {
  test("images on the base leave out the base", () => {
    assert.equal(kept(["abcX", "abcY"], ["abc"]), "XY");
  });
  test("an image on a part of the base leaves out that part", () => {
    assert.equal(kept(["abX"], ["abc"]), "X");
  });
  test("of several images on the device the one that goes farthest counts", () => {
    assert.equal(kept(["abcX"], ["aXYZ", "abc", "ab"]), "X");
  });
  test("an image that did not change leaves out all", () => {
    assert.equal(kept(["abX"], ["abX"]), "");
  });
  test("what is below a layer that changed is left out, what is above it is sent", () => {
    assert.equal(kept(["abNd"], ["abcd"]), "Nd");
  });
});

describe("where the rule of diffIDs alone goes wrong", () => {
  test("a layer of the base at another place, such as the empty one, is sent", () => {
    // The device looks for b on X: it has b on a only.
    assert.equal(kept(["aXb"], ["ab"]), "Xb");
  });
  test("an image on something else that has one layer of the base is sent whole", () => {
    assert.equal(kept(["Xb"], ["ab"]), "Xb");
  });
  test("and then the layer is sent although another image has it at its place", () => {
    assert.equal(kept(["abX", "Yb"], ["ab"]), "XYb");
  });
  test("a layer that is once in the base and once more above it is sent", () => {
    assert.equal(kept(["abXb"], ["ab"]), "Xb");
  });
  test("the same run of layers higher up does not count", () => {
    assert.equal(kept(["Xab"], ["ab"]), "Xab");
  });
  test("layers of two images of the device do not make one run", () => {
    assert.equal(kept(["abcd"], ["ab", "cd"]), "cd");
  });
});

describe("a device that may be in several states", () => {
  test("is sent what it lacks in any of them", () => {
    assert.equal(kept(["abcX"], ["abc"], ["abY"]), "Xc");
    assert.equal(kept(["abcX"], ["abc"], ["Y"]), "Xabc");
  });
  test("and each state counts with all its images", () => {
    assert.equal(kept(["abX", "cdY"], ["ab", "cd"], ["cd", "ab"]), "XY");
  });
  test("none at all is no state to plan for", () => {
    assert.throws(() => placeLayers([layers("a")], []), /nothing is known/);
  });
});

test("why a layer is sent, in which state and for which image", () => {
  const placed = placeLayers(["abX", "Yb"].map(layers), [{ name: "v2", images: [layers("ab")] }]);
  assert.deepEqual(placed.get(digestOf("a")), { out: true });
  assert.deepEqual(placed.get(digestOf("X")), { out: false, why: "new", state: "v2", image: 0 });
  assert.deepEqual(placed.get(digestOf("b")), { out: false, why: "chain", state: "v2", image: 1 });
});

test("the run of lowest layers that two images share", () => {
  const run = (image: string, ...others: string[]) => longestRun(layers(image), others.map(layers));
  assert.equal(run("abc"), 0);
  assert.equal(run("abc", "abc"), 3);
  assert.equal(run("abc", "abcd", "b"), 3);
  assert.equal(run("abc", "bc", "ac"), 1);
  assert.equal(run("", "a"), 0);
});
