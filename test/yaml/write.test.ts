import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml } from "../../lib/yaml/read.ts";
import type { JsonValue } from "../../lib/yaml/value.ts";
import { writeYaml } from "../../lib/yaml/write.ts";
import { python, requirePyYaml } from "./pyyaml.ts";
import { numbers, text } from "./random.ts";

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const TRICKY: readonly string[] = [
  ..."-?:,[]{}#&*!|>'\"%@`~=<yYnN. \t\n\r\\/0",
  ...["", "1.0", "yes", "On", "012", "0o17", "1_000", "12:30", "null", "~", "2020-01-01", "2001-1-1", "=", "<<", "1e3"],
  ...["1.0e+3", ".5", "-.5", ".inf", "-.INF", ".nan", "0x1f", "0b1", "1:2:3", "y", "NO", "True", "tRUE", "1.0.0"],
  ...["- a", "-a", "? a", ": a", "a: b", "a:b", "a:", "a #b", "a#b", "# a", "--- a", "---", "...", "...a", "*a", "&a"],
  ...[
    " lead",
    "trail ",
    "\ttab",
    "tab\t",
    "two\nlines",
    "end\n",
    "\nstart",
    " \n ",
    "a\n\n\nb",
    "\r\n",
    "\u0085",
    "\u2028",
  ],
  ...[
    "\0",
    "\x1b[0m",
    "\x7f",
    "\xa0",
    "é",
    "日本語",
    "😀",
    "\ufeff",
    "\ufffd",
    "\uffff",
    "it's",
    'say "hi"',
    "back\\slash",
  ],
  ...[
    "%YAML 1.1",
    "@at",
    "`tick`",
    "{a",
    "a}",
    "[a",
    "a]",
    "a, b",
    "!tag",
    "|",
    ">",
    "| a",
    "0",
    "-0",
    "+1",
    "1_",
    "0_",
  ],
  ...["__proto__", "constructor", "x".repeat(127), "x".repeat(128), "x".repeat(2000), "😀".repeat(300)],
];

test("block style, sorted keys, lists not indented", () => {
  const value: JsonValue = {
    z: [1, [2, [3]], { b: "x", a: [] }, {}],
    a: { list: ["one", { k: [true, null] }], map: { "": "empty" } },
    B: "upper first",
  };
  assert.equal(
    writeYaml(value),
    `B: upper first
a:
  list:
  - one
  - k:
    - true
    - null
  map:
    '': empty
z:
- 1
- - 2
  - - 3
- a: []
  b: x
- {}
`,
  );
});

test("texts are quoted where a reader would take them for something else", () => {
  for (const [value, written] of [
    ["1.0", "'1.0'"],
    ["1.0.0", "1.0.0"],
    ["1e3", "'1e3'"],
    ["y", "'y'"],
    ["it's", "it's"],
    ["'", "''''"],
    ["two\nlines", '"two\\nlines"'],
    ["é", '"\\xE9"'],
    ["😀", '"\\U0001F600"'],
    ["a: b", "'a: b'"],
    ["a:b", "a:b"],
  ] as const) {
    assert.equal(writeYaml(value), `${written}\n`);
  }
});

test("keys are sorted by code point, number keys by number and first", () => {
  const value = { "\uffff": 1, "\u{10000}": 1, a: 1, "10": 1, "9": 1 };
  const kinds = { floats: new Set<string>(), integerKeys: new Set(["/10", "/9"]) };
  assert.equal(writeYaml(value, kinds), '9: 1\n10: 1\na: 1\n"\\uFFFF": 1\n"\\U00010000": 1\n');
  assert.equal(writeYaml({ "10": 1, "9": 1 }), "'10': 1\n'9': 1\n");
});

