/** The options of every command that takes its time. */
export interface ProgressArguments {
  progress: "auto" | "plain" | "none";
  quiet: boolean;
}

export const PROGRESS_OPTIONS = {
  progress: {
    choices: ["auto", "plain", "none"],
    default: "auto",
    value: "HOW",
    describe: "Show on stderr how far it is: auto draws it on a terminal, plain writes a line every few seconds",
  },
  quiet: { type: "boolean", short: "q", describe: "Print errors and warnings alone" },
} as const;

/** `terminal`: lines that are drawn anew. */
export type ProgressMode = "terminal" | "plain" | "none";

/** @param isTerminal whether stderr is one */
export function progressMode(
  { progress, quiet }: ProgressArguments,
  env: NodeJS.ProcessEnv,
  isTerminal: boolean,
): ProgressMode {
  if (quiet || progress === "none") return "none";
  // What runs there may call itself a terminal; its log is read later.
  const logged = env.TERM === "dumb" || !["", "0", "false"].includes(env.CI ?? "");
  return progress === "auto" && isTerminal && !logged ? "terminal" : "plain";
}
