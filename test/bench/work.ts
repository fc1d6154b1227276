/** The reference work: services of 20 MB in 502 files each, cut from the base's own files, so that they pack like software. */
import {
  chmodSync,
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { LayerFile } from "../support/arm64-base.ts";
import { cached, recipe } from "../support/cache.ts";

export interface Work {
  readonly services: number;
  /** Files of each service, besides a start script, a version file and a link. */
  readonly files: number;
  /** Bytes of each service. */
  readonly bytes: number;
}

export const REFERENCE_WORK: Work = { services: 3, files: 500, bytes: 20e6 };

/** Writes a project with an application of these services on `base`. */
export async function writeProject(
  dir: string,
  work: Work,
  { base, layers }: { base: string; layers: readonly LayerFile[] },
): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const names = Array.from({ length: work.services }, (_, i) => `svc${i + 1}`);
  const services = names.map((name) => `  ${name}: { build: ./${name} }\n`).join("");
  writeFileSync(
    join(dir, "auterion-app.yml"),
    `auterion-api-version: 3\nauterion-app-base: none\napp-name: bench\napp-author: com.example\napp-version: "1"\ntarget-platform: [skynode]\nservices:\n${services}`,
  );
  const random = generator(12345);
  const sources = await plainLayers(layers);
  const fds = sources.map((file) => openSync(file, "r"));
  try {
    for (const name of names) writeService(join(dir, name), work, { base, random, fds });
  } finally {
    fds.forEach(closeSync);
  }
  editProject(dir, work, "first");
}

/** Changes one small file of every service: a source edit. */
export function editProject(dir: string, work: Work, salt: string): void {
  for (let i = 1; i <= work.services; i += 1) {
    writeFileSync(join(dir, `svc${i}`, "app", "version.txt"), `svc${i} ${salt}\n`);
  }
}

interface Source {
  readonly base: string;
  readonly random: () => number;
  readonly fds: readonly number[];
}

function writeService(dir: string, { files, bytes }: Work, { base, random, fds }: Source): void {
  // Sizes are log-normal, as those of real trees: many small files, a few large ones.
  const weights = Array.from({ length: files }, () =>
    Math.exp(1.6 * Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  for (const [i, weight] of weights.entries()) {
    const fd = fds[random() < 0.6 ? 0 : 1]!;
    const length = Math.max(16, Math.round((weight / sum) * bytes));
    const content = Buffer.alloc(length);
    readSync(fd, content, 0, length, Math.floor(random() * Math.max(fstatSync(fd).size - length, 1)));
    const folder = join(dir, "app", `pkg${i % 25}`, `mod${i % 5}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file${i}.bin`), content);
  }
  writeFileSync(join(dir, "app", "run.sh"), "#!/bin/sh\nexec python3 -m http.server 8080\n");
  chmodSync(join(dir, "app", "run.sh"), 0o755);
  symlinkSync("run.sh", join(dir, "app", "start"));
  writeFileSync(join(dir, "Dockerfile"), `FROM ${base}\nWORKDIR /app\nCOPY app /app\nENTRYPOINT ["/app/run.sh"]\n`);
}

/** The plain tars of the two large layers, unpacked once. */
async function plainLayers(layers: readonly LayerFile[]): Promise<string[]> {
  const large = layers.slice(0, 2);
  const dir = await cached(`plain-${(await recipe([], JSON.stringify(large))).slice(0, 16)}`, async (work) => {
    for (const [i, { path }] of large.entries()) {
      await pipeline(createReadStream(path), createGunzip(), createWriteStream(join(work, `${i}.tar`)));
    }
  });
  return large.map((_, i) => join(dir, `${i}.tar`));
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
