/** A sequence of numbers that only looks random, each below the bound: the generator of "Numerical Recipes". */
export function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Bytes without any pattern: deflate cannot make them smaller. */
export function noise(seed: number, size: number): Buffer {
  const next = seeded(seed);
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i += 1) bytes[i] = next(256);
  return bytes;
}

/** Lines that compress about as well as program text. */
export function prose(seed: number, size: number): Buffer {
  const next = seeded(seed);
  const words = ["camera", "gallery", "return", "if (x)", "picture", "{", "}", "0x1f", "service", "\n  ", "drone"];
  let text = "";
  while (text.length < size) text += next(40) === 0 ? `${next(1_000_000)} ` : `${words[next(words.length)]} `;
  return Buffer.from(text.slice(0, size));
}

/** The bytes in pieces of the given size, the last one shorter; of several sizes in turn. */
export async function* inChunks(bytes: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
