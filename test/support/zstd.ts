import { execFileSync } from "node:child_process";

/** Packs with the real zstd, called with these options. Ask `requireTool` first. */
export function zstdTool(...options: readonly string[]): (bytes: Uint8Array) => Buffer {
  const args = ["--stdout", "--quiet", "--force", ...options];
  return (bytes) => execFileSync("zstd", args, { input: bytes, maxBuffer: 1024 ** 3 });
}
