import assert from "node:assert/strict";
import test from "node:test";
import { Type } from "@sinclair/typebox";
import { decode, decodeJson, SpecError } from "../../spec/decode.ts";

const Person = Type.Object({ name: Type.String(), age: Type.Optional(Type.Integer({ minimum: 0 })) });

function problemsOf(call: () => unknown): SpecError["problems"] {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof SpecError, String(error));
    return error.problems;
  }
  return assert.fail("it was accepted");
}

function json(text: string | Uint8Array) {
  return decodeJson(Person, Buffer.from(text as string));
}

test("what fits is returned as it was read, unknown keys and all", () => {
  const value = { name: "a", extra: [1] };
  assert.equal(decode(Person, value), value);
  assert.deepEqual(json('{"name":"a","age":1}'), { name: "a", age: 1 });
  assert.deepEqual(json('\ufeff{"name":"a"}'), { name: "a" });
});

test("nothing is converted or filled in", () => {
  for (const value of [{ name: 1 }, { name: "a", age: "1" }, { name: "a", age: 1.5 }, { age: 1 }, { name: null }]) {
    assert.equal(problemsOf(() => decode(Person, value)).length, 1, JSON.stringify(value));
  }
});

test("every problem has its JSON pointer and what was found there", () => {
  const schema = Type.Object({ people: Type.Array(Person), "a/b~c": Type.Boolean() });
  const problems = problemsOf(() => decode(schema, { people: [{ name: "a" }, { name: 7, age: -1 }], "a/b~c": "x" }));
  assert.deepEqual(
    problems.map(({ pointer }) => pointer),
    ["/people/1/name", "/people/1/age", "/a~1b~0c"],
  );
  assert.match(problems[0]!.message, /string, found 7$/);
  assert.deepEqual(
    problemsOf(() => decode(schema, {})).map(({ pointer, message }) => [pointer, message.replace(/.*, /, "")]),
    [
      ["/people", "found nothing"],
      ["/a~1b~0c", "found nothing"],
    ],
  );
  assert.equal(problemsOf(() => decode(schema, [])).at(0)?.pointer, "");
});

test("the message of the whole", () => {
  const error = new SpecError([
    { pointer: "", message: "is not JSON" },
    { pointer: "/a", message: "expected string, found 1" },
  ]);
  assert.equal(error.message, "document: is not JSON; /a: expected string, found 1");
});

test("at most ten problems, and short excerpts", () => {
  const many = Type.Array(Type.String());
  assert.equal(problemsOf(() => decode(many, Array(5000).fill(1))).length, 10);
  for (const value of ["x".repeat(100_000), ["x".repeat(100_000)], { a: "x".repeat(100_000) }]) {
    const [problem] = problemsOf(() => decode(Type.Integer(), value));
    assert.ok(problem!.message.length < 120, problem!.message);
  }
});

test("deep and odd values", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 50_000; i += 1) deep = [deep];
  problemsOf(() => decode(Person, deep));
  problemsOf(() => decode(Person, { name: deep }));
  for (const value of [undefined, null, Number.NaN, Symbol("s"), () => 1]) problemsOf(() => decode(Person, value));
});

test("what is no JSON in UTF-8", () => {
  for (const text of ["", "{", "{'name':'a'}", '{"name":"a"}x', "\u0000", '{"name":"a",}', "NaN"]) {
    const [problem] = problemsOf(() => json(text));
    assert.equal(problem?.pointer, "");
    assert.match(problem!.message, /^is not JSON: /);
  }
  problemsOf(() => json(Uint8Array.of(0x22, 0xff, 0x22)));
  problemsOf(() => json(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)));
});

test("the prototype is out of reach", () => {
  const value = json('{"name":"a","__proto__":{"polluted":1}}') as { polluted?: unknown };
  assert.equal(value.polluted, undefined);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  problemsOf(() => json('{"__proto__":{"name":"a"}}'));
});
