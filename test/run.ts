/**
 * Runs the tests: `node dist/test/run.js [FOLDER OR FILE]…`, all of them without a name. Names are those of the sources,
 * such as `test/registry` or `test/e2e/gallery.test.ts`.
 */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const root = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2).map((name) => path.resolve(name).replace(/\.ts$/, ".js"));
const sources = path.resolve(root, "..", "..", "test");

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.js"))
  .filter((name) => wanted.length === 0 || wanted.some((prefix) => isBelow(path.join(sources, name), prefix)))
  .sort()
  .map((name) => path.join(root, name));

if (files.length === 0) {
  console.error(`no test file below ${wanted.join(", ") || root}`);
  process.exit(2);
}

// Files with real tools start daemons and measure nothing; two at a time keep a small machine busy without time-outs.
run({ files, concurrency: Math.max(2, availableParallelism()), timeout: 10 * 60 * 1000 })
  .on("test:fail", () => {
    process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);

function isBelow(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder + path.sep);
}
