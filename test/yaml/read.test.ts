import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { MAX_YAML_SIZE, parseYaml, readYaml } from "../../lib/yaml/read.ts";
import { tempDir } from "../support/cleanup.ts";

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const read = (text: string) => parseYaml(text, "x.yml");

test("values of all kinds", () => {
  const { value } = read(`
a: [1, 0x10, 1.5, yes, ~, text, "1.0", 'it''s']
b: {c: {}, d: []}
e: |
  two
  lines
f: >-
  folded
  text
? g
: h
`);
  assert.deepEqual(plain(value), {
    a: [1, 16, 1.5, true, null, "text", "1.0", "it's"],
    b: { c: {}, d: [] },
    e: "two\nlines\n",
    f: "folded text",
    g: "h",
  });
});

test("an empty document is null", () => {
  assert.equal(read("").value, null);
  assert.equal(read("# nothing\n").value, null);
});

test("tags of the core say what a scalar means", () => {
  const { value } = read(
    '[!!str 1.0, !!int "012", !!float "1.5", !!bool "yes", !!null "", ! 5, !!map {a: 1}, !!seq [b]]',
  );
  assert.deepEqual(plain(value), ["1.0", 10, 1.5, true, null, 5, { a: 1 }, ["b"]]);
});

test("locate names the line of a key, of an item, and of what is around a value that is not there", () => {
  const document = read("a: 1\nb:\n  - x\n  - c:\n      d: 2\ne:\n  f: 1\n");
  assert.equal(document.locate(""), 1);
  assert.equal(document.locate("/a"), 1);
  assert.equal(document.locate("/b"), 2);
  assert.equal(document.locate("/b/0"), 3);
  assert.equal(document.locate("/b/1/c/d"), 5);
  assert.equal(document.locate("/e/missing"), 6);
  assert.equal(document.locate("/e/f/deep/er"), 7);
  assert.equal(document.locate("/nowhere"), 1);
});

test("locate and source read escaped pointers", () => {
  const document = read("http:\n  /a~b:\n    port: 0x10\n");
  assert.equal(document.locate("/http/~1a~0b/port"), 3);
  assert.equal(document.source("/http/~1a~0b/port"), "0x10");
  assert.equal(document.source("/http"), undefined);
});

test("CRLF lines are counted once", () => {
  assert.equal(read("a: 1\r\nb: 2\r\n").locate("/b"), 2);
});

test("keys keep their order, numbers too", () => {
  const document = read('m:\n  b: 1\n  "10": 1\n  a: 1\n  "9": 1\n');
  assert.deepEqual(document.keys("/m"), ["b", "10", "a", "9"]);
  assert.deepEqual(document.keys("/m/b"), []);
  assert.deepEqual(document.keys("/none"), []);
});

test("floats and number keys are remembered", () => {
  const document = read("a: 1.0\nb: 1.5\nc: [2.0, 2]\nd: {0: x, 1_0: y, '2': z}\n");
  assert.deepEqual([...document.floats], ["/a", "/c/0"]);
  assert.deepEqual([...document.integerKeys], ["/d/0", "/d/10"]);
});

test("a base-60 number is read and warned of", () => {
  const document = read("ports:\n  - 22:22\n");
  assert.deepEqual(plain(document.value), { ports: [1342] });
  assert.equal(document.warnings.length, 1);
  assert.equal(document.warnings[0]?.line, 2);
  assert.match(document.warnings[0]?.message ?? "", /^22:22 is read as the number 1342/);
});

test("aliases are written out and share nothing", () => {
  const { value, floats } = read("a: &x {b: [1.0]}\nc: *x\nd: &y text\ne: *y\n");
  assert.deepEqual(plain(value), { a: { b: [1] }, c: { b: [1] }, d: "text", e: "text" });
  const { a, c } = value as { a: unknown; c: unknown };
  assert.notEqual(a, c);
  assert.deepEqual([...floats], ["/a/b/0", "/c/b/0"]);
});

test("merge keys: own keys win, then the first of several maps", () => {
  const { value } = read(`
base: &base {a: 1, b: 1, c: 1}
other: &other {b: 2, d: 2}
one: {b: 0, <<: *base}
two:
  <<: [*other, *base]
  c: 0
three: {<<: {<<: *base, a: 9}, e: 5}
quoted: {"<<": 1}
`);
  assert.deepEqual(plain(value), {
    base: { a: 1, b: 1, c: 1 },
    other: { b: 2, d: 2 },
    one: { a: 1, b: 0, c: 1 },
    two: { a: 1, b: 2, c: 0, d: 2 },
    three: { a: 9, b: 1, c: 1, e: 5 },
    quoted: { "<<": 1 },
  });
});

test("a merged float that is overridden leaves no trace", () => {
  const document = read("base: &b {x: 1.0}\nuse: {<<: *b, x: 1}\n");
  assert.deepEqual([...document.floats], ["/base/x"]);
});

