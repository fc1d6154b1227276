import type { Static, TObject, TProperties, TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { decode, SpecError } from "../../spec/decode.ts";
import type { Finding } from "../../spec/inspection.ts";
import { isMap, mapOf } from "../yaml/value.ts";
import type { Member } from "./archive.ts";

/** A document of a file as far as it could be read. */
export type Read<T> = { readonly value: T } | { readonly faults: readonly Finding[] };

/** The JSON value in bytes. */
export function readJson(bytes: Uint8Array | undefined, where: string): Read<unknown> {
  if (bytes === undefined) return { faults: [{ where, message: "is no JSON document, or too large for one" }] };
  if (depth(bytes) > MAX_DEPTH) return { faults: [{ where, message: `is nested more than ${MAX_DEPTH} deep` }] };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch (error) {
    return { faults: [{ where, message: `is not JSON: ${(error as Error).message}` }] };
  }
}

/** Deeper ones end in an overflow of the stack as soon as they are printed. */
const MAX_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = [0x5b, 0x7b];
const CLOSE = [0x5d, 0x7d];

/** How deep arrays and objects are nested in JSON bytes. */
function depth(bytes: Uint8Array): number {
  let level = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (quoted) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (OPEN.includes(byte)) {
      level += 1;
      deepest = Math.max(deepest, level);
    } else if (CLOSE.includes(byte)) level -= 1;
  }
  return deepest;
}

/** The document in bytes, checked against its schema. */
export function readDocument<S extends TSchema>(
  schema: S,
  bytes: Uint8Array | undefined,
  where: string,
): Read<Static<S>> {
  const json = readJson(bytes, where);
  return "faults" in json ? json : checkDocument(schema, json.value, where);
}

export function checkDocument<S extends TSchema>(schema: S, value: unknown, where: string): Read<Static<S>> {
  try {
    return { value: decode(schema, value) };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return {
      faults: error.problems.map(({ pointer, message }) => ({
        where,
        message: pointer === "" ? message : `${pointer}: ${message}`,
      })),
    };
  }
}

/** The keys of a document that have the form its schema demands; the others are left out. */
export function pickValid<P extends TProperties>(schema: TObject<P>, value: unknown): Partial<Static<TObject<P>>> {
  if (!isMap(value)) return {};
  const valid = Object.keys(schema.properties).filter(
    (key) => Object.hasOwn(value, key) && Check(schema.properties[key]!, value[key]),
  );
  return mapOf(valid.map((key) => [key, value[key]] as const)) as Partial<Static<TObject<P>>>;
}

/** Bytes of a member that may be a document. */
export function documentOf(member: Member | undefined): Uint8Array | undefined {
  return member?.blob?.document;
}
