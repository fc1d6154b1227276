import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Measured {
  /** Seconds from start to end of the process. */
  readonly wall: number;
  /** High-water mark of its resident memory, in MB (10^6 bytes); NaN where /proc does not tell. */
  readonly memory: number;
  readonly stdout: string;
}

/** Runs a command to its end. @throws Error when it fails */
export async function measure(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Measured> {
  const start = performance.now();
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let memory = Number.NaN;
  // The kernel keeps the mark, so the last look before the end is as good as one at the end.
  const watch = setInterval(() => {
    memory = highWaterMark(child.pid) ?? memory;
  }, 10);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearInterval(watch);
  const wall = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ends with ${status}\n${stderr}`);
  return { wall, memory, stdout };
}

function highWaterMark(pid: number | undefined): number | undefined {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? undefined : (Number(found[1]) * 1024) / 1e6;
  } catch {
    return undefined;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