test("__proto__ and its kin are keys like any other", () => {
  const { value } = read("__proto__: {polluted: yes}\nconstructor: {prototype: 1}\ntoString: 2\n");
  assert.deepEqual(Object.keys(value as object), ["__proto__", "constructor", "toString"]);
  assert.equal(Object.getPrototypeOf(value), null);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

const REFUSED: readonly { name: string; text: string; where: string; message: RegExp }[] = [
  { name: "not YAML", text: "a: 1\nb: [1,\n", where: "x.yml:3", message: /not YAML/ },
  { name: "tab indentation", text: "a:\n\tb: 1\n", where: "x.yml:2", message: /[Tt]abs/ },
  { name: "NUL", text: "a: 1\nb: \0\n", where: "x.yml:2", message: /U\+0000/ },
  { name: "control character", text: "a: \x07\n", where: "x.yml:1", message: /U\+0007/ },
  { name: "line separator", text: "# note\u2028a: 1\n", where: "x.yml:1", message: /U\+2028/ },
  { name: "next line", text: "a: 1\n# note\u0085b: 1\n", where: "x.yml:2", message: /U\+0085/ },
  { name: "duplicate keys", text: "a: 1\nb: 2\na: 3\n", where: "x.yml:3", message: /key `a` is already in line 1/ },
  {
    name: "duplicate number keys",
    text: "a:\n  1: x\n  01: y\n",
    where: "x.yml:3",
    message: /key `1` is already in line 2/,
  },
  { name: "boolean key", text: "on: 1\n", where: "x.yml:1", message: /key `on` is read as the truth value true/ },
  { name: "null key", text: "a: 1\n~: 1\n", where: "x.yml:2", message: /key `~` is read as nothing/ },
  { name: "empty key", text: "a: {: 1}\n", where: "x.yml:1", message: /read as nothing/ },
  { name: "float key", text: "1.5: 1\n", where: "x.yml:1", message: /key `1\.5` is read as the number 1\.5/ },
  { name: "list key", text: "? [a]\n: 1\n", where: "x.yml:1", message: /key has to be a text/ },
  { name: "binary", text: "a: !!binary aGk=\n", where: "x.yml:1", message: /tag:yaml.org,2002:binary/ },
  { name: "set", text: "a: !!set {b, c}\n", where: "x.yml:1", message: /2002:set/ },
  { name: "python object", text: "a: !!python/object:os.system {}\n", where: "x.yml:1", message: /not supported/ },
  { name: "own tag", text: "a:\n  - !x 1\n", where: "x.yml:2", message: /tag !x/ },
  { name: "date", text: "a: 2020-01-01\n", where: "x.yml:1", message: /`2020-01-01` is read as a date/ },
  { name: "value key", text: "a: =\n", where: "x.yml:1", message: /value key/ },
  {
    name: "question mark in a list",
    text: "a: [?b]\n",
    where: "x.yml:1",
    message: /`\?b` is read as the start of a key/,
  },
  { name: "infinite", text: "a: .inf\n", where: "x.yml:1", message: /without end/ },
  { name: "large integer", text: "a: 9007199254740993\n", where: "x.yml:1", message: /would lose digits/ },
  { name: "undefined alias", text: "a: *x\nb: &x 1\n", where: "x.yml:1", message: /`\*x` has no anchor above it/ },
  { name: "anchor twice", text: "a: &x 1\nb: &x 2\n", where: "x.yml:2", message: /`&x` is already taken in line 1/ },
  {
    name: "colon in an anchor",
    text: "a:\n  &x:\n    b: 1\n",
    where: "x.yml:3",
    message: /`x:` is no legal name of an anchor/,
  },
  { name: "endless alias", text: "a: &x [*x]\n", where: "x.yml:1", message: /inside the value that it names/ },
  { name: "endless merge", text: "a: &x\n  <<: *x\n", where: "x.yml:2", message: /into itself/ },
  { name: "merge of a text", text: "a: {<<: b}\n", where: "x.yml:1", message: /needs a mapping/ },
  { name: "two documents", text: "a: 1\n---\nb: 1\n", where: "x.yml:2", message: /second document/ },
  { name: "half a pair", text: 'a: "\\uD800"\n', where: "x.yml:1", message: /surrogate/ },
];

for (const { name, text, where, message } of REFUSED) {
  test(`refused: ${name}`, () => {
    const error = caught(() => read(text));
    assert.equal(error.fault, "input");
    assert.match(error.message, message);
    assert.equal(error.where, where);
  });
}

test("all problems are told, in the order of the file", () => {
  const error = caught(() => read("a: 2020-01-01\nb: 1\non: 2\nb: 3\n"));
  assert.equal(error.where, "x.yml:1");
  assert.deepEqual(
    [error.message, ...error.reason].map((line) => line.split(": ")[0]),
    ["x.yml:1", "x.yml:3", "x.yml:4"],
  );
});

test("a file is read under the name that the user gave", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "a.yml"), "\ufeffa: 1\n");
  assert.deepEqual(plain((await readYaml(join(dir, "a.yml"))).value), { a: 1 });
  writeFileSync(join(dir, "bad.yml"), Buffer.from([0x61, 0x3a, 0x20, 0xff]));
  await assert.rejects(readYaml(join(dir, "bad.yml"), "bad.yml"), {
    message: "bad.yml: is not UTF-8 text",
    fault: "input",
  });
  await assert.rejects(readYaml(join(dir, "none.yml"), "none.yml"), { message: /no such file/, fault: "unreachable" });
  await assert.rejects(readYaml(dir, "dir"), { message: "dir: is not a file", fault: "input" });
});

test("a file has at most 1 MiB", async (t) => {
  const file = join(tempDir(t), "large.yml");
  writeFileSync(file, `# ${"x".repeat(MAX_YAML_SIZE - 3)}\n`);
  assert.equal((await readYaml(file)).value, null);
  writeFileSync(file, `# ${"x".repeat(MAX_YAML_SIZE - 2)}\n`);
  await assert.rejects(readYaml(file, "large.yml"), { message: `large.yml: is larger than ${MAX_YAML_SIZE} bytes` });
});

function caught(step: () => unknown): AircrateError {
  try {
    step();
  } catch (error) {
    if (error instanceof AircrateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
