import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { onCleanup, tempDir } from "./cleanup.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { type RunOptions, type RunResult, run, runOk } from "./run.ts";
import { DOCKER, requireRoot, requireThat, requireTool } from "./tools.ts";

export interface Dockerd {
  readonly driver: string;
  /** `unix://...` for DOCKER_HOST. */
  readonly host: string;
  /** The client with this daemon as its host, and a configuration of its own: `[...client, "load", "-i"]`. */
  readonly client: readonly string[];
  /** Runs `docker args...` to its end; rejects when that fails; resolves to its output. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>;
  /** As `docker`, with any exit status. */
  tryDocker(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts Debian's dockerd (20.10) with a socket, state and images of its own; stopped after the test; undefined when the
 * test has been skipped. It makes no bridge and no firewall rules, so containers run with `--network none` or
 * `host`. Give `docker run` always `--pull never`.
 */
export async function dockerdFor(t: TestContext): Promise<Dockerd | undefined> {
  if (!requireRoot(t) || !requireTool(t, "dockerd", "docker", "runc")) return undefined;
  const faults: string[] = [];
  for (const driver of ["overlay2", "vfs"]) {
    try {
      return await start(t, driver);
    } catch (error) {
      faults.push(`with ${driver}: ${(error as Error).message}`);
    }
  }
  requireThat(t, `dockerd does not start\n${faults.join("\n")}`);
  return undefined;
}

async function start(t: TestContext, driver: string): Promise<Dockerd> {
  const dir = tempDir(t);
  const at = (name: string) => join(dir, name);
  const host = `unix://${at("docker.sock")}`;
  mkdirSync(at("client"));
  // Should containerd run on this machine, dockerd uses that one: keep out of what others have in it.
  const namespace = basename(dir);
  const separate = ["--containerd-namespace", namespace, "--containerd-plugins-namespace", `${namespace}-plugins`];
  const settings = {
    hosts: [host],
    "data-root": at("data"),
    "exec-root": at("exec"),
    pidfile: at("dockerd.pid"),
    "storage-driver": driver,
    bridge: "none",
    iptables: false,
    ip6tables: false,
    "ip-forward": false,
    "ip-masq": false,
    "insecure-registries": ["127.0.0.0/8"],
  };
  writeFileSync(at("daemon.json"), JSON.stringify(settings));
  const client = [DOCKER, "--config", at("client"), "--host", host];
  const env = { DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined };
  const daemon: Daemon = await startDaemon("dockerd", ["--config-file", at("daemon.json"), ...separate], {
    logFile: at("dockerd.log"),
    env: { ...env, TMPDIR: undefined, DOCKER_TMPDIR: undefined },
    ready: async (log) =>
      log.includes("API listen on") && (await run(DOCKER, [...client.slice(1), "version"])).status === 0,
  });
  onCleanup(t, daemon.stop);
  const command = (args: readonly string[]) => [...client.slice(1), ...args];
  return {
    driver,
    host,
    client,
    docker: (args, options) => runOk(DOCKER, command(args), { ...options, env: { ...env, ...options?.env } }),
    tryDocker: (args, options) => run(DOCKER, command(args), { ...options, env: { ...env, ...options?.env } }),
    log: daemon.log,
    stop: daemon.stop,
  };
}
