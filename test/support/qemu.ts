import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { run } from "./run.ts";
import { requireRoot, requireThat, requireTool } from "./tools.ts";

const BINFMT = "/proc/sys/fs/binfmt_misc";
const ENTRY = `${BINFMT}/qemu-aarch64`;
/** As the package has it, with flag F: the kernel keeps qemu open, so it need not be found inside a container. */
const RULE = "/usr/lib/binfmt.d/qemu-aarch64.conf";

/** True when this kernel runs arm64 programs, for which qemu is registered if need be; else the test is skipped. */
export async function requireArm64(t: TestContext): Promise<boolean> {
  if (process.arch === "arm64") return true;
  if (isEnabled()) return true;
  return requireRoot(t) && requireTool(t, "qemu-aarch64-static", "mount") && requireThat(t, await register());
}

/** Registers qemu for arm64 with the kernel; resolves to the reason when that does not work. */
async function register(): Promise<string | undefined> {
  if (!existsSync(`${BINFMT}/register`)) {
    const { status, stderr } = await run("mount", ["-t", "binfmt_misc", "binfmt_misc", BINFMT]);
    if (status !== 0 && !existsSync(`${BINFMT}/register`)) return `cannot mount binfmt_misc: ${stderr.trim()}`;
  }
  try {
    if (!isEnabled()) writeFileSync(`${BINFMT}/register`, readFileSync(RULE));
  } catch (error) {
    // Another test process may have been quicker.
    if (!isEnabled()) return `cannot register qemu-aarch64: ${(error as Error).message}`;
  }
  return isEnabled() ? undefined : "binfmt_misc has qemu-aarch64, but not enabled";
}

function isEnabled(): boolean {
  return existsSync(ENTRY) && readFileSync(ENTRY, "utf8").startsWith("enabled");
}
