import { encodingOf } from "../unpack/encoding.ts";

const OTHERS: readonly (readonly [string, RegExp])[] = [
  ["a zip file", /^PK\x03\x04/],
  ["a program", /^(?:\x7fELF|MZ|#!)/],
  ["a JSON document", /^\s*[[{]/],
  ["a text", /^[\t\n\r\x20-\x7e]+$/],
];

/** In words, for a file that is none of those that are read here. */
export function describeContent(start: Uint8Array): string {
  if (start.length === 0) return "an empty file";
  const encoding = encodingOf(start);
  if (encoding !== "plain") return `a file packed with ${encoding}`;
  const text = Buffer.from(start.subarray(0, 64)).toString("latin1");
  return OTHERS.find(([, pattern]) => pattern.test(text))?.[0] ?? "neither a tar nor a gzip file";
}
