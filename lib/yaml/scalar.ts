/**
 * What a plain (unquoted) scalar means. The rules are those of PyYAML, which Auterion's tool and the devices read
 * manifests with: YAML 1.1 (yaml.org/type) with its narrower booleans (no y and n) and floats (an exponent needs a point
 * before and a sign after the e).
 */
export type PlainScalar =
  | { readonly kind: "string" }
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "integer"; readonly value: number; readonly sexagesimal: boolean }
  | { readonly kind: "float"; readonly value: number; readonly sexagesimal: boolean }
  /** A date, `=` or a number of no digits: nothing that JSON has. */
  | { readonly kind: "other"; readonly name: string };

const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const BINARY = /^[-+]?0b[01_]+$/;
const OCTAL = /^[-+]?0[0-7_]+$/;
const HEX = /^[-+]?0x[0-9a-fA-F_]+$/;
const DECIMAL = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const SEXAGESIMAL = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
const FLOAT = /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$/;
const SEXAGESIMAL_FLOAT = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIMESTAMP =
  /^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?$/;

const STRING: PlainScalar = { kind: "string" };

export function resolvePlain(text: string): PlainScalar {
  if (NULL.test(text)) return { kind: "null" };
  if (TRUE.test(text)) return { kind: "boolean", value: true };
  if (FALSE.test(text)) return { kind: "boolean", value: false };
  if (text === "=") return { kind: "other", name: "the value key" };
  if (!/^[-+.0-9]/.test(text)) return STRING;
  return resolveInteger(text) ?? resolveFloat(text) ?? resolveDate(text) ?? STRING;
}

export function resolveInteger(text: string): PlainScalar | undefined {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const sign = text.startsWith("-") ? -1 : 1;
  const integer = (value: number, sexagesimal = false): PlainScalar =>
    Number.isNaN(value)
      ? { kind: "other", name: "a number without digits" }
      : // The + 0 turns -0 into 0: the integers know only one zero.
        { kind: "integer", value: sign * value + 0, sexagesimal };
  if (BINARY.test(text)) return integer(Number.parseInt(digits.slice(2), 2));
  if (HEX.test(text)) return integer(Number.parseInt(digits.slice(2), 16));
  if (DECIMAL.test(text)) return integer(Number(digits));
  if (OCTAL.test(text)) return integer(Number.parseInt(digits, 8));
  if (SEXAGESIMAL.test(text)) return integer(base60(digits), true);
  return undefined;
}

export function resolveFloat(text: string): PlainScalar | undefined {
  if (NOT_FINITE.test(text)) return { kind: "other", name: "a number without end" };
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const sign = text.startsWith("-") ? -1 : 1;
  const float = (value: number, sexagesimal = false): PlainScalar =>
    Number.isFinite(value)
      ? { kind: "float", value: sign * value, sexagesimal }
      : { kind: "other", name: "a number without end" };
  if (FLOAT.test(text)) return float(Number(digits));
  if (SEXAGESIMAL_FLOAT.test(text)) return float(base60(digits), true);
  return undefined;
}

function resolveDate(text: string): PlainScalar | undefined {
  return DATE.test(text) || TIMESTAMP.test(text) ? { kind: "other", name: "a date" } : undefined;
}

/** 1:30:00 is 5400. Summed from the last digit up, as PyYAML does: with fractions the order shows. */
function base60(digits: string): number {
  let value = 0;
  let base = 1;
  for (const digit of digits.split(":").reverse()) {
    value += Number(digit) * base;
    base *= 60;
  }
  return value;
}
