import { EXIT_STATUS } from "../lib/error.ts";
import { tuneEngine } from "../lib/workers/memory.ts";
import { dockerWords } from "./docker.ts";
import { findCommand } from "./find.ts";
import { runCommand } from "./run.ts";
import { printError } from "./ui/error.ts";

async function main(): Promise<number> {
  tuneEngine();
  let name = "aircrate";
  try {
    const found = await findCommand(dockerWords(process.argv.slice(2)));
    name = found.name;
    await runCommand(found);
    // A command may have set another one than success.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return printError(error, name);
  }
}

// A reader that has seen enough, such as `head`, closes the pipe: that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : EXIT_STATUS.internal);
});
// Messages that nobody can read any more, since the terminal is gone, must not end what is under way.
process.stderr.on("error", () => {});
process.exitCode = await main();
