import { AircrateError } from "../lib/error.ts";

const DURATIONS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90m`, `12h` or `30d` in milliseconds. @throws AircrateError usage */
export function parseDuration(text: string): number {
  const [, number, unit = ""] = /^(\d{1,9})([mhd])$/.exec(text) ?? [];
  const factor = DURATIONS[unit];
  if (number !== undefined && factor !== undefined) return Number(number) * factor;
  throw new AircrateError("usage", `"${text}" is no duration`, { hint: "write it as 90m, 12h or 30d" });
}

const PREFIXES = ["", "k", "m", "g", "t"];

/** `5GB` (powers of 1000), `5GiB` (powers of 1024) or a number of bytes. @throws AircrateError usage */
export function parseSize(text: string): number {
  const [, number, prefix = "", binary] = /^(\d{1,12}(?:\.\d{1,3})?)(?:([kmgt])(i)?)?b?$/i.exec(text) ?? [];
  const size = Number(number) * (binary === undefined ? 1000 : 1024) ** PREFIXES.indexOf(prefix.toLowerCase());
  if (number !== undefined && Number.isSafeInteger(Math.floor(size))) return Math.floor(size);
  throw new AircrateError("usage", `"${text}" is no size`, { hint: "write it as 500MB, 5GB or 5GiB" });
}
