const UNITS = ["kB", "MB", "GB", "TB"];

/** Bytes for people, in powers of 1000 as registries count: `512 B`, `40.2 MB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  let value = size;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.95 && unit < UNITS.length - 1);
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}
