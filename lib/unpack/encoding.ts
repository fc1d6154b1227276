import type { Encoding } from "../../spec/inspection.ts";

/** Bytes that are enough to tell an encoding. */
export const MAGIC_SIZE = 10;

/** First byte of a skippable frame, but for its lowest four bits (RFC 8878, section 3.1.2). */
const SKIPPABLE = 0x50;

const MAGIC: readonly (readonly [Encoding, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  // All of it: three letters and a digit may as well begin the first name in a tar file.
  ["bzip2", [0x42, 0x5a, 0x68, -1, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
];

/** How bytes are packed, by what they begin with: container engines go by the same, whatever a media type says. */
export function encodingOf(start: Uint8Array): Encoding {
  for (const [name, magic] of MAGIC) if (magic.every((byte, i) => byte < 0 || start[i] === byte)) return name;
  // Parallel packers begin with a frame that decoders pass over.
  const skippable = (start[0]! & 0xf0) === SKIPPABLE && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18;
  return skippable ? "zstd" : "plain";
}
