import { authorFault, initProject, nameFault, nameFor, requireNone } from "../../lib/init/init.ts";
import type { InitArguments } from "../commands/init.ts";
import { ask } from "../ui/prompt.ts";
import { print, warn } from "../ui/text.ts";

export async function run({ dir, name, author }: InitArguments): Promise<void> {
  // Before anything is asked.
  await requireNone(dir);
  const written = await initProject(dir, {
    name: name ?? (await answer("Name of the application", nameFor(dir), nameFault)),
    author: author ?? (await answer("Its author, as a reverse domain name", "com.example", authorFault)),
  });
  const at = dir === "." ? "" : ` ${dir}`;
  print(`${written.map((file) => `${file}\n`).join("")}next: aircrate check${at}; aircrate build${at}\n`);
}

/** Asks where somebody can answer; an empty answer, and where nobody can, is the standard one. */
async function answer(
  question: string,
  standard: string,
  faultOf: (text: string) => string | undefined,
): Promise<string> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return standard;
  for (;;) {
    const text = (await ask(`${question} [${standard}]: `)).trim() || standard;
    const fault = faultOf(text);
    if (fault === undefined) return text;
    warn(fault);
  }
}
