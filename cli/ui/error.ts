import { AircrateError, EXIT_STATUS } from "../../lib/error.ts";
import { colored } from "./color.ts";
import { oneLine, printable } from "./text.ts";

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Status of a process that a signal ended: 128 and its number. */
const SIGNAL_STATUS: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** The build was told to stop. `signal` is the signal's name. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: string;

  constructor(signal: string) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Prints an error: what and where, then why, then what to do.
 *
 * @param command the command at hand, of which the help is named when it was not used as it should be
 * @returns the exit status
 */
export function printError(error: unknown, command: string): number {
  const [status, lines] = describe(error, command);
  const text = lines.map(oneLine).join("\n");
  process.stderr.write(`${text.replace(/^aircrate:/, (name) => colored("red", name))}\n`);
  if (process.env.AIRCRATE_DEBUG === "1") process.stderr.write(`${printable(trace(error))}\n`);
  return status;
}

function describe(error: unknown, command: string): [status: number, lines: string[]] {
  const help = `${command} --help tells how it is used`;
  if (error instanceof AircrateError) {
    const { message, fault, reason } = error;
    const hint = fault === "usage" && error.hint.length === 0 ? [help] : error.hint;
    return [
      EXIT_STATUS[fault],
      [`aircrate: ${message}`, ...reason.map((line) => `  ${line}`), ...hint.map((line) => `  -> ${line}`)],
    ];
  }
  if (error instanceof Interrupted) return [SIGNAL_STATUS[error.signal] ?? 1, [`aircrate: ${error.message}`]];
  if (error instanceof UsageError) return [EXIT_STATUS.usage, [`aircrate: ${error.message}`, `  -> ${help}`]];
  const message = error instanceof Error ? error.message : String(error);
  return [
    EXIT_STATUS.internal,
    [`aircrate: internal fault: ${message}`, "  -> please report it with the output of AIRCRATE_DEBUG=1"],
  ];
}

function trace(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) parts.push(at.stack ?? at.message);
  return parts.join("\ncaused by ");
}
