import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { freePort } from "./tools.ts";

export interface ProxyOptions {
  /** Folder of ours for configuration and log. */
  readonly dir: string;
  /** Asked for when given. */
  readonly user?: string;
  readonly password?: string;
  /** Ports that it lets CONNECT through to; all by default. */
  readonly connectPorts?: readonly number[];
}

export interface ForwardProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** The first line of each request so far, such as `CONNECT registry.example:5000 HTTP/1.1`. */
  requests(): string[];
  stop(): Promise<void>;
}

/** A host that only a proxy of {@link startProxy} finds: it stands for this machine. */
export const BEHIND_PROXY = "registry.example";

/**
 * Starts Debian's tinyproxy on loopback, with the name {@link BEHIND_PROXY} in the hosts file that it sees. Clients do not
 * have that name, so whatever reaches it went through the proxy. Needs root.
 */
export async function startProxy({ dir, user, password, connectPorts = [] }: ProxyOptions): Promise<ForwardProxy> {
  mkdirSync(dir, { recursive: true });
  // It cannot listen on port 0.
  const port = await freePort();
  const hosts = join(dir, "hosts");
  const config = join(dir, "tinyproxy.conf");
  writeFileSync(hosts, `127.0.0.1 localhost ${BEHIND_PROXY}\n`);
  const lines = [`Port ${port}`, "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60", "LogLevel Connect"];
  if (user !== undefined) lines.push(`BasicAuth ${user} ${password}`);
  lines.push(...connectPorts.map((one) => `ConnectPort ${one}`));
  writeFileSync(config, `${lines.join("\n")}\n`);
  const script = 'mount --bind "$1" /etc/hosts && exec tinyproxy -d -c "$2"';
  const daemon = await startDaemon("unshare", ["--mount", "sh", "-c", script, "sh", hosts, config], {
    logFile: join(dir, "proxy.log"),
    ready: () => answers(port),
  });
  const requests = () => [...daemon.log().matchAll(/Request \(file descriptor \d+\): (.*)/g)].map(([, line]) => line!);
  return { host: `127.0.0.1:${port}`, requests, stop: daemon.stop };
}

/** Whether somebody listens there; what is said to it is no request, so it is not among the requests. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
