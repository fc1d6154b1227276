/** Bytes that do not pack; a seed always gives the same ones. */
export function noise(seed: number, size: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed + 1;
  for (let i = 0; i < words.length; i += 1) {
    // The generator of "Numerical Recipes", in 32 bits; its low bits repeat soon.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state ^ (state >>> 16);
  }
  return Buffer.from(words.buffer, 0, size);
}
