import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "@sinclair/typebox";
import { AircrateError } from "../../lib/error.ts";
import { decodeYaml } from "../../lib/yaml/decode.ts";
import { parseYaml } from "../../lib/yaml/read.ts";
import { closed, dict } from "../../spec/keywords.ts";

const Schema = closed({
  name: Type.String({ pattern: "^[a-z]+$", form: "lower-case letters" }),
  version: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer({ minimum: 1 })),
  flag: Type.Optional(Type.Boolean()),
  color: Type.Optional(Type.Union([Type.Literal("red"), Type.Literal("green")], { form: "red or green" })),
  targets: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], { form: "a name or a list" }),
  ),
  image: Type.Optional(
    Type.Union(
      [
        closed({ context: Type.String(), dockerfile: Type.Optional(Type.String()) }),
        closed({ from: Type.String(), layers: Type.Array(Type.String()) }),
      ],
      { form: "one of two mappings" },
    ),
  ),
  services: Type.Optional(dict(closed({ build: Type.String() }), { keys: "^[a-z.]+$", keyForm: "lower-case letters" })),
  labels: Type.Optional(dict(Type.String(), { keys: "^[0-9]+$", integerKeys: true })),
});

test("a document of the right form comes back as it is", () => {
  const document = parseYaml("name: x\nsize: 1\ntargets: [a]\nlabels: {1: x}\n", "f.yml");
  assert.equal(decodeYaml(Schema, document), document.value);
});

const CASES: readonly { text: string; line: number; message: string; hint?: string }[] = [
  { text: "version: x", line: 1, message: "missing key `name`" },
  { text: "", line: 1, message: "the file: expected a mapping, found nothing" },
  { text: "- a", line: 1, message: "the file: expected a mapping, found a list" },
  { text: "name: x\nservces: {}", line: 2, message: "unknown key `servces`: did you mean `services`?" },
  {
    text: "name: x\nother: 1",
    line: 2,
    message: "unknown key `other` (known: name, version, size, flag, color, targets, image, services, labels)",
  },
  { text: "name: X", line: 1, message: '`name`: expected lower-case letters, found "X"' },
  {
    text: "name: 1.0",
    line: 1,
    message: "`name`: expected a text, found the number 1.0",
    hint: 'put it in quotes: name: "1.0"',
  },
  {
    text: "name: x\nversion: 1.0",
    line: 2,
    message: "`version`: expected a text, found the number 1.0",
    hint: 'put it in quotes: version: "1.0"',
  },
  {
    text: "name: x\nversion: yes",
    line: 2,
    message: "`version`: expected a text, found yes, which means true",
    hint: 'put it in quotes: version: "yes"',
  },
  { text: "name: x\nversion:", line: 2, message: "`version`: expected a text, found nothing" },
  { text: "name: x\nsize: 1.5", line: 2, message: "`size`: expected a whole number, found the number 1.5" },
  { text: "name: x\nflag: maybe", line: 2, message: '`flag`: expected true or false, found "maybe"' },
  {
    text: "name: x\ncolor: gren",
    line: 2,
    message: '`color`: expected red or green, found "gren": did you mean `green`?',
  },
  { text: "name: x\ntargets: {a: 1}", line: 2, message: "`targets`: expected a name or a list, found a mapping" },
  { text: "name: x\ntargets:\n- a\n- 5", line: 4, message: "`targets.1`: expected a text, found the number 5" },
  { text: "name: x\ntargets: []", line: 2, message: "`targets`: is empty" },
  { text: "name: x\nimage: text", line: 2, message: '`image`: expected one of two mappings, found "text"' },
  { text: "name: x\nimage: {}", line: 2, message: "missing key `context` in `image`" },
  { text: "name: x\nimage:\n  from: a\n  layers: b", line: 4, message: '`image.layers`: expected a list, found "b"' },
  {
    text: "name: x\nimage:\n  context: a\n  dockerfle: b",
    line: 4,
    message: "unknown key `dockerfle`: did you mean `dockerfile`?",
  },
  {
    text: "name: x\nservices:\n  a.b:\n    build: [c]",
    line: 4,
    message: "`services.a.b.build`: expected a text, found a list",
  },
  { text: "name: x\nservices:\n  a: {}", line: 3, message: "missing key `build` in `services.a`" },
  {
    text: "name: x\nservices:\n  A/b: {build: x}",
    line: 3,
    message: "`A/b` is not a legal name in `services`: expected lower-case letters",
  },
  { text: "name: x\n1: y", line: 2, message: "the key `1` is read as a number", hint: 'put it in quotes: "1":' },
];

for (const { text, line, message, hint } of CASES) {
  test(`located: ${message}`, () => {
    const problems = failure(text);
    assert.equal(problems.message, `f.yml:${line}: ${message}`);
    assert.equal(problems.where, `f.yml:${line}`);
    if (hint !== undefined) assert.ok(problems.hint.includes(hint), problems.hint.join("\n"));
  });
}

test("all problems are told, one a line, in the order of the file", () => {
  const error = failure("services:\n  A: {build: x}\n  B: {build: x}\n  c: {biuld: 1}\nflag: 2\n");
  assert.deepEqual(
    [error.message, ...error.reason],
    [
      "f.yml:1: missing key `name`",
      "f.yml:2: `A` is not a legal name in `services`: expected lower-case letters",
      "f.yml:3: `B` is not a legal name in `services`: expected lower-case letters",
      "f.yml:4: missing key `build` in `services.c`",
      "f.yml:4: unknown key `biuld`: did you mean `build`?",
      "f.yml:5: `flag`: expected true or false, found the number 2",
    ],
  );
  assert.equal(error.where, "f.yml:1");
});

test("inherited names are unknown keys", () => {
  assert.match(failure("name: x\n__proto__: 1\n").message, /unknown key `__proto__`/);
  assert.match(failure("name: x\nconstructor: 1\n").message, /unknown key `constructor`/);
  assert.match(failure("name: x\nservices: {a: {build: x, toString: 1}}\n").message, /unknown key `toString`/);
});

function failure(text: string): AircrateError {
  try {
    decodeYaml(Schema, parseYaml(text, "f.yml"));
  } catch (error) {
    if (error instanceof AircrateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
