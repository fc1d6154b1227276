import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { onCleanup, tempDir } from "./cleanup.ts";
import { startDaemon } from "./daemon.ts";
import { type RunOptions, run, runOk } from "./run.ts";
import { requireRoot, requireThat, requireTool } from "./tools.ts";

export interface Containerd {
  /** Runs `ctr args...` to its end; rejects when that fails; resolves to its output. */
  ctr(args: readonly string[], options?: RunOptions): Promise<string>;
}

/**
 * Starts Debian's containerd (1.6) with a socket, state and images of its own; stopped after the test; undefined when the
 * test has been skipped. It takes archives that are not packed only.
 */
export async function containerdFor(t: TestContext): Promise<Containerd | undefined> {
  if (!requireRoot(t) || !requireTool(t, "containerd", "ctr")) return undefined;
  const dir = tempDir(t);
  const at = (name: string) => join(dir, name);
  mkdirSync(at("root"));
  const settings = `version = 2
root = "${at("root")}"
state = "${at("state")}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${at("containerd.sock")}"
[ttrpc]
  address = "${at("containerd.sock.ttrpc")}"
`;
  writeFileSync(at("config.toml"), settings);
  const client = ["--address", at("containerd.sock"), "--namespace", "aircrate"];
  try {
    const daemon = await startDaemon("containerd", ["--config", at("config.toml")], {
      logFile: at("containerd.log"),
      ready: async (log) =>
        log.includes("successfully booted") && (await run("ctr", [...client, "version"])).status === 0,
    });
    onCleanup(t, daemon.stop);
  } catch (error) {
    requireThat(t, `containerd does not start: ${(error as Error).message}`);
    return undefined;
  }
  return { ctr: (args, options) => runOk("ctr", [...client, ...args], options) };
}
