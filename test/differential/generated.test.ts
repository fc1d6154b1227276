import { test } from "node:test";
import fc from "fast-check";
import type { Case } from "./case.ts";
import { copies, ignored, settings } from "./generate.ts";
import { type Check, checkerFor } from "./harness.ts";

/** The same cases every time; another number gives others. What fails is printed with its seed. */
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const RUNS = Number(process.env.DIFFERENTIAL_RUNS ?? 25);
/** Builds that may go into making a failing case smaller. */
const MAX_SHRINKS = 40;

/** Random cases; the first that fails is made smaller, for a while. */
async function holds<T>(check: Check, cases: fc.Arbitrary<T>, toCase: (value: T) => Omit<Case, "name">): Promise<void> {
  let shrinks = -1;
  const property = fc.asyncProperty(cases, async (value) => {
    if (shrinks >= 0) shrinks += 1;
    if (shrinks > MAX_SHRINKS) return;
    try {
      await check({ name: "generated", refused: "by all or none", ...toCase(value) });
    } catch (error) {
      shrinks = Math.max(shrinks, 0);
      throw error;
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: RUNS, includeErrorInReport: true });
}

test("generated cases", { concurrency: 2 }, async (t) => {
  const check = await checkerFor(t);
  if (check === undefined) return;
  await Promise.all([
    t.test("COPY", () =>
      holds(check, copies, ({ tree, lines }) => ({
        dockerfile: `FROM @base\n${lines.join("\n")}\n`,
        context: tree,
        notBuildah: "files and folders",
      })),
    ),
    t.test(".dockerignore", () =>
      holds(check, ignored, ({ tree, rules }) => ({
        dockerfile: "FROM @base\nCOPY . /x/\n",
        context: tree,
        files: { ".dockerignore": `${rules.join("\n")}\n` },
        notDocker: "folders of exceptions",
      })),
    ),
    t.test("config", () =>
      holds(check, settings, (lines) => ({
        dockerfile: `FROM @base\nWORKDIR /new\n${lines.join("\n")}\n`,
        notBuildah: "workdir",
      })),
    ),
  ]);
});
