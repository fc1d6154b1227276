import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** Milliseconds that a command may take unless the caller says otherwise. */
const TIME_LIMIT = 120_000;

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment of this process; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; without it the command reads an empty one. */
  readonly input?: string | Uint8Array;
  /** Milliseconds after which the command and its children are killed and the promise is rejected. */
  readonly timeout?: number;
}

export interface RunResult {
  /** Exit status. A command that a signal ended has none: its run rejects. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, with whatever exit status. Rejects when it cannot start, is killed or takes too long. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, input, timeout = TIME_LIMIT } = options;
  const line = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const child = spawnGroup(command, args, { cwd, env: environment(options.env), stdio: "pipe" });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const timer = setTimeout(() => {
      killGroup(child, "SIGKILL");
      reject(new Error(`${line}: not done after ${timeout} ms\n${Buffer.concat(stderr)}`));
    }, timeout);
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A command may end without reading its input; its exit status tells whether that was right.
    child.stdin?.on("error", () => undefined).end(input ?? "");
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      const result = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
      if (status === null) reject(new Error(`${line}: ended by ${signal}\n${result.stderr}`));
      else resolve({ status, ...result });
    });
  });
}

/** `run` for a command that has to succeed; resolves to its standard output. */
export async function runOk(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(command, args, options);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: exit status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** The environment of this process with the given variables set or taken out. */
export function environment(changes: RunOptions["env"] = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}

const live = new Map<ChildProcess, NodeJS.Signals>();

/**
 * Starts a command as the leader of a process group of its own, so that it can be ended with all its children and
 * nobody else's. Groups that still live when this process ends are sent `lastSignal`.
 */
export function spawnGroup(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { lastSignal?: NodeJS.Signals },
): ChildProcess {
  watchOwnEnd();
  const { lastSignal = "SIGKILL", ...rest } = options;
  const child = spawn(command, args, { ...rest, detached: true });
  live.set(child, lastSignal);
  child.on("error", () => live.delete(child));
  child.on("exit", () => live.delete(child));
  return child;
}

/** Signals the whole group of a child that `spawnGroup` started; no error when nothing of it is left. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

let watching = false;

function watchOwnEnd(): void {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const [child, signal] of live) killGroup(child, signal);
  });
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => process.exit(status));
  }
}
