import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cached } from "./cache.ts";
import { run, runOk } from "./run.ts";
import { requireThat } from "./tools.ts";

/** The oldest Node that package.json allows, and one of each long-term line after it. The packages have x64 and arm64. */
export const NODE_VERSIONS = ["20.19.0", "22.20.0", "24.20.0"] as const;

/** Path of an official build of Node, from npm's packages of it; undefined when the test has been skipped. */
export async function nodeFor(t: TestContext, version: string): Promise<string | undefined> {
  const name = `node-${process.platform}-${process.arch}`;
  const supported = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
  if (!requireThat(t, supported ? undefined : `there is no ${name} package that is pinned here`)) return undefined;
  try {
    const folder = await cached(`${name}-${version}`, async (work) => {
      // With a place of its own, npm leaves the project alone.
      mkdirSync(join(work, "node_modules"));
      const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
      await runOk("npm", ["install", "--prefix", work, ...options, `${name}@${version}`], {
        cwd: work,
        timeout: 300_000,
      });
      await runOk(program(work, name), ["--version"]);
    });
    const found = program(folder, name);
    const { stdout } = await run(found, ["--version"]);
    return requireThat(t, stdout === `v${version}\n` ? undefined : `${found} is not Node ${version}`)
      ? found
      : undefined;
  } catch (error) {
    requireThat(t, `cannot get ${name}@${version} from npm: ${(error as Error).message.slice(0, 500)}`);
    return undefined;
  }
}

function program(folder: string, name: string): string {
  return join(folder, "node_modules", name, "bin", "node");
}
