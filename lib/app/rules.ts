import { Kind, type TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { Keywords } from "../../spec/keywords.ts";
import { didYouMean } from "../suggest.ts";
import type { YamlProblem } from "../yaml/problems.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { child, isMap, type JsonValue, keysOf } from "../yaml/value.ts";

export interface Findings {
  readonly problems: YamlProblem[];
  readonly warnings: YamlProblem[];
}

/** Oldest AuterionOS that takes an API version, as far as docs.auterion.com says. */
const MINIMUM_OS: Readonly<Record<number, string>> = { 1: "2.7", 2: "2.10", 3: "3.2.9" };

/**
 * What the keywords of a schema say about a document that has already been decoded: keys of a later API version, and
 * what is unusual without being known to be wrong.
 */
export function checkRules(schema: TSchema, document: YamlDocument, apiVersion: number): Findings {
  const findings: Findings = { problems: [], warnings: [] };
  for (const { pointer, schema: rule, value } of annotated(schema, document.value, "")) {
    const before = rule.since !== undefined && rule.since > apiVersion;
    const after = rule.seenUntil !== undefined && rule.seenUntil < apiVersion;
    if (before || after) {
      const place = { line: document.locate(pointer), key: keysOf(pointer).at(-1) ?? "", apiVersion };
      checkVersion(rule, place, findings);
    }
    if (typeof value === "string" && rule.likely !== undefined && !new RegExp(rule.likely).test(value)) {
      const line = document.locate(pointer);
      findings.warnings.push({ line, message: `\`${value}\` is unusual: ${rule.form} is expected` });
    }
    if (rule.openKeys === true && isMap(value)) {
      for (const key of Object.keys(value)) {
        if (Object.hasOwn(rule.properties, key)) continue;
        const message = `unknown key \`${key}\`${didYouMean(key, Object.keys(rule.properties))}`;
        findings.warnings.push({ line: document.locate(child(pointer, key)), message, trap: "AC013" });
      }
    }
  }
  return findings;
}

interface Place {
  readonly line: number;
  readonly key: string;
  readonly apiVersion: number;
}

function checkVersion(rule: Keywords, { line, key, apiVersion }: Place, { problems, warnings }: Findings): void {
  if (rule.since !== undefined && rule.since > apiVersion) {
    const declared = `the manifest says ${apiVersion}`;
    const os = MINIMUM_OS[rule.since];
    if (rule.sinceCertainty === undefined || rule.sinceCertainty === "known") {
      problems.push({
        line,
        message: `key \`${key}\` came with API version ${rule.since}, ${declared}`,
        hint: `set auterion-api-version to ${rule.since}${os === undefined ? "" : ` (AuterionOS ${os} or later)`}, or remove \`${key}\``,
      });
    } else if (rule.sinceCertainty === "inferred") {
      warnings.push({ line, message: `key \`${key}\` probably came with API version ${rule.since}, ${declared}` });
    } else {
      warnings.push({ line, message: `key \`${key}\` is only seen from API version ${rule.since} on, ${declared}` });
    }
  }
  if (rule.seenUntil !== undefined && rule.seenUntil < apiVersion) {
    const message = `key \`${key}\` is only known up to API version ${rule.seenUntil}, the manifest says ${apiVersion}`;
    warnings.push({ line, message });
  }
}

interface Annotated {
  readonly pointer: string;
  readonly schema: TSchema & Keywords;
  readonly value: JsonValue;
}

/** Every value of a document with the schema that it fits. */
function* annotated(schema: TSchema, value: JsonValue, pointer: string): Generator<Annotated> {
  yield { pointer, schema, value };
  if (schema[Kind] === "Union") {
    const variant = (schema.anyOf as TSchema[]).find((one) => Check(one, value));
    if (variant !== undefined) yield* annotated(variant, value, pointer);
  } else if (schema[Kind] === "Array" && Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* annotated(schema.items, item, child(pointer, i));
  } else if (isMap(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const rule = ruleOf(schema, key);
      if (rule !== undefined) yield* annotated(rule, inner, child(pointer, key));
    }
  }
}

function ruleOf(schema: TSchema, key: string): TSchema | undefined {
  if (schema[Kind] === "Record") return Object.values<TSchema>(schema.patternProperties)[0];
  if (schema[Kind] !== "Object" || !Object.hasOwn(schema.properties, key)) return undefined;
  return schema.properties[key];
}
