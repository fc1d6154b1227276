const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes for people, in powers of 1000 as registries count: `512 B`, `40.2 MB`. */
export function bytes(size: number): string {
  const unit = unitOf(size);
  return `${inUnit(size, unit)} ${UNITS[unit]}`;
}

/** `12.4 of 29.1 MB` */
export function bytesOf(done: number, size: number): string {
  return `${inUnit(done, unitOf(size))} of ${bytes(size)}`;
}

function unitOf(size: number): number {
  const larger = UNITS.findIndex((_, unit) => size < (unit === 0 ? 1000 : 999.95 * 1000 ** unit));
  return larger < 0 ? UNITS.length - 1 : larger;
}

function inUnit(size: number, unit: number): string {
  return unit === 0 ? String(size) : (size / 1000 ** unit).toFixed(1);
}
