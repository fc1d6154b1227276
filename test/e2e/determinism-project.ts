/** The project that is built in many ways, and always has to give the same bytes. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { type AircrateOptions, aircrateFor, GALLERY } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { mirror } from "../support/demo-registry.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { projectDir } from "../support/tools.ts";

export interface BuildOptions extends AircrateOptions {
  /** Project folder; the default is that it is the current one. */
  readonly dir?: string;
  readonly output?: string;
  readonly format?: string;
  /** Gets what was written to standard error. */
  readonly report?: { stderr: string };
}

/** Builds with a new store, unless one is given, and resolves to the checksum of the file. */
export async function builtBy(t: TestContext, registry: EmbeddedRegistry, options: BuildOptions): Promise<string> {
  const { dir, output, format, report, ...rest } = options;
  const file = output ?? join(tempDir(t), "gallery.out");
  const args = [...(dir === undefined ? [] : [dir]), ...(format === undefined ? [] : ["--format", format])];
  const done = await aircrateFor(t).run(["build", ...args, "-o", file, ...mirror(registry)], rest);
  assert.equal(done.status, 0, done.stderr);
  if (report !== undefined) report.stderr = done.stderr;
  return sha256Of(file);
}

export interface Checkout {
  readonly fileMode: number;
  readonly folderMode: number;
  /** Seconds since 1970 of every file. */
  readonly time: number;
  /** Whether the files are made in the opposite order, so that some file systems list them so. */
  readonly backwards: boolean;
  readonly parent?: string;
}

/** The photo gallery with more in it: a large file, many files, links, names that are sorted in a tricky way. */
export function writeProject(t: TestContext, checkout: Checkout): string {
  const dir = join(checkout.parent ?? tempDir(t), "photo-gallery");
  const example = join(projectDir(), GALLERY);
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(example, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(example.length + 1), readFileSync(path));
  }
  const dockerfile = "src/gallery-service/Dockerfile";
  files.set(dockerfile, Buffer.from(`${files.get(dockerfile)}COPY assets /app/assets\n`));
  const assets = "src/gallery-service/assets";
  files.set(`${assets}/large.txt`, Buffer.from(largeText()));
  files.set(`${assets}/empty`, Buffer.alloc(0));
  for (const name of ["a.txt", "a-b", "a/b", "B", "ä", "I", "ı", "i", "_", "z/é/深/x", "Z"]) {
    files.set(`${assets}/names/${name}`, Buffer.from(name));
  }
  for (let i = 0; i < 100; i += 1) files.set(`${assets}/many/${i}`, Buffer.from(`${i}`.repeat(i)));
  const names = [...files.keys()].sort();
  for (const name of checkout.backwards ? names.reverse() : names) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, files.get(name)!);
    chmodSync(path, checkout.fileMode);
    utimesSync(path, checkout.time, checkout.time);
  }
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) continue;
    chmodSync(path, checkout.folderMode);
    utimesSync(path, checkout.time, checkout.time);
  }
  chmodSync(dir, checkout.folderMode);
  return dir;
}

/** More than two blocks of packing, so that threads and dictionaries come into play. */
function largeText(): string {
  let state = 7;
  let text = "";
  while (text.length < 1_500_000) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state % 7 === 0 ? `${state}\n` : `row ${state % 1009} of the table\n`;
  }
  return text;
}
