import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { environment, killGroup, type RunOptions, spawnGroup } from "./run.ts";

export interface DaemonOptions {
  /** File that takes the daemon's output. */
  readonly logFile: string;
  /** Asked again and again until it says true; gets what the daemon has written so far. */
  readonly ready: (log: string) => boolean | Promise<boolean>;
  readonly env?: RunOptions["env"];
  readonly cwd?: string;
  /** Milliseconds until it must be ready. */
  readonly timeout?: number;
}

export interface Daemon {
  readonly pid: number;
  readonly logFile: string;
  /** Everything it has written. */
  log(): string;
  /** Ends it and waits for that: SIGTERM, after 20 s SIGKILL to its process group. Twice is once. */
  stop(): Promise<void>;
}

/** Starts a long-running command and waits until it is ready. Rejects, with the log, when it ends or takes too long. */
export async function startDaemon(command: string, args: readonly string[], options: DaemonOptions): Promise<Daemon> {
  const { logFile, ready, cwd, timeout = 60_000 } = options;
  const out = openSync(logFile, "a");
  const child = spawnGroup(command, args, {
    cwd,
    env: environment(options.env),
    stdio: ["ignore", out, out],
    lastSignal: "SIGTERM",
  });
  closeSync(out);
  let fault: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      fault = error;
      resolve();
    });
    child.on("exit", (status, signal) => {
      fault ??= new Error(`ended with ${signal ?? `status ${status}`}`);
      resolve();
    });
  });
  const log = () => readFileSync(logFile, "utf8");

  const end = async () => {
    if (fault === undefined) child.kill("SIGTERM");
    await Promise.race([ended, sleep(20_000, undefined, { ref: false })]);
    killGroup(child, "SIGKILL");
    await ended;
  };
  let ending: Promise<void> | undefined;
  const stop = () => {
    ending ??= end();
    return ending;
  };

  for (const deadline = Date.now() + timeout; ; ) {
    const isReady = await ready(log());
    if (fault === undefined && isReady) return { pid: child.pid!, logFile, log, stop };
    if (fault !== undefined || Date.now() > deadline) {
      const reason = fault?.message ?? `not ready after ${timeout} ms`;
      await stop();
      throw new Error(`${command}: ${reason}\n${log().slice(-4000)}`);
    }
    await Promise.race([ended, sleep(50)]);
  }
}
