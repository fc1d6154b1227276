/** The schemas of what users write, in plain JSON Schema for editors (draft-07, which the YAML language server takes). */
import type { TSchema } from "@sinclair/typebox";
import { AircrateYml } from "./aircrate-yml.ts";
import { AuterionApp, AuterionApp0 } from "./auterion-app.ts";
import type { Keywords } from "./keywords.ts";
import type { SchemaName } from "./schema-names.ts";

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const DRAFT = "http://json-schema.org/draft-07/schema#";

/** The schema of `auterion-app.yml` or of `aircrate.yml`. */
export function jsonSchema(name: SchemaName): JsonSchema {
  if (name === "aircrate") {
    return { $schema: DRAFT, title: "aircrate.yml", ...convert(AircrateYml) };
  }
  return {
    $schema: DRAFT,
    title: "auterion-app.yml",
    description: "Application of AuterionOS, API versions 0 to 7. API versions 5 to 7 have no published schema.",
    type: "object",
    if: { properties: { "auterion-api-version": { const: 0 } }, required: ["auterion-api-version"] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word beside `if`; it is no function, so that nothing can await it
    then: convert(AuterionApp0),
    else: convert(AuterionApp),
  };
}

/** Keywords of this project, of which validators know nothing; what they say goes into the description. */
const OWN: readonly (keyof Keywords)[] = [
  "since",
  "sinceCertainty",
  "seenUntil",
  "likely",
  "form",
  "trap",
  "keyForm",
  "integerKeys",
  "openKeys",
];

function convert(schema: TSchema): JsonSchema {
  const description = describe(schema);
  const plain = Object.entries(schema).filter(([key]) => key !== "description" && !OWN.includes(key as keyof Keywords));
  return {
    ...(description !== "" && { description }),
    ...Object.fromEntries(plain.map(([key, value]) => [key, convertKeyword(key, value)])),
  };
}

function convertKeyword(key: string, value: unknown): unknown {
  if (key === "properties" || key === "patternProperties") {
    return Object.fromEntries(Object.entries(value as TSchema).map(([name, inner]) => [name, convert(inner)]));
  }
  if (key === "anyOf") return (value as TSchema[]).map(convert);
  return key === "items" ? convert(value as TSchema) : value;
}

function describe({ description, since, sinceCertainty, seenUntil, form, keyForm }: TSchema & Keywords): string {
  const certainty = sinceCertainty === undefined || sinceCertainty === "known" ? "" : ` (${sinceCertainty})`;
  return [
    ...(typeof description === "string" ? [description] : []),
    ...(form === undefined ? [] : [`Form: ${form}.`]),
    ...(keyForm === undefined ? [] : [`Keys: ${keyForm}.`]),
    ...(since === undefined ? [] : [`Since API version ${since}${certainty}.`]),
    ...(seenUntil === undefined ? [] : [`Known up to API version ${seenUntil}.`]),
  ].join(" ");
}
