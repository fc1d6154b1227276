import assert from "node:assert/strict";
import test from "node:test";
import { type BuildEvent, inStep, joinListeners, type Step } from "../lib/events.ts";
import { failure } from "./support/faults.ts";

const STEP: Step = { work: "write", name: "out", size: 3 };

test("a step has a beginning and an end, also when it fails, and needs no listener", async () => {
  const events: BuildEvent[] = [];
  const listener = joinListeners(undefined, (event) => events.push(event));
  const result = await inStep(listener, STEP, async (onBytes) => {
    onBytes(2);
    return "done";
  });
  assert.equal(result, "done");
  const fault = new Error("no");
  assert.equal(await failure(inStep(listener, STEP, () => Promise.reject(fault))), fault);
  assert.deepEqual(events, [
    { kind: "step-start", step: STEP },
    { kind: "step-bytes", step: STEP, size: 2 },
    { kind: "step-end", step: STEP },
    { kind: "step-start", step: STEP },
    { kind: "step-end", step: STEP },
  ]);
  assert.equal(await inStep(undefined, STEP, async (onBytes) => onBytes(1)), undefined);
});
