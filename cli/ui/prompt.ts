import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Interrupted, UsageError } from "./error.ts";
import { withoutBlock } from "./stderr.ts";

/**
 * Asks on the terminal, where stdin must be one. The question goes to stderr, like all that is not the result.
 *
 * @param options `hidden`: what is typed is not shown
 * @returns the line without its end; it may be empty
 * @throws Interrupted on Ctrl-C, UsageError when the input ends
 */
export function ask(question: string, { hidden = false } = {}): Promise<string> {
  return withoutBlock(() => askNow(question, hidden));
}

function askNow(question: string, hidden: boolean): Promise<string> {
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
    let answer: string | undefined;
    let fault: Error = new UsageError("the input ended before an answer");
    reader.on("SIGINT", () => {
      fault = new Interrupted("SIGINT");
      reader.close();
    });
    reader.on("close", () => {
      // An answer that is shown brings its own end of line.
      if (hidden || answer === undefined) process.stderr.write("\n");
      if (answer === undefined) reject(fault);
      else resolve(answer);
    });
    reader.question(question, (line) => {
      answer = line;
      reader.close();
    });
  });
}
