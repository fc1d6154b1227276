import { type SchemaOptions, type TObject, type TProperties, type TSchema, Type } from "@sinclair/typebox";
import type { TrapCode } from "./traps.ts";

/** How sure the project is of a rule: read in a public source, concluded from several, or only seen in use. */
export type Certainty = "known" | "inferred" | "unknown";

/**
 * Keywords that these schemas carry beyond JSON Schema. Validators ignore what they do not know, so the schemas stay
 * valid for editors.
 */
export interface Keywords {
  /** First API version (`auterion-api-version`) that has this key. */
  readonly since?: number;
  /** How sure `since` is; "known" when absent. */
  readonly sinceCertainty?: Certainty;
  /** Last API version of which the key is known; later ones may have dropped it. */
  readonly seenUntil?: number;
  /** An inferred pattern: a text that does not match is unusual, not wrong. */
  readonly likely?: string;
  /** The legal form in words, for messages: "expected `form`, found …". */
  readonly form?: string;
  /** The documented trap that a text of another form is. */
  readonly trap?: TrapCode;
  /** The legal form of the keys of a map, in words. */
  readonly keyForm?: string;
  /** Keys may be whole numbers in YAML. */
  readonly integerKeys?: boolean;
  /** The list of keys is known to be incomplete: an unknown one is unusual, not wrong. */
  readonly openKeys?: boolean;
}

export type Options = SchemaOptions & Keywords;

/** A map with these keys and no other. */
export function closed<P extends TProperties>(properties: P, options: Options = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

export interface DictOptions extends Options {
  /** Regular expression that every key has to match; without it any key will do. */
  readonly keys?: string;
}

/** A map from names that the user chooses to values of one form. */
export function dict<S extends TSchema>(value: S, options: DictOptions = {}) {
  const { keys = "^[\\s\\S]*$", ...rest } = options;
  return Type.Record(Type.String({ pattern: keys }), value, { additionalProperties: false, ...rest });
}
