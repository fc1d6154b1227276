import { createCipheriv } from "node:crypto";
import { closeSync, cpSync, fstatSync, mkdirSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { tempDir } from "../support/cleanup.ts";
import { seeded } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { type Measured, measure, median } from "./measure.ts";

const SOURCE = fileURLToPath(new URL("./layer-program.js", import.meta.url));
const BUNDLES = fileURLToPath(new URL("../../bin/", import.meta.url));

interface Tree {
  readonly name: string;
  readonly files: number;
  /** Bytes of a file: so many and up to twice as many. */
  readonly size: number;
}

const SMALL: Tree = { name: "10,000 small files", files: 10_000, size: 2700 };
const LARGE: Tree = { name: "1 GB in large files", files: 10, size: 67e6 };
const USUAL: Tree = { name: "60 MB in 1,500 files", files: 1500, size: 27_000 };

/**
 * Layers beside GNU tar: packing beside `tar | pigz -6`, and reading and digesting beside tar alone, which writes the
 * same bytes to a file or a pipe. The times of aircrate are those of a process of its own, from its start to its end, with
 * the listing of the tree and the writing to the store.
 */
export async function measureLayers(t: TestContext, runs: number): Promise<void> {
  if (!requireTool(t, "tar", "pigz")) return;
  const dir = tempDir(t);
  const program = await bundled(join(dir, "bin"));
  for (const tree of [SMALL, LARGE]) {
    const project = writeTree(join(dir, "project"), tree);
    const tar = `tar --sort=name -C ${project} -cf`;
    const script = (text: string): [string, string[]] => ["bash", ["-o", "pipefail", "-c", text]];
    const own = (how: string): [string, string[]] => [process.execPath, [program, project, join(dir, "store"), how]];
    const results = await inTurns(
      new Map([
        ["tar | pigz -6 -p2", script(`${tar} - tree | pigz -6 -p2 > ${dir}/out.tar.gz`)],
        ["aircrate", own("pack")],
        ["aircrate with pako", own("pako")],
        ["tar to a file", script(`${tar} ${dir}/out.tar tree`)],
        ["tar to a pipe", script(`${tar} - tree | cat > /dev/null`)],
        ["aircrate, digest alone", own("digest")],
      ]),
      {
        runs,
        fresh() {
          for (const name of ["store", "out.tar", "out.tar.gz"])
            rmSync(join(dir, name), { recursive: true, force: true });
        },
      },
    );
    console.log(`\n${tree.name}`);
    print(results, "tar | pigz -6 -p2", ["aircrate", "aircrate with pako"]);
    print(results, "tar to a file", ["aircrate, digest alone"]);
    print(results, "tar to a pipe", ["aircrate, digest alone"]);
  }
  const project = writeTree(join(dir, "project"), USUAL);
  const command: [string, string[]] = [process.execPath, [program, project, join(dir, "store"), "pack"]];
  await measure(...command, process.env);
  const results = await inTurns(new Map([["aircrate, nothing changed", command]]), { runs, fresh: () => {} });
  console.log(`\n${USUAL.name}`);
  print(results, "aircrate, nothing changed", []);
  const checks = results
    .get("aircrate, nothing changed")!
    .map(({ stdout }) => Number(stdout.trim().split("\n").at(-1)));
  console.log(`${"without its own start".padEnd(26)}  ${(median(checks) / 1000).toFixed(2)} s`);
}

/** The program in one file, as the command line is one, beside the thread that is bundled already. */
async function bundled(dir: string): Promise<string> {
  cpSync(BUNDLES, dir, { recursive: true });
  const outfile = join(dir, "layer-program.js");
  const banner = { js: "import{createRequire as c}from'node:module';const require=c(import.meta.url);" };
  await build({
    entryPoints: [SOURCE],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    banner,
    logLevel: "warning",
  });
  return outfile;
}

type Results = ReadonlyMap<string, readonly Measured[]>;

/** In turns, so that a busy moment of the machine hits all alike. */
async function inTurns(
  commands: ReadonlyMap<string, readonly [command: string, args: readonly string[]]>,
  { runs, fresh }: { runs: number; fresh: () => void },
): Promise<Results> {
  const results = new Map<string, Measured[]>();
  for (let i = 0; i < runs; i += 1) {
    for (const [name, [command, args]] of commands) {
      fresh();
      results.set(name, [...(results.get(name) ?? []), await measure(command, args, process.env)]);
    }
  }
  return results;
}

function print(results: Results, peer: string, own: readonly string[]): void {
  const wall = (name: string) => median(results.get(name)!.map((one) => one.wall));
  for (const name of [peer, ...own]) {
    const measured = results.get(name)!;
    const walls = measured.map((one) => one.wall);
    console.log(
      [
        name.padEnd(26),
        `${wall(name).toFixed(2)} s (${Math.min(...walls).toFixed(2)}-${Math.max(...walls).toFixed(2)})`,
        ...(name === peer && own.length > 0
          ? []
          : [`${Math.max(...measured.map(({ memory }) => memory)).toFixed(0)} MB`]),
        ...(name === peer ? [] : [`${(wall(name) / wall(peer)).toFixed(2)} times the time of ${peer}`]),
      ].join("  "),
    );
  }
}

const PIECE = 64 * 1024;

/**
 * A project whose one image holds `tree`. Half of the bytes are those of a program, this Node, and half are such that
 * nothing makes them smaller, as in pictures and archives: piece by piece in large files, file by file in small ones.
 */
function writeTree(dir: string, { files, size }: Tree): string {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, "tree"), { recursive: true });
  writeFileSync(
    join(dir, "aircrate.yml"),
    "images:\n  tree:\n    from: scratch\n    layers: [{ copy: [{ from: tree/, to: /tree }] }]\n",
  );
  const program = openSync(process.execPath, "r");
  const end = fstatSync(program).size - PIECE;
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const next = seeded(1);
  const piece = Buffer.alloc(PIECE);
  let count = 0;
  const nextPiece = (length: number): Buffer => {
    const bytes = piece.subarray(0, length);
    count += 1;
    if (count % 2 === 0) return noise.update(bytes);
    readSync(program, bytes, 0, length, next(end));
    return bytes;
  };
  for (let i = 0; i < files; i += 1) {
    const folder = join(dir, "tree", `pkg${i % 25}`, `mod${i % 7}`);
    mkdirSync(folder, { recursive: true });
    const file = openSync(join(folder, `file${i}.bin`), "w");
    for (let rest = size + next(size); rest > 0; rest -= PIECE) writeSync(file, nextPiece(Math.min(rest, PIECE)));
    closeSync(file);
  }
  closeSync(program);
  return dir;
}
