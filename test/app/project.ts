import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { tempDir } from "../support/cleanup.ts";
import { projectDir } from "../support/tools.ts";

/** The smallest manifest; its last key is `services`, so that text can follow. */
export const HEAD = `auterion-api-version: 3
auterion-app-base: none
app-name: app
app-author: com.example
app-version: 1.0.0
target-platform: skynode
`;

/** A new folder with these files; folders `a`, `b` and `c` are there to build from. */
export function project(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = tempDir(t);
  for (const folder of ["a", "b", "c"]) mkdirSync(join(dir, folder));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

export function fixture(name: string): string {
  return join(projectDir(), "test/app/fixtures", name);
}

/** The error that a step ends with; another kind of error, or none, fails the test. */
export async function failure(step: Promise<unknown>): Promise<AircrateError> {
  try {
    await step;
  } catch (error) {
    if (error instanceof AircrateError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
