import { AircrateError } from "./error.ts";

/** Seconds: the longest wait that can be asked for. */
export const DAY = 86_400;

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly whole?: boolean;
}

/**
 * A number that has to be in a range.
 *
 * @param name what the error calls it
 * @throws AircrateError usage
 */
export function within(value: number, name: string, { from, to, whole = false }: Range): number {
  if (value >= from && value <= to && (!whole || Number.isInteger(value))) return value;
  throw new AircrateError("usage", `${name} is not a ${whole ? "whole number" : "number"} from ${from} to ${to}`);
}
