import assert from "node:assert/strict";
import test from "node:test";
import { compareLayers } from "../../lib/diff/layers.ts";
import { digestOf } from "../../lib/digest.ts";
import type { InspectedLayer } from "../../spec/inspection.ts";

/** Layers by a letter each, that of the plain size too. */
function layers(text: string, rest: Partial<InspectedLayer> = {}): InspectedLayer[] {
  return [...text].map((letter) => ({
    ...{ diffId: digestOf(letter), size: letter.charCodeAt(0), shared: false, sharedWith: [] },
    ...rest,
  }));
}

/** `k11` a layer that is first in both, `n2` and `g2` those that are second in one. */
function changes(from: string, to: string): string {
  return compareLayers(layers(from), layers(to))
    .list.map(({ change, from = "", to = "" }) => `${change[0]}${from}${to}`)
    .join(" ");
}

test("layers are kept in their order, wherever others come or go", () => {
  assert.equal(changes("abc", "abc"), "k11 k22 k33");
  assert.equal(changes("abc", "abd"), "k11 k22 g3 n3");
  assert.equal(changes("abc", "xabc"), "n1 k12 k23 k34");
  assert.equal(changes("abcd", "abd"), "k11 k22 g3 k43");
  assert.equal(changes("", "ab"), "n1 n2");
  assert.equal(changes("ab", ""), "g1 g2");
  assert.equal(changes("ab", "ba"), "g1 k21 n2");
  assert.equal(changes("aab", "aba"), "k11 g2 k32 n3");
});

test("sums are those of what the files hold; of a layer that one leaves out the other knows its size", () => {
  const found = compareLayers(layers("ab"), layers("ac"));
  assert.deepEqual(
    [found.kept, found.new, found.gone],
    [
      { count: 1, size: 97 },
      { count: 1, size: 99 },
      { count: 1, size: 98 },
    ],
  );
  assert.equal(compareLayers(layers("a"), layers("a", { packedSize: 5 })).kept.size, 5);
  const { size: _, ...thin } = layers("a", { missing: true })[0]!;
  assert.equal(compareLayers(layers("a"), [thin]).kept.size, 97);
});

test("layers without a diffID are no pair", () => {
  const { diffId: _, ...nameless } = layers("a")[0]!;
  const found = compareLayers([nameless], [nameless]);
  assert.deepEqual([found.kept.count, found.new.count, found.gone.count], [0, 1, 1]);
});
