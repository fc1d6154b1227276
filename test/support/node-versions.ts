import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { privateApt } from "./apt.ts";
import { cached, recipe } from "./cache.ts";
import { run, runOk } from "./run.ts";
import { findTool, requireThat, requireTool } from "./tools.ts";

/** The oldest Node that package.json allows, and one of each long-term line after it. The packages have x64 and arm64. */
export const NODE_VERSIONS = ["20.19.0", "22.20.0", "24.20.0", "26.10.0"] as const;

/** Path of an official build of Node, from npm's packages of it; undefined when the test has been skipped. */
export async function nodeFor(t: TestContext, version: string): Promise<string | undefined> {
  const { arch, platform } = process;
  const supported = platform === "linux" && ["x64", "arm64"].includes(arch);
  if (!requireThat(t, supported ? undefined : `there is no Node for ${platform} ${arch} that is pinned here`)) {
    return undefined;
  }
  return obtained(t, version, arch, () => nodeOf(version, arch));
}

/** As `nodeFor`, but always for arm64: elsewhere it is a script that runs the program by QEMU. */
export async function arm64NodeFor(t: TestContext, version: string): Promise<string | undefined> {
  if (process.arch === "arm64") return nodeFor(t, version);
  if (!requireTool(t, "qemu-aarch64-static", "apt-get", "apt-cache", "dpkg-deb")) return undefined;
  return obtained(t, version, "arm64", () => emulated(version));
}

async function obtained(
  t: TestContext,
  version: string,
  arch: string,
  get: () => Promise<string>,
): Promise<string | undefined> {
  try {
    const node = await get();
    const { stdout } = await run(node, ["--print", "process.version + process.arch"]);
    const reason = stdout === `v${version}${arch}\n` ? undefined : `${node} is not Node ${version} for ${arch}`;
    return requireThat(t, reason) ? node : undefined;
  } catch (error) {
    requireThat(t, `cannot get Node ${version}: ${(error as Error).message.slice(0, 500)}`);
    return undefined;
  }
}

async function nodeOf(version: string, arch: string): Promise<string> {
  const name = `node-linux-${arch}`;
  const folder = await cached(`${name}-${version}`, async (work) => {
    // With a place of its own, npm leaves the project alone.
    await mkdir(join(work, "node_modules"));
    // By force it installs what is for another machine.
    const options = ["--force", "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
    await runOk("npm", ["install", "--prefix", work, ...options, `${name}@${version}`], {
      cwd: work,
      timeout: 300_000,
    });
  });
  return join(folder, "node_modules", name, "bin", "node");
}

async function emulated(version: string): Promise<string> {
  const program = await nodeOf(version, "arm64");
  const root = await arm64Libraries();
  const folder = await cached(`node-emulated-${version}-${await recipe([import.meta.url], root)}`, async (work) => {
    const script = join(work, "node");
    await writeFile(script, `#!/bin/sh\nexec ${findTool("qemu-aarch64-static")} -L ${root} ${program} "$@"\n`);
    await chmod(script, 0o755);
  });
  return join(folder, "node");
}

/** A root with the libraries that Node's builds are linked with, from Debian's packages. */
async function arm64Libraries(): Promise<string> {
  const folder = await cached(`arm64-libraries-${await recipe([import.meta.url])}`, async (work) => {
    const apt = await privateApt(join(work, "apt"), "arm64");
    const packages = ["libatomic1", "libc6", "libstdc++6"];
    const debs = await apt.resolve(packages);
    const folder = await apt.download(packages);
    for (const deb of debs) await runOk("dpkg-deb", ["--extract", join(folder, deb), join(work, "root")]);
    await rm(join(work, "apt"), { recursive: true });
  });
  return join(folder, "root");
}
