import assert from "node:assert/strict";
import { test } from "node:test";
import { launchOrder } from "../../lib/app/launch-order.ts";

const order = (graph: Record<string, string[]>) =>
  launchOrder(Object.entries(graph).map(([name, dependsOn]) => ({ name, dependsOn })));

test("waves, each in the given order", () => {
  assert.deepEqual(order({}), { waves: [] });
  assert.deepEqual(order({ b: [], a: [] }), { waves: [["b", "a"]] });
  assert.deepEqual(order({ web: ["api", "db"], api: ["db"], db: [], log: [] }), {
    waves: [["db", "log"], ["api"], ["web"]],
  });
  assert.deepEqual(order({ d: ["b", "c"], c: ["a"], b: ["a"], a: [] }), { waves: [["a"], ["c", "b"], ["d"]] });
});

test("a dependency named twice counts once", () => {
  assert.deepEqual(order({ a: ["b", "b"], b: [] }), { waves: [["b"], ["a"]] });
});

test("cycles are named", () => {
  assert.deepEqual(order({ a: ["a"] }), { cycle: ["a", "a"] });
  assert.deepEqual(order({ a: ["b"], b: ["a"], c: [] }), { cycle: ["a", "b", "a"] });
  assert.deepEqual(order({ x: ["a"], a: ["b"], b: ["c"], c: ["a"] }), { cycle: ["a", "b", "c", "a"] });
});

test("a long chain costs neither stack nor quadratic time", () => {
  const count = 50_000;
  const chain = Array.from({ length: count }, (_, i) => ({ name: `s${i}`, dependsOn: i === 0 ? [] : [`s${i - 1}`] }));
  const found = launchOrder(chain);
  assert.ok("waves" in found && found.waves.length === count);
  const ring = launchOrder(chain.map((one, i) => (i === 0 ? { name: "s0", dependsOn: [`s${count - 1}`] } : one)));
  assert.ok("cycle" in ring && ring.cycle.length === count + 1);
});
