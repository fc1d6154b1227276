import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { argvOf, commandOfRun } from "../../lib/dockerfile/argv.ts";
import { createdBy } from "../../lib/dockerfile/history.ts";
import type { Command, RunInstruction, RunStep } from "../../lib/dockerfile/types.ts";
import { parse } from "../support/dockerfile.ts";

/** The RUN of a stage that is not built, since one that is would be refused. */
function commandOf(text: string) {
  const [instruction] = parse(`FROM a AS tools\n${text}\nFROM b`).stages[0]!.instructions;
  assert.equal(instruction?.kind, "run");
  return commandOfRun(instruction as RunInstruction);
}

describe("what a RUN gives to its shell", () => {
  const shell = (command: string): Command => ({ form: "shell", command });
  const cases: readonly (readonly [text: string, expected: Command])[] = [
    ["RUN a  'b' $c", shell("a  'b' $c")],
    ["RUN --network=none a", shell("a")],
    ["RUN a \\\n  b", shell("a   b")],
    ['RUN ["a", "b c"]', { form: "exec", argv: ["a", "b c"] }],
    ["RUN <<EOF\na\n$b\nEOF", shell("a\n$b\n")],
    ["RUN <<-'EOF'\n\ta\n\tb\n\tEOF", shell("a\nb\n")],
    ["RUN <<EOF\n#!/bin/python3\na\nEOF", shell("/dev/pipes/EOF")],
    ["RUN cat <<A > x && cat <<B\n1\nA\n2\nB", shell("cat <<A > x && cat <<B\n1\nA\n2\nB")],
  ];
  for (const [text, expected] of cases) it(JSON.stringify(text), () => assert.deepEqual(commandOf(text), expected));

  it("goes to the shell of the config", () => {
    const command = { form: "shell", command: "a b" } as const;
    assert.deepEqual(argvOf(command, {}), ["/bin/sh", "-c", "a b"]);
    assert.deepEqual(argvOf(command, { Shell: [] }), ["/bin/sh", "-c", "a b"]);
    assert.deepEqual(argvOf(command, { Shell: ["bash", "-ec"] }), ["bash", "-ec", "a b"]);
    assert.deepEqual(argvOf({ form: "exec", argv: ["a"] }, { Shell: ["bash", "-ec"] }), ["a"]);
  });

  it("stands in the history, behind the declared arguments", () => {
    const step: RunStep = {
      ...{ where: "Dockerfile:2", text: "RUN x", kind: "run", commands: [], unset: [], configShell: true },
      command: { form: "shell", command: "mkdir -p /x" },
      declared: [],
      unset: [],
      configShell: true,
    };
    assert.equal(createdBy(step, {}), "RUN /bin/sh -c mkdir -p /x");
    assert.equal(createdBy({ ...step, command: { form: "exec", argv: ["a", "b c"] } }, {}), "RUN a b c");
    const declared = [["A", "1 2"] as const, ["B", ""] as const];
    assert.equal(createdBy({ ...step, declared }, {}), "RUN |2 A=1 2 B= /bin/sh -c mkdir -p /x");
  });
});
