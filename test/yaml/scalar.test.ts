import assert from "node:assert/strict";
import { test } from "node:test";
import { resolvePlain } from "../../lib/yaml/scalar.ts";
import { python, requirePyYaml } from "./pyyaml.ts";
import { numbers, text } from "./random.ts";

const CASES: readonly (readonly [string, unknown])[] = [
  ["yes", true],
  ["On", true],
  ["no", false],
  ["OFF", false],
  ["y", "string"],
  ["N", "string"],
  ["yEs", "string"],
  ["", null],
  ["~", null],
  ["Null", null],
  ["nULL", "string"],
  ["0", 0],
  ["-0", 0],
  ["012", 10],
  ["08", "string"],
  ["0o17", "string"],
  ["0x1F", 31],
  ["-0x1f", -31],
  ["0b101", 5],
  ["1_000", 1000],
  ["12:30", 750],
  ["1:30:00", 5400],
  ["0:30", "string"],
  ["12:60", "string"],
  ["1.0", 1],
  ["1.", 1],
  [".5", 0.5],
  ["-.5", "string"],
  ["1e3", "string"],
  ["1.0e3", "string"],
  ["1.0e+3", 1000],
  ["1_0.5", 10.5],
  ["1:30.5", 90.5],
  ["1.0.0", "string"],
  ["8592b49", "string"],
  ["2020-01-01", "other"],
  ["2020-01-01 10:00:00", "other"],
  ["2020-1-1", "string"],
  [".inf", "other"],
  [".NaN", "other"],
  ["0x_", "other"],
  ["=", "other"],
  ["<<", "string"],
  ["1.0e+999", "other"],
];

test("a plain scalar means what YAML 1.1 says", () => {
  for (const [source, meaning] of CASES) assert.deepEqual(simple(source), meaning, source);
});

test("a plain scalar means what it means to PyYAML", async (t) => {
  if (!(await requirePyYaml(t))) return;
  const next = numbers(1);
  const pieces = [
    ..."0123456789",
    ..."+-_.:eExobBaAfFTtZ=~",
    "yes",
    "No",
    "on",
    "null",
    "inf",
    "2020-01-02",
    ":30",
    " ",
  ];
  const sources = [...CASES.map(([source]) => source)];
  while (sources.length < 20_000) {
    const source = text(next, pieces, 8);
    if (source === source.trim()) sources.push(source);
  }
  const script = `
class Loader(yaml.SafeLoader): pass
def kind(source):
    tag = Loader('').resolve(yaml.ScalarNode, source, (True, False)).split(':')[-1]
    if tag == 'str' or tag == 'merge': return 'string'
    if tag == 'timestamp' or tag == 'value': return 'other'
    try: value = getattr(Loader(''), 'construct_yaml_' + tag)(yaml.ScalarNode('', source))
    except ValueError: return 'other'
    if isinstance(value, float) and not math.isfinite(value): return 'other'
    return None if value is None else tag + ' ' + (str(value) if tag != 'float' else value.hex())
answer = [kind(source) for source in data]`;
  const expected = await python<unknown[]>(`import yaml\n${script}`, sources);
  const hexes = await python<string[]>("answer = [float(x).hex() for x in data]", sources.map(numberOf));
  for (const [i, source] of sources.entries()) {
    const meaning = resolvePlain(source);
    let found: unknown = meaning.kind === "null" ? null : meaning.kind;
    if (meaning.kind === "boolean") found = meaning.value ? "bool True" : "bool False";
    // Numbers beyond 2^53 lose digits here; the reader refuses them.
    if (meaning.kind === "integer") {
      if (!Number.isSafeInteger(meaning.value)) continue;
      found = `int ${meaning.value}`;
    }
    if (meaning.kind === "float") found = `float ${hexes[i]}`;
    assert.deepEqual(found, expected[i], JSON.stringify(source));
  }
});

function numberOf(source: string): number {
  const meaning = resolvePlain(source);
  return meaning.kind === "float" ? meaning.value : 0;
}

function simple(source: string): unknown {
  const meaning = resolvePlain(source);
  if (meaning.kind === "null") return null;
  return "value" in meaning ? meaning.value : meaning.kind;
}
