import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { LayerFile } from "../support/arm64-base.ts";
import { findTool, requireTool } from "../support/tools.ts";
import { type Measured, measure, median } from "./measure.ts";

export interface PullBench {
  readonly dir: string;
  /** Full reference in a registry on loopback that needs no credentials. */
  readonly base: string;
  readonly layers: readonly LayerFile[];
  readonly runs: number;
}

const PROGRAM = fileURLToPath(new URL("./pull-program.js", import.meta.url));

/**
 * A cold pull, checks of every diffID included, beside what moves the same bytes: `curl` of the layers at once into files
 * and `sha256sum` of these; the same with the diffIDs (`gzip -dc | sha256sum`), which is what the pull does; and `skopeo copy`.
 */
export async function measurePull(t: TestContext, { dir, base, layers, runs }: PullBench): Promise<void> {
  if (!requireTool(t, "skopeo", "curl")) return;
  const out = join(dir, "pulled");
  const [host, repository] = [base.slice(0, base.indexOf("/")), base.slice(base.indexOf("/") + 1).split(":")[0]];
  const urls = layers.map(({ digest }) => `http://${host}/v2/${repository}/blobs/${digest}`);
  const fetch = urls.map((url, i) => `curl -sf -o ${out}/${i} ${url} &`).join("\n");
  const sums = (command: (file: string) => string) => layers.map((_, i) => `${command(`${out}/${i}`)} &`).join("\n");
  const scripts: readonly [name: string, text: string][] = [
    ["curl, sha256sum", `${fetch}\nwait\n${sums((file) => `sha256sum ${file}`)}\nwait`],
    [
      "curl, sha256sum, diffIDs",
      `${fetch}\nwait\n${sums((file) => `sha256sum ${file}`)}\n${sums((file) => `gzip -dc ${file} | sha256sum`)}\nwait`,
    ],
  ];
  const commands: [name: string, command: string, args: string[]][] = scripts.map(([name, text], i) => {
    const script = join(dir, `pull${i}.sh`);
    writeFileSync(script, text);
    return [name, "bash", [script]];
  });
  const skopeo = ["copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--override-arch", "arm64"];
  commands.push(
    ["skopeo copy", findTool("skopeo")!, [...skopeo, `docker://${base}`, `oci:${out}/layout:base`]],
    ["aircrate, pull alone", process.execPath, [PROGRAM, base, `${out}/store`]],
  );
  const results = new Map<string, Measured[]>();
  // In turns, so that a busy moment of the machine hits all alike.
  for (let i = 0; i < runs; i += 1) {
    for (const [name, command, args] of commands) {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      results.set(name, [...(results.get(name) ?? []), await measure(command, args, process.env)]);
    }
  }
  const walls = (name: string) => results.get(name)!.map(({ wall }) => wall);
  const own = median(walls("aircrate, pull alone"));
  for (const [name, measured] of results) {
    const wall = median(walls(name));
    const memory = Math.max(...measured.map((one) => one.memory));
    console.log(
      `${name.padEnd(26)}  ${wall.toFixed(2)} s  ${memory.toFixed(0)} MB  aircrate takes ${(own / wall).toFixed(2)} times as long`,
    );
  }
}
