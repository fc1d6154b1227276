/** A sequence of numbers that only looks random (mulberry32), so that a failure comes back. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A text of up to `length` pieces. */
export function text(next: (below: number) => number, pieces: readonly string[], length: number): string {
  return Array.from({ length: next(length + 1) }, () => pieces[next(pieces.length)]!).join("");
}
