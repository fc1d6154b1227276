import { RegistriesFile, type RegistryRules } from "../../spec/registries.ts";
import { canonicalPrefix, type Registries, type RegistryRule } from "../registry/mirrors.ts";
import { decodeYaml } from "../yaml/decode.ts";
import { problemsError, type YamlProblem } from "../yaml/problems.ts";
import { readYaml, type YamlDocument } from "../yaml/read.ts";
import { child } from "../yaml/value.ts";
import { exists } from "./files.ts";

/**
 * Reads the user's own file about registries.
 *
 * @returns no rules when there is none
 * @throws AircrateError input; unreachable: it cannot be read
 */
export async function readRegistriesFile(file: string): Promise<Registries> {
  if (!(await exists(file))) return new Map();
  const document = await readYaml(file);
  const problems: YamlProblem[] = [];
  const rules = readRules(decodeYaml(RegistriesFile, document).registries ?? {}, document, problems);
  if (problems.length > 0) throw problemsError(document.file, problems);
  return rules;
}

/** Reads the value of `/registries` of a document; what the schema cannot say is added to the problems. */
export function readRules(rules: RegistryRules, document: YamlDocument, problems: YamlProblem[]): Registries {
  const registries = new Map<string, RegistryRule>();
  for (const [key, { mirrors = [], insecure = false, fallback = true }] of Object.entries(rules)) {
    const at = child("/registries", key);
    const report = (pointer: string, message: string) =>
      void problems.push({ line: document.locate(pointer), message });
    const prefix = canonicalPrefix(key);
    if (prefix === undefined) report(at, `\`${key}\` is not the address of a registry`);
    else if (registries.has(prefix)) report(at, `\`${key}\` is another name of a registry above`);
    else registries.set(prefix, { mirrors, insecure, fallback });
    for (const [i, mirror] of mirrors.entries()) {
      const legal = canonicalPrefix(mirror) !== undefined;
      if (!legal) report(child(child(at, "mirrors"), i), `\`${mirror}\` is not the address of a registry`);
    }
    if (insecure && key.includes("/")) {
      report(child(at, "insecure"), "`insecure` is for a whole registry, not for some of its repositories");
    }
    if (!fallback && mirrors.length === 0) report(child(at, "fallback"), "without mirrors nobody is left to ask");
  }
  return registries;
}
