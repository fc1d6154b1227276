import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copiedImages } from "../../lib/dockerfile/graph.ts";
import { parse, refused } from "../support/dockerfile.ts";

const needed = (text: string, target?: string) =>
  parse(text, target === undefined ? {} : { target }).needed.map(({ index }) => index);

describe("the needed stages", () => {
  const cases: readonly (readonly [title: string, text: string, expected: readonly number[], target?: string])[] = [
    ["one", "FROM a", [0]],
    ["FROM", "FROM a AS x\nFROM b\nFROM x", [0, 2]],
    ["COPY --from a name", "FROM a AS x\nFROM b\nFROM c\nCOPY --from=X a b", [0, 2]],
    ["COPY --from a number", "FROM a AS x\nFROM b\nFROM c\nCOPY --from=1 a b", [1, 2]],
    ["COPY --from an image", "FROM a AS x\nFROM c\nCOPY --from=other a b", [1]],
    [
      "one after the other",
      "FROM a AS x\nFROM x AS y\nFROM b AS z\nCOPY --from=y a b\nFROM c\nCOPY --from=2 a b",
      [0, 1, 2, 3],
    ],
    ["in the order of the file", "FROM a AS x\nFROM b AS y\nFROM c\nCOPY --from=y a b\nCOPY --from=x a b", [0, 1, 2]],
    ["a target in the middle", "FROM a AS x\nFROM b AS y\nCOPY --from=x a b\nFROM c", [0, 1], "y"],
    ["a shared one, once", "FROM a AS x\nFROM x AS y\nFROM x\nCOPY --from=y a b\nCOPY --from=x a b", [0, 1, 2]],
    // As in BuildKit: FROM means the one before, COPY --from the last one of the name.
    ["two of a name", "FROM a AS x\nFROM b AS x\nFROM c\nCOPY --from=x a b", [1, 2]],
    ["ADD takes from no stage", "FROM a AS x\nFROM b\nADD x /y", [1]],
  ];
  for (const [title, text, expected, target] of cases) {
    it(title, () => assert.deepEqual(needed(text, target), expected));
  }

  it("end with the target", () => {
    const { needed, target, chain } = parse("FROM a AS x\nFROM b AS y\nFROM y\nCOPY --from=x a b\nFROM z", {
      target: "y",
    });
    assert.equal(needed.at(-1), target);
    assert.deepEqual(needed, chain);
  });

  it("are asked for nothing where they are not needed", () => {
    assert.deepEqual(needed("FROM a AS x\nCOPY --from=9 a b\nFROM b"), [1]);
    refused(() => parse("FROM a AS x\nCOPY --from=9 a b\nFROM x"), { where: "Dockerfile:2", what: /no such stage/ });
  });

  it("may be many", () => {
    const stages = Array.from(
      { length: 4_000 },
      (_, i) => `FROM a AS s${i}\n${i > 0 ? `COPY --from=s${i - 1} a b` : ""}`,
    );
    const start = process.cpuUsage();
    assert.equal(needed(stages.join("\n")).length, 4_000);
    assert.ok(process.cpuUsage(start).user < 5_000_000);
  });
});

describe("the images that a stage copies from", () => {
  it("are those that are no stages, with where they are named", () => {
    const { target } = parse(
      "FROM a AS x\nFROM b\nCOPY --from=x a b\nCOPY --from=redis:7 a b\nCOPY a b\nCOPY --from=0 a b\nCOPY --from=base a b",
    );
    assert.deepEqual(copiedImages(target), [
      { reference: "redis:7", where: "Dockerfile:4" },
      { reference: "base", where: "Dockerfile:7" },
    ]);
  });
});
