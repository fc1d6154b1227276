import type { TestContext } from "node:test";
import { requirePyYaml } from "../../yaml/pyyaml.ts";
import { type Aircrate, aircrateFor } from "../aircrate.ts";
import { tempDir } from "../cleanup.ts";
import { writeFiles } from "../project.ts";
import { registryFor } from "../seed.ts";
import { requireRoot, requireTool } from "../tools.ts";
import { DEVICE_TOOLS, type Disk } from "./disk.ts";
import type { Simulator } from "./simulator.ts";

export const SLUG = "com.example.blinker";

/** `second` is listed before `first`, which it depends on. */
const PROJECT = {
  "auterion-app.yml": `auterion-api-version: 3
auterion-app-base: none
app-name: blinker
app-author: com.example
app-version: "1"
target-platform: skynode
services:
  second: { build: second }
  first: { build: first }
compose-override:
  services:
    second: { depends_on: [first] }
`,
  "settings.default.env": "COLOUR=green\n",
  ...service("first", 'echo "first $VERSION on $(uname -m), $COLOUR" | tee /data/first'),
  ...service("second", "cat /data/first"),
};

function service(name: string, script: string): Record<string, string> {
  return {
    [`${name}/Dockerfile`]: 'FROM arm64v8/busybox:1.36\nCOPY main.sh /\nENV VERSION=1\nCMD ["sh", "/main.sh"]\n',
    [`${name}/main.sh`]: `trap 'exit 0' TERM\n${script}\nwhile true; do sleep 1 & wait $!; done\n`,
  };
}

export interface Bench {
  readonly aircrate: Aircrate;
  /** The application in versions 1 and 2. */
  readonly files: readonly [string, string];
  /** Builds another version of it, or in another way. @returns the file */
  build(version: string, ...args: readonly string[]): Promise<string>;
}

/** The application, built on a real base; undefined when the test has been skipped. */
export async function bench(t: TestContext): Promise<Bench | undefined> {
  if (!requireRoot(t) || !requireTool(t, ...DEVICE_TOOLS) || !(await requirePyYaml(t))) return undefined;
  const registry = await registryFor(t);
  if (registry === undefined) return undefined;
  const aircrate = aircrateFor(t);
  const dir = writeFiles(tempDir(t), PROJECT);
  const build = async (version: string, ...args: readonly string[]) => {
    const options = ["--app-version", version, "--mirror", `docker.io=${registry.host}`, ...args];
    return (await aircrate.build([dir, ...options])).file;
  };
  return { aircrate, files: [await build("1"), await build("2")], build };
}

/** Runs `aircrate install` on a simulator. */
export function install(
  { aircrate }: Bench,
  { address }: Simulator,
  file: string,
  { args = [], ...options }: { args?: readonly string[]; input?: string; env?: Record<string, string> } = {},
) {
  return aircrate.run(["install", file, "--device", address, ...args], options);
}

/** Names and versions of the applications that a device has. */
export function versions(disk: Disk): string[] {
  return disk.apps().map(({ name, version }) => `${name} ${version}`);
}
