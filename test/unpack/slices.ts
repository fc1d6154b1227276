/** The bytes in pieces of that size, the last one shorter. */
export function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** All that a decoder gives. */
export function unpacked(parts: Iterable<Uint8Array>): Buffer {
  return Buffer.concat([...parts].map((part) => Buffer.from(part)));
}
