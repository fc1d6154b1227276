import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { run } from "./run.ts";

type Step = () => void | Promise<void>;
const steps = new WeakMap<TestContext, Step[]>();

/**
 * Has `step` run when the test ends. The last one asked for runs first (node:test would run the first one first), so
 * that a daemon is stopped before the folder that was made for it goes. One that throws does not keep back the others.
 */
export function onCleanup(t: TestContext, step: Step): void {
  const known = steps.get(t);
  if (known !== undefined) {
    known.push(step);
    return;
  }
  const list = [step];
  steps.set(t, list);
  t.after(async () => {
    const faults: unknown[] = [];
    for (let next = list.pop(); next !== undefined; next = list.pop()) {
      try {
        await next();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length === 1) throw faults[0];
    if (faults.length > 1) throw new AggregateError(faults, faults.join("\n"));
  });
}

/** A new empty folder with a short path; it is removed after the test, together with what is mounted in it. */
export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "aircrate-"));
  onCleanup(t, () => removeDir(dir));
  return dir;
}

/** Removes a folder of ours. Storage drivers leave bind mounts of their folders onto themselves; those go first. */
export async function removeDir(dir: string): Promise<void> {
  for (const point of mountsBelow(dir)) await run("umount", ["--lazy", point]);
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}

/** Mount points inside a folder, inner ones first. */
function mountsBelow(dir: string): string[] {
  if (process.platform !== "linux") return [];
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replace(/\\040/g, " "))
    .filter((point) => point.startsWith(`${dir}/`))
    .reverse();
}
