import type { Parameter, ParameterType } from "../../spec/auterion-app.ts";
import type { YamlProblem } from "../yaml/problems.ts";
import type { YamlDocument } from "../yaml/read.ts";

/** Checks that the keys of each app parameter agree (docs.auterion.com, "App Parameters"). */
export function checkParameters(parameters: readonly Parameter[], document: YamlDocument): YamlProblem[] {
  return parameters.flatMap((parameter, i) => {
    const problems: YamlProblem[] = [];
    const at = (key: string) => document.locate(`/parameters/${i}/${key}`);
    const { name, type } = parameter;
    if (!fits(parameter.default, type)) {
      const message = `\`default\` of parameter \`${name}\` is not of its type, ${type}`;
      problems.push({ line: at("default"), message });
    }
    if (parameter.enum_values !== undefined && type !== "int64") {
      const message = `\`enum_values\` of parameter \`${name}\` needs type int64, found ${type}`;
      problems.push({ line: at("enum_values"), message });
    }
    return problems;
  });
}

function fits(value: Parameter["default"], type: ParameterType): boolean {
  // How a manifest writes bytes is not public: any list will do.
  if (type === "byte[]") return Array.isArray(value);
  if (type.endsWith("[]")) return Array.isArray(value) && value.every((item) => fitsScalar(item, type.slice(0, -2)));
  return fitsScalar(value, type);
}

function fitsScalar(value: unknown, type: string): boolean {
  switch (type) {
    case "bool":
      return typeof value === "boolean";
    case "int64":
      return Number.isInteger(value);
    case "float64":
      return typeof value === "number";
    default:
      return typeof value === "string";
  }
}
