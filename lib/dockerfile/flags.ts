import { suggest } from "../suggest.ts";
import { fault } from "./fault.ts";

/** How a flag is written: `--link[=true|false]`, `--chown=TEXT`, or `--exclude=TEXT` any number of times. */
export type FlagForm = "boolean" | "text" | "list";

export interface Flags {
  /** The value of a text flag; undefined when it is absent or blank, which mean the same. */
  text(name: string): string | undefined;
  on(name: string): boolean;
  has(name: string): boolean;
  list(name: string): readonly string[];
}

/** @throws AircrateError input: unknown, twice, without its value */
export function readFlags(flags: readonly string[], forms: ReadonlyMap<string, FlagForm>, where: string): Flags {
  const values = new Map<string, string[]>();
  for (const flag of flags) {
    const equals = flag.indexOf("=");
    const name = flag.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? undefined : flag.slice(equals + 1);
    const form = forms.get(name);
    if (form === undefined) throw unknown(name, forms, where);
    const before = values.get(name) ?? [];
    if (before.length > 0 && form !== "list") throw fault(where, `the flag --${name} is given twice`);
    values.set(name, [...before, checkedValue(name, form, { value, where })]);
  }
  return {
    text: (name) => values.get(name)?.[0] || undefined,
    on: (name) => values.get(name)?.[0] === "true",
    has: (name) => values.has(name),
    list: (name) => values.get(name) ?? [],
  };
}

function checkedValue(
  name: string,
  form: FlagForm,
  given: { readonly value: string | undefined; readonly where: string },
) {
  const { value, where } = given;
  if (form !== "boolean") {
    if (value === undefined) throw fault(where, `the flag --${name} needs a value`, { hint: `write --${name}=VALUE` });
    return value;
  }
  const state = value === undefined ? "true" : value.toLowerCase();
  if (state === "true" || state === "false") return state;
  throw fault(where, `the flag --${name} is true or false, not "${value}"`);
}

function unknown(name: string, forms: ReadonlyMap<string, FlagForm>, where: string): Error {
  const names = [...forms.keys()];
  const meant = suggest(name, names);
  const known = names.length === 0 ? "it takes no flags" : `it takes ${names.map((n) => `--${n}`).join(", ")}`;
  return fault(where, `the instruction has no flag --${name}`, {
    reason: known,
    ...(meant !== undefined && { hint: `did you mean --${meant}?` }),
  });
}
