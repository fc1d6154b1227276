import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, editDistance, suggest } from "../lib/suggest.ts";

test("edit distance counts swaps of neighbours as one", () => {
  assert.equal(editDistance("", ""), 0);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("abc", "abc"), 0);
  assert.equal(editDistance("abc", "acb"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("ca", "abc"), 3);
});

test("the nearest candidate, if one is near", () => {
  const keys = ["services", "app-name", "app-author", "app-version", "build", "image"];
  assert.equal(suggest("servces", keys), "services");
  assert.equal(suggest("app_name", keys), "app-name");
  assert.equal(suggest("App-Name", keys), "app-name");
  assert.equal(suggest("biuld", keys), "build");
  assert.equal(suggest("imag", keys), "image");
  assert.equal(suggest("network_mode", keys), undefined);
  assert.equal(suggest("x", keys), undefined);
  assert.equal(suggest("abc", []), undefined);
});

test("long words and long lists are not compared", () => {
  const many = Array.from({ length: 200 }, (_, i) => `other-${i}`);
  assert.equal(suggest("servces", [...many, "services"]), undefined);
  assert.equal(suggest("servces", [...many.slice(1), "services"]), "services");
  assert.equal(suggest("x".repeat(65), ["x".repeat(65)]), undefined);
  assert.equal(suggest("xyz", ["x".repeat(1_000_000)]), undefined);
});

test("the end of a message", () => {
  assert.equal(didYouMean("servces", ["services"]), ": did you mean `services`?");
  assert.equal(didYouMean("other", ["services"]), "");
});
