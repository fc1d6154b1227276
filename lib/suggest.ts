/** Longer words and later candidates are not compared: what a hostile file holds must not cost quadratic time. */
const MAX_LENGTH = 64;
const MAX_CANDIDATES = 200;

/**
 * The candidate that `word` was most likely meant to be, or undefined when none is near. The earliest of equally near
 * ones wins.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const folded = fold(word);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of candidates) {
    compared += 1;
    if (compared > MAX_CANDIDATES) break;
    if (candidate.length > MAX_LENGTH) continue;
    const distance = editDistance(folded, fold(candidate));
    if (distance < bestDistance && distance <= tolerance(word, candidate)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ``: did you mean `services`?`` or nothing: the end of a message about an unknown word. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const best = suggest(word, candidates);
  return best === undefined ? "" : `: did you mean \`${best}\`?`;
}

/** Case and the choice between `-` and `_` are what people get wrong most; they count as no difference. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll("_", "-");
}

function tolerance(word: string, candidate: string): number {
  const length = Math.max(word.length, candidate.length);
  return length <= 3 ? 1 : length <= 7 ? 2 : 3;
}

/**
 * Damerau-Levenshtein distance in its restricted form: insertions, deletions, substitutions and swaps of neighbours,
 * no part edited twice.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const equal = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (equal ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
