import assert from "node:assert/strict";
import { test } from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { parseYaml } from "../../lib/yaml/read.ts";

/** Texts that hurt careless readers. Each has to be read or refused, quickly and without a crash. */
const LARGEST = 1024 * 1024;
/** Enough to show; the largest takes some seconds each. */
const SIZE = LARGEST / 4;
const fill = (unit: string, size = SIZE) => unit.repeat(Math.floor(size / unit.length));

function levels(count: number, first: string, next: (name: string) => string): string {
  const lines = [`a0: &a0 ${first}`];
  for (let i = 1; i < count; i += 1) lines.push(`a${i}: &a${i} ${next(`a${i - 1}`)}`);
  return lines.join("\n");
}

const REFUSED: readonly { name: string; text: string; message: RegExp }[] = [
  {
    name: "alias bomb",
    text: levels(12, "[x, x]", (a) => `[${fill(`*${a}, `, 60)}]`),
    message: /aliases are written out/,
  },
  {
    name: "alias bomb of one long text",
    text: `a: &a ${fill("x", SIZE / 2)}\nb: [${fill("*a, ", 4000)}]`,
    message: /aliases/,
  },
  {
    name: "merge bomb",
    text: levels(12, "{x: 1}", (a) => `{<<: [${fill(`*${a}, `, 60)}]}`),
    message: /aliases are written out/,
  },
  { name: "deep through aliases", text: levels(300, "[]", (a) => `[*${a}]`), message: /nested deeper than 100 levels/ },
  {
    name: "deep merges",
    text: levels(2000, "{x: 1}", (a) => `{<<: *${a}, y: 1}`),
    message: /merges nest deeper than 100 levels/,
  },
  { name: "deep lists", text: fill("["), message: /nested deeper|not YAML/ },
  { name: "deep closed lists", text: "[".repeat(5000) + "]".repeat(5000), message: /nested deeper/ },
  { name: "deep maps", text: fill("{a: "), message: /nested deeper/ },
  { name: "deep block lists", text: fill("- "), message: /nested deeper/ },
  { name: "deep keys", text: fill("? "), message: /nested deeper/ },
  { name: "many documents", text: fill("---\n"), message: /second document/ },
  { name: "many errors", text: fill("]\n", SIZE), message: /not YAML/ },
  { name: "many values", text: `[${fill("1,", LARGEST - 10)}]`, message: /holds too much/ },
  { name: "many duplicates", text: fill("a: 1\n", SIZE), message: /already in line 1/ },
  { name: "unclosed text", text: `a: "${fill("x\\n")}`, message: /not YAML/ },
];

for (const { name, text, message } of REFUSED) {
  test(`refused: ${name}`, () => {
    const started = performance.now();
    assert.throws(
      () => parseYaml(text.slice(0, LARGEST), "x.yml"),
      (error: unknown) => error instanceof AircrateError && error.fault === "input" && message.test(error.message),
    );
    assert.ok(performance.now() - started < 30_000);
  });
}

const READ: readonly { name: string; text: string }[] = [
  { name: "many different keys", text: Array.from({ length: 40_000 }, (_, i) => `key${i}: v`).join("\n") },
  { name: "many comments", text: fill("# x\n") },
  { name: "one long plain text", text: `a: ${fill("x ", SIZE - 10)}` },
  { name: "one long block", text: `a: |\n${fill("  x\n", SIZE - 10)}` },
  { name: "many quotes", text: `a: '${fill("''", SIZE - 10)}'` },
  { name: "spaces only", text: fill(" ") },
  { name: "95 levels", text: "[".repeat(95) + "]".repeat(95) },
];

for (const { name, text } of READ) {
  test(`read: ${name}`, () => {
    const started = performance.now();
    parseYaml(text, "x.yml");
    assert.ok(performance.now() - started < 30_000);
  });
}

test("a long list of problems is cut", () => {
  const text = Array.from({ length: 200 }, (_, i) => `k${i}: 2020-01-01`).join("\n");
  assert.throws(
    () => parseYaml(text, "x.yml"),
    (error: unknown) =>
      error instanceof AircrateError && error.reason.length === 51 && error.reason[50] === "and 149 more",
  );
});
