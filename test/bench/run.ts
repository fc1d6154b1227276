/**
 * `npm run bench`: the reference work against a real registry, medians of five, as a table. Nothing is asserted.
 *
 *   node dist/test/bench/run.js [--large] [--peers] [--pull] [--runs N]
 *   node dist/test/bench/run.js --layers [--runs N]
 *
 * --large adds a base and services of ten times the size; --peers adds docker with gzip and mender-artifact; --pull adds
 * a cold pull alone, beside curl and skopeo. --layers measures something else: layers alone, beside tar and pigz.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import type { LayerFile } from "../support/arm64-base.ts";
import { tempDir } from "../support/cleanup.ts";
import { registryFor } from "../support/seed.ts";
import { projectDir } from "../support/tools.ts";
import { seedLarge } from "./large.ts";
import { measureLayers } from "./layers.ts";
import { type Measured, measure, median } from "./measure.ts";
import { measureDocker } from "./peers.ts";
import { measurePull } from "./pull.ts";
import { editProject, REFERENCE_WORK, type Work, writeProject } from "./work.ts";

const RUNS = Number(process.argv[process.argv.indexOf("--runs") + 1]) || 5;

test("bench", { timeout: 60 * 60 * 1000 }, async (t) => {
  if (process.argv.includes("--layers")) return measureLayers(t, RUNS);
  const registry = await registryFor(t, { size: "full" });
  if (registry === undefined) return;
  const layers = registry.seed.layers.python;
  const dir = tempDir(t);
  const project = join(dir, "project");
  const base = `${registry.host}/library/python:3.11-slim`;
  await writeProject(project, REFERENCE_WORK, { base, layers });
  console.log(
    `base: ${megabytes(sum(layers.map(({ plainSize }) => plainSize)))} plain, ${megabytes(sum(layers.map(({ size }) => size)))} as the registry packs it`,
  );
  await scenarios(dir, project, REFERENCE_WORK);
  if (process.argv.includes("--pull")) await measurePull(t, { dir, base, layers, runs: RUNS });
  if (process.argv.includes("--peers")) await measureDocker(t, { dir, project, base, runs: RUNS });
  if (process.argv.includes("--large")) await large(t, dir, layers);
});

async function large(t: TestContext, dir: string, layers: readonly LayerFile[]): Promise<void> {
  const { base, stop } = await seedLarge(layers);
  t.after(stop);
  const work: Work = { ...REFERENCE_WORK, bytes: REFERENCE_WORK.bytes * 10 };
  const project = join(dir, "large");
  await writeProject(project, work, { base, layers });
  console.log("\nten times the size, in as many files");
  await scenarios(dir, project, work);
}

async function scenarios(dir: string, project: string, work: Work): Promise<void> {
  const store = join(dir, "store");
  const run = () => build(store, project, join(dir, "out.auterionos"));
  const fresh = () => {
    rmSync(store, { recursive: true, force: true });
    mkdirSync(store);
  };
  let edits = 0;
  await print("cold", fresh, run);
  await print(
    "every service edited",
    () => {
      edits += 1;
      editProject(project, work, `edit ${edits}`);
    },
    run,
  );
  await print("nothing changed", () => {}, run);
  // With a lock nobody is asked what a tag leads to.
  await aircrate(store, ["lock", project]);
  await print("the same with a lock", () => {}, run);
}

async function print(name: string, prepare: () => void, run: () => Promise<Measured>): Promise<void> {
  const results: Measured[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    prepare();
    results.push(await run());
  }
  const walls = results.map(({ wall }) => wall);
  const report = JSON.parse(results[walls.indexOf(median(walls))]!.stdout) as BuildReport;
  const stages = report.stages.map(({ name, start, end }) => `${name} ${((end - start) / 1000).toFixed(2)}`).join(", ");
  const inside = (report.stages.at(-1)?.end ?? 0) / 1000;
  console.log(
    [
      name.padEnd(22),
      `${median(walls).toFixed(2)} s (${Math.min(...walls).toFixed(2)}-${Math.max(...walls).toFixed(2)})`,
      `${Math.max(...results.map(({ memory }) => memory)).toFixed(0)} MB`,
      megabytes(report.size),
      `start ${(median(walls) - inside).toFixed(2)}, ${stages}`,
    ].join("  "),
  );
}

function build(store: string, project: string, output: string): Promise<Measured> {
  return aircrate(store, ["build", project, "-o", output, "--json"]);
}

function aircrate(store: string, args: readonly string[]): Promise<Measured> {
  const cli = join(projectDir(), "dist", "bin", "aircrate.js");
  return measure(process.execPath, [cli, ...args], { ...process.env, AIRCRATE_STORE: store });
}

function megabytes(size: number): string {
  return `${(size / 1e6).toFixed(1)} MB`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
