import { AircrateError } from "../lib/error.ts";

const UNITS = ["", "k", "m", "g", "t"];

/** A size in bytes, as a user writes it: `1500`, `500MB` (10^6), `2GiB` (2^30), `1.5G`. @throws AircrateError usage */
export function parseSize(text: string): number {
  const [, amount, unit = "", binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?$/i.exec(text) ?? [];
  const factor = (binary === "" ? 1000 : 1024) ** UNITS.indexOf(unit.toLowerCase());
  const size =
    amount === undefined || (unit === "" && binary !== "") ? Number.NaN : Math.floor(Number(amount) * factor);
  if (size > 0 && Number.isSafeInteger(size)) return size;
  throw new AircrateError("usage", `${JSON.stringify(text.slice(0, 100))} is not a size`, {
    hint: "write it as 500MB or 2GiB",
  });
}
