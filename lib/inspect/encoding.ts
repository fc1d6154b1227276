import type { Encoding } from "../../spec/inspection.ts";

/** Bytes that are enough to tell an encoding. */
export const MAGIC_SIZE = 6;

const MAGIC: readonly (readonly [Encoding, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
];

/** How bytes are packed, by what they begin with: container engines go by the same, whatever a media type says. */
export function encodingOf(start: Uint8Array): Encoding {
  for (const [name, magic] of MAGIC) if (magic.every((byte, i) => start[i] === byte)) return name;
  return "plain";
}

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
