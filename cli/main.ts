import { tuneEngine } from "../lib/workers/memory.ts";
import { dockerWords } from "./docker.ts";
import { findCommand } from "./find.ts";
import { runCommand } from "./run.ts";
import { ReaderGone, stdoutError } from "./stdout.ts";
import { printError } from "./ui/error.ts";

let name = "aircrate";

async function main(): Promise<number> {
  tuneEngine();
  try {
    const found = await findCommand(dockerWords(process.argv.slice(2)));
    name = found.name;
    await runCommand(found);
    // A command may have set another one than success.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return statusOf(error);
  }
}

/** Prints an error, unless it is none. @returns the exit status */
function statusOf(error: unknown): number {
  return error instanceof ReaderGone ? 0 : printError(error, name);
}

// What is printed at the end fails after it; who writes more has heard of it before, and has ended what was under way.
let unwritten: Error | undefined;
process.stdout.on("error", (error) => {
  unwritten = error;
});
process.on("exit", (status) => {
  if (status === 0 && unwritten !== undefined) process.exitCode = statusOf(stdoutError(unwritten));
});
// Messages that nobody can read any more, since the terminal is gone, must not end what is under way.
process.stderr.on("error", () => {});
process.exitCode = await main();
