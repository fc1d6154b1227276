import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type JsonSchema, jsonSchema } from "../../spec/json-schema.ts";
import { SCHEMA_NAMES } from "../../spec/schema-names.ts";
import { HEAD } from "../app/project.ts";
import { projectDir } from "../support/tools.ts";
import { python, requireJsonSchema, requirePyYaml } from "../yaml/pyyaml.ts";

const GALLERY = join(projectDir(), "examples/photo-gallery");
const fixtures = join(projectDir(), "test/app/fixtures");
const SERVICE = "services: {one: {build: a}}\n";

const OWN_KEYWORDS = ["since", "sinceCertainty", "seenUntil", "likely", "form", "trap", "keyForm", "openKeys"];

test("a schema has no keywords of this project's own, and says what they say", () => {
  for (const name of SCHEMA_NAMES) {
    const schema = jsonSchema(name);
    for (const one of maps(schema)) for (const key of OWN_KEYWORDS) assert.ok(typeof one[key] !== "string", key);
    assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
  }
  const { properties } = jsonSchema("auterion-app").else as { properties: Record<string, JsonSchema> };
  assert.equal(properties.logging?.description, "ROS 2 messages that the device logs. Since API version 3.");
  assert.match(String(properties.parameters?.description), /Since API version 6 \(unknown\)\.$/);
  assert.match(String(properties.dependencies?.description), /Since API version 1 \(inferred\)\. Known up to .* 2\.$/);
});

test("every key that a manifest may have at its top has a description", () => {
  const schema = jsonSchema("auterion-app");
  for (const part of ["then", "else"]) {
    const { properties } = schema[part] as { properties: Record<string, JsonSchema> };
    for (const [key, { description }] of Object.entries(properties)) assert.ok(description, `${part} ${key}`);
  }
});

test("a validator takes the schemas, and by them the manifests that are public", async (t) => {
  if (!(await requireJsonSchema(t)) || !(await requirePyYaml(t))) return;
  const names = readdirSync(fixtures).filter((name) => name !== "zerotier-bare");
  assert.equal(names.length, 15);
  const read = (file: string) => readFileSync(file, "utf8");
  const manifests = [
    ...names.map((name) => read(join(fixtures, name, "auterion-app.yml"))),
    read(join(GALLERY, "auterion-app.yml")),
    `${HEAD.replace("version: 3", "version: 0")}compose: {services: {one: {build: a}}}
`,
  ];
  assert.deepEqual(
    await faults("auterion-app", manifests),
    manifests.map(() => []),
  );
  assert.deepEqual(await faults("aircrate", [read(join(GALLERY, "aircrate.yml"))]), [[]]);
});

test("a validator refuses what a build refuses, and marks keys that are not known", async (t) => {
  if (!(await requireJsonSchema(t)) || !(await requirePyYaml(t))) return;
  const wrong: [text: string, place: string][] = [
    [HEAD.replace("1.0.0", "1.0") + SERVICE, "app-version"],
    [HEAD.replace("1.0.0", "1.0+git") + SERVICE, "app-version"],
    [HEAD.replace("version: 3", "version: 8") + SERVICE, "auterion-api-version"],
    [HEAD.replace("version: 3", "version: 0") + SERVICE, ""],
    [`${HEAD}services: {one: {biuld: a}}\n`, "services/one"],
    [
      `${HEAD}${SERVICE}compose-override: {services: {one: {depends_on: 1}}}\n`,
      "compose-override/services/one/depends_on",
    ],
  ];
  const found = await faults(
    "auterion-app",
    wrong.map(([text]) => text),
  );
  for (const [i, [text, place]] of wrong.entries()) assert.ok(found[i]?.includes(place), `${text}\n${found[i]}`);
  const images = ["images: {one: {from: a, layer: []}}\n", "images: {scratch: {from: a}}\n", "tag: a/b\n"];
  for (const one of await faults("aircrate", images)) assert.notDeepEqual(one, []);
});

/** Places of what a validator finds wrong in each of some YAML texts. */
function faults(name: (typeof SCHEMA_NAMES)[number], texts: readonly string[]): Promise<string[][]> {
  const script = `
import jsonschema, yaml
jsonschema.Draft7Validator.check_schema(data['schema'])
validator = jsonschema.Draft7Validator(data['schema'])
def plain(value):
    return json.loads(json.dumps(yaml.safe_load(value)))
answer = [['/'.join(map(str, e.path)) for e in validator.iter_errors(plain(text))] for text in data['texts']]`;
  return python(script, { schema: jsonSchema(name), texts });
}

function* maps(value: unknown): Generator<JsonSchema> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as JsonSchema;
  for (const inner of Object.values(value)) yield* maps(inner);
}
