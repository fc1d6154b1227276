import type { TestContext } from "node:test";
import { PROGRAM } from "./aircrate.ts";
import { onCleanup } from "./cleanup.ts";
import { environment, killGroup, type RunOptions, spawnGroup } from "./run.ts";

/** What is typed when a question is there. */
export type Answer = readonly [question: RegExp, typed: string];

/**
 * Runs aircrate on a terminal, which `script` makes, and types the answers, each when its question is there.
 *
 * @returns status and all that was to be seen
 */
export function onTerminal(
  t: TestContext,
  args: readonly string[],
  { answers, home }: { answers: readonly Answer[]; home: string },
): Promise<{ status: number | null; seen: string }> {
  const env = { HOME: home, DOCKER_CONFIG: undefined, REGISTRY_AUTH_FILE: undefined };
  return commandOnTerminal(t, [process.execPath, PROGRAM, ...args].join(" "), { answers, env });
}

/** The same for any command, a line of shell. */
export function commandOnTerminal(
  t: TestContext,
  command: string,
  options: { answers: readonly Answer[]; env: RunOptions["env"]; cwd?: string },
): Promise<{ status: number | null; seen: string }> {
  const answers = [...options.answers];
  const child = spawnGroup("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: environment(options.env),
    cwd: options.cwd,
    stdio: "pipe",
  });
  onCleanup(t, () => killGroup(child, "SIGKILL"));
  let seen = "";
  let answered = 0;
  child.stdout?.on("data", (chunk) => {
    seen += chunk;
    const next = answers[0];
    if (next === undefined || !next[0].test(seen.slice(answered))) return;
    answers.shift();
    answered = seen.length;
    child.stdin?.write(next[1]);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, seen }));
  });
}
