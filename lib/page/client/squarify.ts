export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Parts a rectangle so that each size gets its share of the area, row after row along the shorter side, in rectangles
 * that are as near to squares as that allows (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000).
 *
 * @param sizes the largest first, none of them 0
 */
export function squarify(sizes: readonly number[], rect: Rect): Rect[] {
  const rects: Rect[] = [];
  let left = rect;
  let rest = total(sizes);
  for (let start = 0; start < sizes.length; ) {
    const scale = (left.width * left.height) / rest;
    const row = sizes.slice(start, rowEnd(sizes, start, { side: Math.min(left.width, left.height), scale }));
    const share = total(row) / rest;
    rects.push(...layRow(row, left, share));
    left = without(left, share);
    rest -= total(row);
    start += row.length;
  }
  return rects;
}

/** A row grows for as long as its flattest rectangle becomes no flatter. */
function rowEnd(sizes: readonly number[], start: number, { side, scale }: { side: number; scale: number }): number {
  let end = start + 1;
  let sum = sizes[start]!;
  let best = Number.POSITIVE_INFINITY;
  for (; end <= sizes.length; end += 1) {
    const thickness = (sum * scale) / side;
    const ratio = (size: number) => (size * scale) / thickness ** 2;
    const worst = Math.max(ratio(sizes[start]!), 1 / ratio(sizes[end - 1]!));
    if (worst > best) return end - 1;
    best = worst;
    sum += sizes[end] ?? 0;
  }
  return sizes.length;
}

function layRow(row: readonly number[], { x, y, width, height }: Rect, share: number): Rect[] {
  const sum = total(row);
  let before = 0;
  return row.map((size) => {
    const [start, part] = [before / sum, size / sum];
    before += size;
    return width >= height
      ? { x, y: y + start * height, width: width * share, height: height * part }
      : { x: x + start * width, y, width: width * part, height: height * share };
  });
}

function without({ x, y, width, height }: Rect, share: number): Rect {
  return width >= height
    ? { x: x + width * share, y, width: width * (1 - share), height }
    : { x, y: y + height * share, width, height: height * (1 - share) };
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
