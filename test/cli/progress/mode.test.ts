import assert from "node:assert/strict";
import test from "node:test";
import { progressMode } from "../../../cli/progress.ts";

test("how progress is shown", () => {
  const mode = (progress: "auto" | "plain" | "none", env: NodeJS.ProcessEnv = {}, isTerminal = true) =>
    progressMode({ progress, quiet: false }, env, isTerminal);
  assert.equal(mode("auto"), "terminal");
  assert.equal(mode("auto", {}, false), "plain");
  for (const env of [{ CI: "true" }, { CI: "1" }, { TERM: "dumb" }]) assert.equal(mode("auto", env), "plain");
  for (const env of [{ CI: "" }, { CI: "false" }, { CI: "0" }, { TERM: "xterm" }]) {
    assert.equal(mode("auto", env), "terminal");
  }
  assert.equal(mode("plain"), "plain");
  for (const isTerminal of [true, false]) {
    assert.equal(mode("none", {}, isTerminal), "none");
    assert.equal(progressMode({ progress: "plain", quiet: true }, {}, isTerminal), "none");
  }
});
