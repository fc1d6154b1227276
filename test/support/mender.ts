import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "./cleanup.ts";
import type { Dockerd } from "./dockerd.ts";
import { run } from "./run.ts";
import { projectDir, requireRoot, requireTool } from "./tools.ts";

export interface InstallOptions {
  /** Type that the device says it has, default `skynode`. */
  readonly deviceType?: string;
  /** Engine that takes the images; without one they are kept, but not loaded. */
  readonly dockerd?: Dockerd;
  /** Folder of the device of an earlier installation, which goes on with what it has; default: a new one. */
  readonly device?: string;
  /** Public key that the artifact's signature must match. */
  readonly verifyKey?: string;
}

export interface ModuleCall {
  /** Such as `Download` or `ArtifactInstall`. */
  readonly state: string;
  /** Path below the module's folder to size in bytes, or `pipe` for a stream not yet read. */
  readonly tree: ReadonlyMap<string, number | "pipe">;
}

export interface Installation {
  /** Folder of the device, for the next installation on it. */
  readonly device: string;
  /** Exit status of `mender install`: 0 installed, 1 refused. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What `mender show-artifact` prints afterwards; `factory-image` when nothing was installed. */
  readonly artifactName: string;
  /** What `mender show-provides` prints afterwards. */
  readonly provides: ReadonlyMap<string, string>;
  /** Calls of the update module in this installation, in their order. */
  readonly calls: readonly ModuleCall[];
  /** Holds `files/` and `header/` as the module saw them when it installed; empty if it never came to that. */
  readonly payloadDir: string;
}

/**
 * Installs an artifact with Debian's Mender client on a device, new or not: standalone, with folders of its own, in a mount
 * namespace of its own, so that the host's /etc/mender and update modules stay as they are. Undefined when the test
 * has been skipped.
 */
export async function menderInstall(
  t: TestContext,
  file: string,
  options: InstallOptions = {},
): Promise<Installation | undefined> {
  if (!requireRoot(t) || !requireTool(t, "mender", "unshare", "mount")) return undefined;
  const { deviceType = "skynode", dockerd, verifyKey } = options;
  const dir = options.device ?? tempDir(t);
  const at = (...parts: string[]) => join(dir, ...parts);
  for (const old of ["calls", "payload"]) rmSync(at(old), { recursive: true, force: true });
  for (const folder of ["etc/scripts", "modules", "data", "payload"]) mkdirSync(at(folder), { recursive: true });
  copyFileSync(join(projectDir(), "test/support/mender-module.sh"), at("modules/docker"));
  chmodSync(at("modules/docker"), 0o755);
  writeFileSync(at("device_type"), `device_type=${deviceType}\n`);
  writeFileSync(at("etc/artifact_info"), "artifact_name=factory-image\n");
  const key = verifyKey === undefined ? {} : { ArtifactVerifyKey: resolve(verifyKey) };
  writeFileSync(at("etc/mender.conf"), JSON.stringify({ DeviceTypeFile: at("device_type"), ...key }));
  const { status, stdout, stderr } = await run("unshare", [...NAMESPACE, SCRIPT, "sh", dir, resolve(file)], {
    env: {
      MODULE_LOG: at("calls"),
      MODULE_KEEP: at("payload"),
      MODULE_LOAD: dockerd === undefined ? undefined : [...dockerd.client, "load", "-i"].join(" "),
    },
  });
  return {
    device: dir,
    status,
    stdout,
    stderr,
    artifactName: read(at("show-artifact")).trim(),
    provides: pairs(read(at("show-provides"))),
    calls: readCalls(read(at("calls"))),
    payloadDir: at("payload"),
  };
}

const NAMESPACE = ["--mount", "--propagation", "private", "sh", "-c"];

const SCRIPT = `
set -eu
mount --bind "$1/modules" /usr/share/mender/modules/v3
mount --bind "$1/etc" /etc/mender
dir=$1
file=$2
client() { mender --no-syslog --log-level warning --fallback-config "$dir/none" --data "$dir/data" "$@"; }
status=0
client install "$file" || status=$?
client show-artifact > "$dir/show-artifact"
client show-provides > "$dir/show-provides"
exit $status
`;

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function pairs(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

function readCalls(text: string): ModuleCall[] {
  const calls: { state: string; tree: Map<string, number | "pipe"> }[] = [];
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const blank = line.indexOf(" ");
    const [size, path] = [line.slice(0, blank), line.slice(blank + 1)];
    if (size === "call") calls.push({ state: path, tree: new Map() });
    else calls.at(-1)?.tree.set(path, size === "pipe" ? "pipe" : Number(size));
  }
  return calls;
}
