import assert from "node:assert/strict";
import test from "node:test";
import { type Command, REPEATED } from "../../cli/command.ts";
import { parseWords } from "../../cli/parse.ts";
import { UsageError } from "../../cli/ui/error.ts";

const COMMAND = {
  positionals: {
    place: { required: true, describe: "" },
    kind: { choices: ["big", "small"], default: "big", describe: "" },
    more: { many: true, describe: "" },
  },
  options: {
    mirror: { ...REPEATED, describe: "" },
    tag: { ...REPEATED, short: "t", describe: "" },
    output: { short: "o", describe: "" },
    tries: { type: "number", default: 5, describe: "" },
    form: { choices: ["tar", "dir"], describe: "" },
    base: { negated: "none", describe: "" },
    update: { list: true, describe: "" },
    json: { type: "boolean", short: "j", describe: "" },
    verify: { type: "boolean", default: true, describe: "" },
  },
} satisfies Omit<Command<object>, "examples">;

function parse(line: string): Record<string, unknown> {
  return parseWords(line === "" ? [] : line.split(" "), COMMAND);
}

/** What is there beside what stands there when nothing is given. */
function changed(line: string): object {
  const none = new Map(Object.entries(parse("here")));
  const given = Object.entries(parse(line)).filter(([name, value]) => !equal(value, none.get(name)));
  return Object.fromEntries(given);
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

test("what is not given has its default", () => {
  assert.deepEqual(parse("here"), {
    ...{ place: "here", kind: "big", more: [] },
    ...{ mirror: [], tag: [], output: undefined, tries: 5, form: undefined, base: undefined, update: undefined },
    ...{ json: false, verify: true },
  });
});

test("options stand anywhere, with their long names or one letter", () => {
  assert.deepEqual(changed("--output a here small x y"), { kind: "small", more: ["x", "y"], output: "a" });
  for (const line of ["here -o a", "here -oa", "here -o=a", "here --output=a", "-o a here"]) {
    assert.deepEqual(changed(line), { output: "a" }, line);
  }
  assert.deepEqual(changed("-jo a here"), { json: true, output: "a" });
  assert.deepEqual(changed("here --output=-a"), { output: "-a" });
  assert.deepEqual(changed("here -o -"), { output: "-" });
  assert.deepEqual(changed("here --tries 2.5"), { tries: 2.5 });
  assert.deepEqual(changed("here --no-verify --json=true"), { json: true, verify: false });
  assert.deepEqual(changed("here --json --json=false"), {});
  assert.deepEqual(changed("here --base x"), { base: "x" });
  for (const line of ["here --no-base", "here --base x --no-base"]) assert.deepEqual(changed(line), { base: "none" });
  assert.deepEqual(parse("-- -x small --json").more, ["--json"]);
});

test("an option that may be repeated has all its values; of any other one the last value counts", () => {
  assert.deepEqual(
    changed("--mirror 1 here --mirror 2 -t x --tag y -o a --output b --tries 3 --tries 4 --form tar --form dir --json"),
    { mirror: ["1", "2"], tag: ["x", "y"], output: "b", tries: 4, form: "dir", json: true },
  );
});

test("a list goes up to the next option, and may be empty", () => {
  assert.deepEqual(changed("here --update"), { update: [] });
  assert.deepEqual(changed("here --update a b --json"), { update: ["a", "b"], json: true });
  assert.deepEqual(changed("here --update --json small"), { update: [], json: true, kind: "small" });
  assert.deepEqual(changed("--update=a b -- here"), { update: ["a", "b"] });
});

test("what is wrong is said in one line, with what may have been meant", () => {
  const cases = {
    "": "<place> is missing",
    "here --xy": "unknown option --xy",
    "here --mirorr=x": "unknown option --mirorr: did you mean `--mirror`?",
    "here --no-verfy": "unknown option --no-verfy: did you mean `--no-verify`?",
    "here --no-output": "unknown option --no-output: did you mean `--output`?",
    "here -jx": "unknown option -x",
    "here --constructor": "unknown option --constructor",
    "here -o": "-o needs a value",
    "here --output=": "--output needs a value",
    "here --mirror=": "--mirror needs a value",
    "here --output --json": "--output needs a value; write --output=--json when --json is meant to be one",
    "here --json=maybe": "--json takes no value",
    "here --tries x": '--tries takes a number, not "x"',
    "here --tries=": '--tries takes a number, not ""',
    "here --form tarr": '--form takes tar or dir, not "tarr": did you mean `tar`?',
    "here medium": 'kind takes big or small, not "medium"',
  };
  for (const [line, message] of Object.entries(cases)) {
    assert.throws(() => parse(line), new UsageError(message), line);
  }
  assert.throws(() => parseWords([""], COMMAND), new UsageError("<place> is empty"));
  const { more: _, ...two } = COMMAND.positionals;
  assert.throws(
    () => parseWords(["here", "small", "b"], { positionals: two }),
    new UsageError('unexpected argument "b"'),
  );
  assert.throws(
    () => parseWords([], { options: { tag: { ...REPEATED, required: true, describe: "" } } }),
    new UsageError("--tag is missing"),
  );
});