test("long keys take the explicit form", () => {
  const key = "k".repeat(130);
  assert.equal(writeYaml({ [key]: { a: 1, b: 2 } }), `? ${key}\n: a: 1\n  b: 2\n`);
  assert.equal(writeYaml({ [key]: ["a", "b"] }), `? ${key}\n: - a\n  - b\n`);
  assert.equal(writeYaml({ [key]: "v" }), `? ${key}\n: v\n`);
});

test("what is written is read back here", () => {
  for (const value of values(1, 300)) assert.deepEqual(plain(parseYaml(writeYaml(value), "x.yml").value), plain(value));
});

test("floats stay floats and number keys stay numbers", () => {
  const source = "a: 1.0\nb:\n  0: x\n  10: z\nc:\n- 2.0\n- 2\n- 1.5\n";
  const document = parseYaml(source, "x.yml");
  assert.equal(writeYaml(document.value, document), source);
});

test("PyYAML reads back the same texts, as values and as keys", async (t) => {
  if (!(await requirePyYaml(t))) return;
  const next = numbers(7);
  const strings = [...TRICKY];
  while (strings.length < 6_000) strings.push(text(next, TRICKY.slice(0, -4), 6));
  const cases = strings.map((value) => [writeYaml({ [value]: [value] }), value]);
  const script = `
answer = [value for source, value in data if yaml.safe_load(source) != {value: [value]}]`;
  assert.deepEqual(await python(`import yaml\n${script}`, cases), []);
});

test("PyYAML reads back the same values", async (t) => {
  if (!(await requirePyYaml(t))) return;
  const cases = values(3, 400).map((value) => [writeYaml(value), value]);
  const script = `
def same(a, b):
    if type(a) is not type(b): return False
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list): return len(a) == len(b) and all(map(same, a, b))
    return a == b
answer = [value for source, value in data if not same(yaml.safe_load(source), value)]`;
  assert.deepEqual(await python(`import yaml\n${script}`, cases), []);
});

test("floats are written as PyYAML writes them", async (t) => {
  if (!(await requirePyYaml(t))) return;
  const next = numbers(11);
  const floats = [
    0,
    -0,
    1,
    0.1,
    1e15,
    1e16,
    1e17,
    123456789012345680,
    1e21,
    1e-4,
    1e-5,
    5e-324,
    1.7976931348623157e308,
    1 / 3,
  ];
  const bits = new DataView(new ArrayBuffer(8));
  while (floats.length < 3_000) {
    bits.setUint32(0, next(2 ** 32));
    bits.setUint32(4, next(2 ** 32));
    const value = next(2) === 0 ? bits.getFloat64(0) : next(1_000_000) / 10 ** next(12);
    if (Number.isFinite(value)) floats.push(value);
  }
  const written = floats.map((value) => writeYaml([value], { floats: new Set(["/0"]), integerKeys: new Set() }));
  const bytes = floats.map((value) => {
    bits.setFloat64(0, value);
    return Buffer.from(bits.buffer).toString("hex");
  });
  const script = `
import struct
answer = [yaml.dump([struct.unpack('>d', bytes.fromhex(x))[0]]) for x in data]`;
  assert.deepEqual(written, await python(`import yaml\n${script}`, bytes));
});

/** Values with maps and lists inside one another. */
function values(seed: number, count: number): JsonValue[] {
  const next = numbers(seed);
  const scalar = (): JsonValue => {
    const choices: JsonValue[] = [null, true, false, 0, -17, 1.5, 1e-7, TRICKY[next(TRICKY.length)]!];
    return choices[next(choices.length)]!;
  };
  const value = (depth: number): JsonValue => {
    const kind = depth === 0 ? 2 : next(3);
    if (kind === 0) return Array.from({ length: next(4) }, () => value(depth - 1));
    if (kind === 1) {
      return Object.fromEntries(
        Array.from({ length: next(4) }, () => [TRICKY[next(TRICKY.length)]!, value(depth - 1)]),
      );
    }
    return scalar();
  };
  return Array.from({ length: count }, () => value(5));
}
