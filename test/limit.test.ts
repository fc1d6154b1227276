import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLimit, mapLimited } from "../lib/limit.ts";

/** Tasks that run until they are let go, and how many of them there were at once. */
function tracked() {
  const open = new Map<string, () => void>();
  const order: string[] = [];
  let running = 0;
  let most = 0;
  const task = (name: string) => () => {
    order.push(name);
    running += 1;
    most = Math.max(most, running);
    return new Promise<string>((resolve) => {
      open.set(name, () => {
        running -= 1;
        resolve(name);
      });
    });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    task,
    order,
    most: () => most,
    async finish(name: string) {
      open.get(name)!();
      await settle();
    },
    settle,
  };
}

test("at most so many run, in the order in which they came", async () => {
  const limit = createLimit(2);
  const { task, order, most, finish, settle } = tracked();
  const results = ["a", "b", "c", "d", "e"].map((name) => limit(task(name)));
  await settle();
  assert.deepEqual(order, ["a", "b"]);
  await finish("b");
  assert.deepEqual(order, ["a", "b", "c"]);
  await finish("a");
  await finish("c");
  await finish("d");
  await finish("e");
  assert.deepEqual(await Promise.all(results), ["a", "b", "c", "d", "e"]);
  assert.equal(most(), 2);
});

test("a newcomer does not slip in between the end of one and the waking of the next", async () => {
  const limit = createLimit(1);
  const { task, order, most, finish, settle } = tracked();
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = limit(() => gate);
  const second = limit(task("second"));
  // Called in the very moment in which the first task ends.
  const third = gate.then(() => limit(task("third")));
  release();
  await settle();
  assert.deepEqual(order, ["second"]);
  await finish("second");
  await finish("third");
  await Promise.all([first, second, third]);
  assert.equal(most(), 1);
});

test("a task that fails gives its place back, and its error to its caller alone", async () => {
  const limit = createLimit(1);
  const failed = limit(async () => {
    throw new Error("no");
  });
  const thrown = limit(() => {
    throw new Error("at once");
  });
  const fine = limit(async () => "yes");
  await assert.rejects(failed, /^Error: no$/);
  await assert.rejects(thrown, /^Error: at once$/);
  assert.equal(await fine, "yes");
});

test("mapLimited gives the results in order, and begins nothing after a failure", async () => {
  const begun: number[] = [];
  const task = async (item: number) => {
    begun.push(item);
    await sleep(item === 0 ? 20 : 1);
    if (item === 3) throw new Error("three");
    return item * 2;
  };
  assert.deepEqual(await mapLimited(2, [0, 1, 2], task), [0, 2, 4]);
  begun.length = 0;
  await assert.rejects(mapLimited(2, [1, 3, 2, 4, 5, 6], task), /three/);
  assert.ok(begun.length < 5, String(begun));
});
