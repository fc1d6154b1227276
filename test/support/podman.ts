import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { onCleanup, tempDir } from "./cleanup.ts";
import { type RunOptions, type RunResult, run, runOk } from "./run.ts";
import { requireRoot, requireThat, requireTool } from "./tools.ts";

export interface Podman {
  readonly driver: string;
  /** Runs `podman args...` to its end; rejects when that fails; resolves to its output. */
  podman(args: readonly string[], options?: RunOptions): Promise<string>;
  /** As `podman`, with any exit status. */
  tryPodman(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** What `podman run` needs besides where its defaults ask for more than a container may have here. */
export const RUN_LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"] as const;

/**
 * podman with storage of its own, removed after the test; undefined when the test has been skipped. Mind that podman
 * 4.3 of Debian 12 cannot load a gzip'd docker-archive, whoever made it: give it the plain tar.
 */
export async function podmanFor(t: TestContext): Promise<Podman | undefined> {
  if (!requireRoot(t) || !requireTool(t, "podman", "runc")) return undefined;
  const dir = tempDir(t);
  const faults: string[] = [];
  for (const driver of ["overlay", "vfs"]) {
    const base = storage(join(dir, driver), driver);
    const { status, stderr } = await run("podman", [...base, "info"]);
    if (status === 0) {
      onCleanup(t, async () => {
        await run("podman", [...base, "rm", "--all", "--force"]);
      });
      return {
        driver,
        podman: (args, options) => runOk("podman", [...base, ...args], options),
        tryPodman: (args, options) => run("podman", [...base, ...args], options),
      };
    }
    faults.push(`with ${driver}: ${stderr}`);
  }
  requireThat(t, `podman does not work\n${faults.join("\n")}`);
  return undefined;
}

/** Options before the command. crun, podman's own choice of runtime, refuses control groups of mixed versions. */
function storage(dir: string, driver: string): string[] {
  const folders = ["root", "runroot", "tmpdir"].flatMap((name) => {
    mkdirSync(join(dir, name), { recursive: true });
    return [`--${name}`, join(dir, name)];
  });
  const rest = ["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", "runc"];
  return [...folders, "--storage-driver", driver, ...rest];
}
