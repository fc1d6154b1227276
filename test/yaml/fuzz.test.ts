import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { decodeYaml } from "../../lib/yaml/decode.ts";
import { parseYaml } from "../../lib/yaml/read.ts";
import { AuterionApp } from "../../spec/auterion-app.ts";
import { projectDir } from "../support/tools.ts";
import { python, requirePyYaml } from "./pyyaml.ts";
import { numbers } from "./random.ts";

/** What YAML has beyond what manifests use. */
const RICH = `base: &b {a: 1, c: [x, y]}
d: *b
e:
  <<: *b
  f: |
    several
     lines

  g: >-
    folded

    text
'q': "a\\tb\\
  c"
? k
: v
h: !!str 5
`;
const PIECES = [
  ..."\n :-#'\"[]{},&*!|>%@`?~=<\\\t012.yn ",
  "<<: *b",
  "&b ",
  "*b ",
  "!!int ",
  "- ",
  "? ",
  ": ",
  "|\n",
  "yes",
  "1:30",
];

test("damaged manifests are read or refused, and what is read is what PyYAML reads", async (t) => {
  const read: [string, unknown][] = [];
  for (const text of damaged(3_000)) {
    const document = refusedOr(() => parseYaml(text, "x.yml"));
    if (document === undefined) continue;
    read.push([text, document.value]);
    refusedOr(() => decodeYaml(AuterionApp, document));
  }
  assert.ok(read.length > 1_000, `${read.length} read`);
  if (!(await requirePyYaml(t))) return;
  // What PyYAML refuses (tabs between words, mostly) may be read here; the package gets it in PyYAML's form.
  const script = `
def keyed(value):
    if isinstance(value, dict): return {k if isinstance(k, str) else str(k): keyed(v) for k, v in value.items()}
    return [keyed(v) for v in value] if isinstance(value, list) else value
def differs(text, value):
    try: return keyed(yaml.safe_load(text)) != value
    except yaml.YAMLError: return False
answer = [text for text, value in data if differs(text, value)]`;
  assert.deepEqual(await python(`import yaml\n${script}`, read), []);
});

function refusedOr<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof AircrateError && error.fault === "input") return undefined;
    throw error;
  }
}

function* damaged(count: number): Generator<string> {
  const dir = join(projectDir(), "test/app/fixtures");
  const names = readdirSync(dir).sort();
  const texts = [RICH, RICH, RICH, ...names.map((name) => readFileSync(join(dir, name, "auterion-app.yml"), "utf8"))];
  const next = numbers(5);
  for (let i = 0; i < count; i += 1) {
    let text = texts[next(texts.length)]!;
    for (let edits = 1 + next(3); edits > 0; edits -= 1) {
      const at = next(text.length + 1);
      const piece = PIECES[next(PIECES.length)]!;
      const cut = [0, 1 + next(4), piece.length][next(3)]!;
      text = text.slice(0, at) + (cut === 0 || next(2) === 0 ? piece : "") + text.slice(at + cut);
    }
    yield text;
  }
}
