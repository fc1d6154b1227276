import type { ChildProcess } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "../cleanup.ts";
import type { Dockerd } from "../dockerd.ts";
import { environment, killGroup, spawnGroup } from "../run.ts";
import { projectDir } from "../tools.ts";

export interface DiskOptions {
  /** Type that the device says it has, default `skynode`. */
  readonly deviceType?: string;
  /** Engine that takes the images and runs the services; without one nothing is loaded and nothing is run. */
  readonly dockerd?: Dockerd;
  /** Public key that the signature of an artifact must match. */
  readonly verifyKey?: string;
}

/** An application as it was installed. */
export interface InstalledApp {
  readonly name: string;
  readonly version: string;
  /** In launch order. */
  readonly services: readonly string[];
  /** Whether it starts with the device, when that was ever said. */
  readonly enable?: boolean;
}

/** What of a device outlives its power supply, and Debian's Mender client, which works on it. */
export interface Disk {
  readonly dockerd: Dockerd | undefined;
  /** Installs an artifact, with a pause before anything is changed. Only one at a time. */
  install(file: string, pauseSeconds?: number): Installing;
  apps(): InstalledApp[];
  /** Says whether an application starts with the device. */
  enable(slug: string, enable: boolean): void;
  /** States that the update module was called with. */
  calls(): string[];
  /** Folder that the services of an application see as /data. */
  dataDir(slug: string): string;
  /** A file of the device that takes uploads. */
  readonly uploadFile: string;
}

export interface Installing {
  /** Exit status, null when it was killed, and all that the client wrote. */
  readonly ended: Promise<{ readonly status: number | null; readonly log: string }>;
  /** Ends it at once, with all that it has started. */
  kill(): void;
}

/** A new device's disk, which goes after the test. The caller has asked for root and the tools (`DEVICE_TOOLS`). */
export function createDisk(t: TestContext, { deviceType = "skynode", dockerd, verifyKey }: DiskOptions = {}): Disk {
  const dir = tempDir(t);
  const at = (...parts: string[]) => join(dir, ...parts);
  for (const folder of ["etc/scripts", "modules", "data", "apps"]) mkdirSync(at(folder), { recursive: true });
  copyFileSync(join(projectDir(), "test/support/device/module.py"), at("modules/docker"));
  chmodSync(at("modules/docker"), 0o755);
  writeFileSync(at("device_type"), `device_type=${deviceType}\n`);
  writeFileSync(at("etc/artifact_info"), "artifact_name=factory-image\n");
  const key = verifyKey === undefined ? {} : { ArtifactVerifyKey: verifyKey };
  writeFileSync(at("etc/mender.conf"), JSON.stringify({ DeviceTypeFile: at("device_type"), ...key }));

  return {
    dockerd,
    uploadFile: at("upload"),
    install(file, pauseSeconds = 0) {
      const child = spawnGroup("unshare", [...NAMESPACE, SCRIPT, "sh", dir, file], {
        stdio: ["ignore", "pipe", "pipe"],
        env: environment({
          MODULE_DISK: dir,
          MODULE_PAUSE: String(pauseSeconds),
          MODULE_DOCKER: dockerd === undefined ? undefined : JSON.stringify(dockerd.client),
        }),
      });
      return { ended: end(child), kill: () => killGroup(child, "SIGKILL") };
    },
    apps: () =>
      readdirSync(at("apps"))
        .map((slug) => at("apps", slug, "app.json"))
        .filter((path) => existsSync(path))
        .map((path) => JSON.parse(readFileSync(path, "utf8")) as InstalledApp),
    enable(slug, enable) {
      const path = at("apps", slug, "app.json");
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), enable }));
    },
    calls: () => (existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n") : []),
    dataDir: (slug) => at("apps", slug, "data"),
  };
}

/** What `createDisk` needs, besides root and the Python package yaml. */
export const DEVICE_TOOLS = ["mender", "unshare", "mount", "python3"] as const;

/**
 * The host's /etc/mender and update modules stay as they are. The client starts modules in process groups of their own:
 * only with the namespace of all processes do they end when it is killed.
 */
const NAMESPACE = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c"];

const SCRIPT = `
set -eu
mount --bind "$1/modules" /usr/share/mender/modules/v3
mount --bind "$1/etc" /etc/mender
exec mender --no-syslog --log-level info --fallback-config "$1/none" --data "$1/data" install "$2"
`;

function end(child: ChildProcess): Installing["ended"] {
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      log += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, log }));
  });
}
