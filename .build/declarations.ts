/**
 * The types of the library in one file that needs no other: those of `lib/index.ts`, with their docstrings. What the
 * compiler writes by itself would lead through all of `lib` and to the types of dependencies, which are not published.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import {
  API,
  type Checker,
  isClassOrInterfaceType,
  isTypeReference,
  isUnionType,
  type Signature,
  SignatureKind,
  SymbolFlags,
  type Type,
  TypeFlags,
  type Symbol as TypeSymbol,
} from "typescript/unstable/sync";
import { commentOf, memberComment } from "./comments.ts";

/** @param root folder of the project @throws Error when a type cannot be written by itself */
export function declarationsOf(root: string, entry: string): string {
  const api = new API({ cwd: root });
  try {
    const config = path.join(root, "tsconfig.json");
    const [project] = api.updateSnapshot({ openProject: config }).getProjects();
    const source = project?.program.getSourceFile(path.join(root, entry));
    const module = source && project?.checker.getSymbolAtLocation(source);
    if (project === undefined || module === undefined) throw new Error(`${entry} is not in the project`);
    const [head = ""] = /^\/\*\*.*?\*\//s.exec(readFileSync(path.join(root, entry), "utf8")) ?? [];
    return `${head}\n\n${writeModule(project.checker, module)}`;
  } finally {
    api.close();
  }
}

