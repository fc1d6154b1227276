const UNITS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n],
  ["\u03bcs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

const PART = /(?:(\d+)(?:\.(\d*))?|\.(\d+))(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/**
 * Reads a duration as Go's time.ParseDuration does: `30s`, `1m30s`, `1.5h`, `0`.
 *
 * @returns nanoseconds, or undefined when it is no duration, negative or more than 104 days
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64) return undefined;
  const unsigned = text.startsWith("+") ? text.slice(1) : text;
  if (unsigned === "0") return 0;
  let total = 0n;
  let at = 0;
  while (at < unsigned.length) {
    PART.lastIndex = at;
    const match = PART.exec(unsigned);
    if (match === null) return undefined;
    const unit = UNITS.get(match[4]!)!;
    const fraction = match[2] ?? match[3] ?? "";
    total += BigInt(match[1] ?? "0") * unit + (BigInt(fraction || "0") * unit) / 10n ** BigInt(fraction.length);
    at = PART.lastIndex;
  }
  return at === 0 || total > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(total);
}

/** Writes nanoseconds as Go's time.Duration prints them: `1m30s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${decimal(nanoseconds, 3)}\u00b5s`;
  if (nanoseconds < 1e9) return `${decimal(nanoseconds, 6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${decimal(nanoseconds - minutes * 60e9, 9)}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

function decimal(value: number, places: number): string {
  const digits = String(value).padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
}
