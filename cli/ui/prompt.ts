import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Interrupted, UsageError } from "./error.ts";

/**
 * Asks on the terminal, where stdin must be one. The question goes to stderr, like all that is not the result.
 *
 * @param options `hidden`: what is typed is not shown
 * @returns the line without its end; it may be empty
 * @throws Interrupted on Ctrl-C, UsageError when the input ends
 */
export function ask(question: string, { hidden = false } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    // In terminal mode it is the reader that echoes, not the terminal: what it writes nowhere is not seen.
    const reader = createInterface({
      input: process.stdin,
      output: hidden ? nowhere : process.stderr,
      terminal: true,
      historySize: 0,
    });
    if (hidden) process.stderr.write(question);
    const end = (settle: () => void) => {
      reader.removeAllListeners("close");
      reader.close();
      if (hidden) process.stderr.write("\n");
      settle();
    };
    reader.on("SIGINT", () => end(() => reject(new Interrupted("SIGINT"))));
    reader.on("close", () => end(() => reject(new UsageError("the input ended before an answer"))));
    reader.question(question, (line) => end(() => resolve(line)));
  });
}