function writeModule(checker: Checker, module: TypeSymbol): string {
  const exported = checker
    .getExportsOfModule(module)
    .map((symbol) => ({ name: symbol.name, symbol: targetOf(symbol, checker) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Map<number, string>();
  for (const { name, symbol } of exported) {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    if (symbol.flags & TYPES) names.set(type.id, name);
  }
  const writer = createWriter(checker, names);
  return `${exported.map(({ name, symbol }) => writer.declaration(name, symbol)).join("\n\n")}\n`;
}

const TYPES = SymbolFlags.Interface | SymbolFlags.TypeAlias | SymbolFlags.Class;

function undefinedLast(a: string, b: string): number {
  return Number(a === "undefined") - Number(b === "undefined");
}

function targetOf(symbol: TypeSymbol, checker: Checker): TypeSymbol {
  return symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** @param names types that are exported, by their numbers: what else refers to them does it by name */
function createWriter(checker: Checker, names: ReadonlyMap<number, string>) {
  return { declaration };

  function declaration(name: string, symbol: TypeSymbol): string {
    const doc = commentOf(checker, symbol, "");
    if (symbol.flags & SymbolFlags.Class) return `${doc}export declare class ${name} ${classBody(symbol)}`;
    if (symbol.flags & TYPES) return `${doc}export ${namedType(name, checker.getDeclaredTypeOfSymbol(symbol))}`;
    const type = checker.getTypeOfSymbol(symbol)!;
    const [signature] = checker.getSignaturesOfType(type, SignatureKind.Call);
    if (signature !== undefined) return `${doc}export declare function ${name}${signatureText(signature, ": ", "")};`;
    return `${doc}export declare const ${name}: ${text(type, "")};`;
  }

  function namedType(name: string, type: Type): string {
    return type.flags & TypeFlags.Object && checker.getIndexInfosOfType(type).length === 0
      ? `interface ${name} ${body(ownFirst(type), "")}`
      : `type ${name} =${structure(type, "").replace(/^(?!\n)/, " ")};`;
  }

  /** What an interface adds to others tells more of it than what it has from them. */
  function ownFirst(type: Type): readonly TypeSymbol[] {
    const own = new Set([...(type.getSymbol()?.getMembers().values() ?? [])].map(({ name }) => name));
    const all = checker.getPropertiesOfType(type);
    return [...all.filter(({ name }) => own.has(name)), ...all.filter(({ name }) => !own.has(name))];
  }

  function classBody(symbol: TypeSymbol): string {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const [base] = isClassOrInterfaceType(type) ? checker.getBaseTypes(type) : [];
    const inherited = new Set(base === undefined ? [] : checker.getPropertiesOfType(base).map(({ name }) => name));
    const own = checker.getPropertiesOfType(type).filter(({ name }) => !inherited.has(name));
    const [construct] = checker.getSignaturesOfType(checker.getTypeOfSymbol(symbol)!, SignatureKind.Construct);
    const parameters = construct === undefined ? "()" : parametersText(construct, "  ");
    const members = body(own, "").replace(/}$/, `  constructor${parameters};\n}`);
    return base === undefined ? members : `extends ${text(base, "")} ${members}`;
  }

  function body(properties: readonly TypeSymbol[], indent: string): string {
    const inner = `${indent}  `;
    const members = properties.map((property) => {
      const type = checker.getTypeOfSymbol(property)!;
      const optional = property.flags & SymbolFlags.Optional ? "?" : "";
      const name = /^[\w$]+$/.test(property.name) ? property.name : JSON.stringify(property.name);
      const key = `${isReadonly(property) ? "readonly " : ""}${name}${optional}`;
      return `${commentOf(checker, property, inner)}${inner}${key}: ${text(type, inner, optional !== "")};\n`;
    });
    return `{\n${members.join("")}${indent}}`;
  }

  /** @param defined without `undefined`, which a `?` says already */
  function text(type: Type, indent: string, defined = false): string {
    const name = names.get(type.id);
    if (name !== undefined) return name;
    return structure(type, indent, defined);
  }

  function structure(type: Type, indent: string, defined = false): string {
    if (isUnionType(type)) return unionText(type.getTypes(), indent, defined);
    if (!(type.flags & TypeFlags.Object)) return checker.typeToString(type);
    if (checker.isArrayType(type) && isTypeReference(type)) {
      const [element] = checker.getTypeArguments(type);
      const item = text(element!, indent);
      const open = type.getSymbol()?.name === "ReadonlyArray" ? "readonly " : "";
      return `${open}${/ \| |=>/.test(item.replace(/\{.*\}/s, "")) ? `(${item})` : item}[]`;
    }
    const [signature] = checker.getSignaturesOfType(type, SignatureKind.Call);
    if (signature !== undefined) return signatureText(signature, " => ", indent);
    if (isForeign(type)) return foreignText(type, indent);
    const [index] = checker.getIndexInfosOfType(type);
    if (index !== undefined) {
      const key = `${index.isReadonly ? "readonly " : ""}[key: ${text(index.keyType, indent)}]`;
      return `{ ${key}: ${text(index.valueType, indent)} }`;
    }
    return body(checker.getPropertiesOfType(type), indent);
  }

  function unionText(types: readonly Type[], indent: string, defined: boolean): string {
    const kept = types.filter((type) => !(defined && type.flags & TypeFlags.Undefined));
    const parts = kept.map((type) => {
      const part = text(type, indent);
      return /^\(.*=>/.test(part) && kept.length > 1 ? `(${part})` : part;
    });
    // `boolean` is a union of its two values.
    if (parts.includes("true") && parts.includes("false")) parts.splice(parts.indexOf("true"), 1, "boolean");
    const shown = parts.filter((part) => part !== "false" || !parts.includes("boolean"));
    const docs = kept.map((type) => (names.has(type.id) ? "" : memberComment(type, indent)));
    if (docs.every((doc) => doc === "")) return shown.sort(undefinedLast).join(" | ");
    return shown.map((part, i) => `\n${docs[i]}${indent}  | ${part.replace(/\n/g, "\n    ")}`).join("");
  }

  function signatureText(signature: Signature, arrow: string, indent: string): string {
    const result = checker.getReturnTypeOfSignature(signature)!;
    return `${parametersText(signature, indent)}${arrow}${text(result, indent)}`;
  }

  function parametersText(signature: Signature, indent: string): string {
    const parameters = signature.getParameters().map((parameter) => {
      const type = checker.getTypeOfSymbol(parameter)!;
      const optional = isOptionalParameter(parameter);
      return `${parameter.name}${optional ? "?" : ""}: ${text(type, indent, optional)}`;
    });
    return `(${parameters.join(", ")})`;
  }

  /** A type of the language or of Node, which every program has. */
  function isForeign(type: Type): boolean {
    const { name = "", declarations: [declared] = [] } = type.getSymbol() ?? {};
    return name !== "__type" && /^bundled:|\/node_modules\/@?(?:typescript|types\/node)\//.test(declared?.path ?? "");
  }

  function foreignText(type: Type, indent: string): string {
    const args = isTypeReference(type) ? checker.getTypeArguments(type) : [];
    const name = type.getSymbol()!.name;
    // Later versions of the language have given them parameters, which older ones do not know.
    if (args.length === 0 || name === "Uint8Array") return name;
    return `${name}<${args.map((arg) => text(arg, indent)).join(", ")}>`;
  }

  function isReadonly(symbol: TypeSymbol): boolean {
    return /^(?:override\s+)?readonly\s/.test(sourceOf(symbol));
  }

  function isOptionalParameter(symbol: TypeSymbol): boolean {
    const declared = sourceOf(symbol);
    return /^\w+\?:/.test(declared) || /=(?!>)/.test(declared);
  }

  function sourceOf(symbol: TypeSymbol): string {
    return symbol.declarations[0]?.resolve()?.getText() ?? "";
  }
}
