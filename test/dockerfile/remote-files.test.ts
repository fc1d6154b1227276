import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { environmentOf, inheritConfig } from "../../lib/dockerfile/config.ts";
import { type KnownEnvironment, remoteFilesOf, type StageFiles } from "../../lib/dockerfile/remote-files.ts";
import { evaluate, parse, refused } from "../support/dockerfile.ts";

const SUM = `sha256:${"a".repeat(64)}`;
const BASE_ENV = ["V=7", `S=${SUM}`, "H=h"];
const add = (url: string, checksum = SUM) => `ADD --checksum=${checksum} ${url} /a`;

function filesOf(text: string, environment: KnownEnvironment, args?: Record<string, string>): string[] {
  const stages: StageFiles[] = [];
  for (const stage of parse(text, { args: new Map(Object.entries(args ?? {})) }).chain) {
    const parent = stages.at(-1);
    stages.push(remoteFilesOf(stage, parent?.environment ?? environment, parent));
  }
  return stages.flatMap(({ files }) =>
    files.map(({ checksum, url, base }) => `${checksum === SUM ? "sum" : checksum} ${url}${base ? ` ${base}` : ""}`),
  );
}

/** What evaluation, which a build goes by, finds on the same base. */
function evaluated(text: string, args?: Record<string, string>): string[] {
  const options = { args: new Map(Object.entries(args ?? {})), env: BASE_ENV };
  return evaluate(text, options).flatMap(({ steps }) =>
    steps.flatMap((step) =>
      step.kind === "add" && step.checksum !== undefined
        ? [`${step.checksum === SUM ? "sum" : step.checksum} ${step.sources[0]}`]
        : [],
    ),
  );
}

describe("what a stage fetches, before and after its base is known", () => {
  const cases: readonly (readonly [title: string, text: string, before: string, args?: Record<string, string>])[] = [
    ["no variable", add("http://h/a"), "sum http://h/a"],
    ["ARG with a default", `ARG X=1\n${add("http://h/$X")}`, "sum http://h/1"],
    ["a build argument", `ARG X=1\n${add("http://h/$X")}`, "sum http://h/2", { X: "2" }],
    ["an argument of the platform", `ARG TARGETARCH\n${add("http://h/$TARGETARCH")}`, "sum http://h/arm64"],
    ["the checksum, too", `ARG X=${SUM}\n${add("http://h/a", "$X")}`, "sum http://h/a"],
    ["ENV", `ENV X=1 Y=b\n${add("http://h/$X$Y")}`, "sum http://h/1b"],
    ["the base", add("http://h/$V"), "sum undefined base"],
    ["the base may set what nothing sets", add(`http://h/\${NONE:-1}`), "sum undefined base"],
    ["the base, for the checksum", add("http://h/a", "$S"), "undefined http://h/a base"],
    ["the base, for both", add("http://$H/a", `\${S}`), "undefined undefined base"],
    ["the base by way of ENV", `ENV X=$V\nENV Y=x$X\n${add("http://h/$Y")}`, "sum undefined base"],
    ["the base by way of ARG", `ARG X=$V\n${add("http://h/$X")}`, "sum undefined base"],
    ["ARG without a value may be of the base", `ARG V\n${add("http://h/$V")}`, "sum undefined base"],
    ["ENV over the base", `ENV V=1\n${add("http://h/$V")}`, "sum http://h/1"],
    ["unknown, then known", `ENV X=$V\nENV X=1\n${add("http://h/$X")}`, "sum http://h/1"],
    ["a name out of the base", `ENV X=1\nENV $H=2\n${add("http://h/$X")}`, "sum undefined base"],
    ["a word that the base decides on", add(`http://h/\${V:?none}`), "sum undefined base"],
    ["quotes", add("http://h/a", `"${SUM}"`), "sum http://h/a"],
    ["what is set below does not count", `${add("http://h/$V")}\nENV V=1`, "sum undefined base"],
    ["local sources are none", "ADD a b /c/", ""],
  ];
  for (const [title, text, before, args] of cases) {
    test(title, () => {
      const dockerfile = `FROM base\n${text}\n`;
      assert.deepEqual(filesOf(dockerfile, { values: new Map(), base: "base" }, args).join(), before);
      const values = environmentOf(inheritConfig({ Env: BASE_ENV }, "Dockerfile:1"));
      assert.deepEqual(filesOf(dockerfile, { values }, args), evaluated(dockerfile, args));
    });
  }

  test("stages hand on their ENV, and their ARG below it", () => {
    const text = `FROM base AS one\nARG X=1\nENV Y=$V\nENV X=2\nARG X=3\nFROM one\n${add("http://h/$X")}\n${add("http://h/$Y")}\n`;
    assert.deepEqual(filesOf(text, { values: new Map(), base: "base" }), ["sum http://h/2", "sum undefined base"]);
    const values = environmentOf(inheritConfig({ Env: BASE_ENV }, "Dockerfile:1"));
    assert.deepEqual(filesOf(text, { values }), evaluated(text));
  });
});

test("what a build refuses is not in the list, and a substitution that fails is told at its line", () => {
  const scratch = { values: new Map() };
  assert.deepEqual(filesOf(`FROM scratch\n${add("http://h/a", "sha256:$X")}\n`, scratch), []);
  assert.deepEqual(filesOf(`FROM scratch\n${add("$X")}\n`, scratch), []);
  refused(() => filesOf(`FROM scratch\n${add(`http://h/\${X:?absent}`)}\n`, scratch), {
    where: "Dockerfile:2",
    what: /absent/,
  });
});
