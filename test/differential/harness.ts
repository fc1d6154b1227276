import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join, relative } from "node:path";
import type { TestContext } from "node:test";
import { build } from "../../lib/build/build.ts";
import { AircrateError } from "../../lib/error.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { type Builder, type Builders, buildersFor } from "../support/builders.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { readSavedImage } from "../support/image-root.ts";
import { oddBase, runnableBase } from "../support/odd-base.ts";
import { registryWith } from "../support/registries.ts";
import type { Case } from "./case.ts";
import { compare } from "./compare.ts";
import { writeContents, writeTree } from "./tree.ts";

/** Builds a case with aircrate and with the real builders; fails where they differ. */
export type Check = (subject: Case) => Promise<void>;

/** What cases may need besides. */
export interface Surroundings {
  /** Bytes that a web server has, by path. */
  readonly served?: Readonly<Record<string, Uint8Array>>;
  /** The program for `@runnable`. */
  readonly busybox?: Uint8Array;
}

/** Starts the builders and a registry that has the base image; undefined when the test has been skipped. */
export async function checkerFor(t: TestContext, { served, busybox }: Surroundings = {}): Promise<Check | undefined> {
  const builders = await buildersFor(t);
  if (builders === undefined) return undefined;
  const registry = await registryWith(t);
  registry.addImage("odd", "1", oddBase());
  if (busybox !== undefined) registry.addImage("odd", "runnable", runnableBase(busybox));
  const web = served === undefined ? "" : await serve(t, served);
  const dir = tempDir(t);
  const store = join(tempDir(t), "store");
  return async (subject) => {
    const { context = [], files = {}, args, target, runnable = false } = subject;
    const place = mkdtempSync(join(dir, "case-"));
    const at = (name: string) => join(place, name);
    mkdirSync(at("context"), { mode: 0o755 });
    writeTree(at("context"), context);
    writeContents(at("context"), files);
    const withBase = (text: string) =>
      text
        .replaceAll("@base", `${registry.host}/odd:1`)
        .replaceAll("@runnable", `${registry.host}/odd:runnable`)
        .replaceAll("@web", web);
    writeFileSync(at("Dockerfile"), withBase(subject.dockerfile));
    writeFileSync(at("Dockerfile.old"), withBase(subject.inOldWords ?? subject.dockerfile));
    const request = {
      context: at("context"),
      platform: runnable && process.arch === "x64" ? "linux/amd64" : "linux/arm64",
      ...(args && { args }),
      ...(target && { target }),
    };
    const real = { ...request, file: at("Dockerfile.old") };
    const ours = await aircrate(store)({ ...request, file: at("Dockerfile") });
    const found: string[] = [];
    for (const name of buildersOf(subject)) found.push(...compare(ours, await builders[name](real), name, subject));
    if (subject.differs !== undefined) assert.ok(found.length > 0, `no difference any more: ${subject.differs}`);
    else assert.ok(found.length === 0, ["", ...found].join("\n"));
    rmSync(place, { recursive: true });
  };
}

/**
 * The builders that are asked. Where both count, one is enough, each for about half of the cases; with
 * DIFFERENTIAL_BUILDERS=all both are asked, for twice the time.
 */
function buildersOf({ name, notDocker, notBuildah }: Case): (keyof Builders)[] {
  if (notDocker !== undefined) return ["buildah"];
  if (notBuildah !== undefined) return ["docker"];
  if (process.env.DIFFERENTIAL_BUILDERS === "all") return ["docker", "buildah"];
  return name.length % 2 === 0 ? ["docker"] : ["buildah"];
}

/** Faults of what is built; no other one may make a case. */
const REFUSALS: ReadonlySet<string> = new Set(["input", "unreachable"]);

/** Aircrate as a builder, in this process: the folder around the context is a project that has only this image. */
function aircrate(store: string): Builder {
  return async ({ context, file, platform, args, target }) => {
    const dir = dirname(context);
    const dockerfile = relative(context, file);
    const image = { context: basename(context), dockerfile, ...(args && { args }), ...(target && { target }) };
    // JSON is YAML.
    writeFileSync(join(dir, "aircrate.yml"), JSON.stringify({ images: { image } }));
    const output = join(dir, "image.tar");
    try {
      const simulation = platform === "linux/amd64";
      await build({ dir, store, output, format: "docker-archive", simulation, pool: createWorkPool({ threads: 1 }) });
    } catch (error) {
      if (error instanceof AircrateError && REFUSALS.has(error.fault)) return { refused: error.message };
      throw error;
    }
    return { image: await readSavedImage(output) };
  };
}

/**
 * Runs groups of cases, every case as a test of its own, two at a time: the builders wait for disk and daemon a good part
 * of the time.
 */
export async function checkGroups(
  t: TestContext,
  groups: Readonly<Record<string, readonly Case[]>>,
  surroundings: Surroundings = {},
): Promise<void> {
  const check = await checkerFor(t, surroundings);
  if (check === undefined) return;
  for (const [name, cases] of Object.entries(groups)) {
    await t.test(name, { concurrency: 2 }, async (group) => {
      const waiting = [...cases];
      const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const subject = next;
          await group.test(subject.name, () => check(subject));
        }
      };
      await Promise.all([work(), work()]);
    });
  }
}

/** A web server with these files; gives its address. */
async function serve(t: TestContext, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const server = createServer(({ url = "" }, response) => {
    const bytes = files[url];
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
