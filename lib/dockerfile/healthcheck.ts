import { parseDuration } from "./duration.ts";
import { fault } from "./fault.ts";
import { type FlagForm, type Flags, readFlags } from "./flags.ts";
import { firstWord, jsonArray } from "./split.ts";
import type { Health } from "./types.ts";

const FLAGS: ReadonlyMap<string, FlagForm> = new Map([
  ["interval", "text"],
  ["timeout", "text"],
  ["start-period", "text"],
  ["start-interval", "text"],
  ["retries", "text"],
]);

const SHORTEST = 1_000_000;

/** Reads HEALTHCHECK: `NONE`, or options and `CMD` with a command in JSON or shell form. @throws AircrateError input */
export function readHealthcheck(given: readonly string[], rest: string, where: string): Health {
  const flags = readFlags(given, FLAGS, where);
  const [type, command] = firstWord(rest);
  if (type.toUpperCase() === "NONE") {
    if (command !== "") throw fault(where, "HEALTHCHECK NONE takes no arguments");
    return { test: ["NONE"] };
  }
  if (type.toUpperCase() !== "CMD") {
    throw fault(where, type === "" ? "HEALTHCHECK needs a command" : `HEALTHCHECK knows no "${type}"`, {
      hint: "write HEALTHCHECK CMD and a command, or HEALTHCHECK NONE",
    });
  }
  const argv = jsonArray(command, where);
  if (argv === undefined ? command === "" : argv.length === 0) throw fault(where, "HEALTHCHECK CMD needs a command");
  const interval = readTime(flags, "interval", where);
  const timeout = readTime(flags, "timeout", where);
  const startPeriod = readTime(flags, "start-period", where);
  const startInterval = readTime(flags, "start-interval", where);
  const retries = readRetries(flags, where);
  return {
    test: argv === undefined ? ["CMD-SHELL", command] : ["CMD", ...argv],
    ...(interval && { interval }),
    ...(timeout && { timeout }),
    ...(startPeriod && { startPeriod }),
    ...(startInterval && { startInterval }),
    ...(retries && { retries }),
  };
}

function readTime(flags: Flags, name: string, where: string): number | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const time = parseDuration(text);
  if (time === undefined || (time > 0 && time < SHORTEST)) {
    throw fault(where, `--${name}=${text} is no duration of at least 1ms`, { hint: `write it like --${name}=1m30s` });
  }
  return time;
}

function readRetries(flags: Flags, where: string): number | undefined {
  const text = flags.text("retries");
  if (text === undefined) return undefined;
  const retries = /^\+?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (retries <= 0x7fff_ffff) return retries;
  throw fault(where, `--retries=${text} is no number of times`);
}
