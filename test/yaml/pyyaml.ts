import type { TestContext } from "node:test";
import { run, runOk } from "../support/run.ts";
import { requireThat } from "../support/tools.ts";

const PYTHON = "/usr/bin/python3";

/** True when the system's Python has PyYAML; else the test is skipped, or fails where every tool is required. */
export async function requirePyYaml(t: TestContext): Promise<boolean> {
  return requireThat(t, await missing("yaml", "python3-yaml"));
}

/** True when the system's Python has a validator of JSON Schema. */
export async function requireJsonSchema(t: TestContext): Promise<boolean> {
  return requireThat(t, await missing("jsonschema", "python3-jsonschema"));
}

/** True when there is a Python; PyYAML is not needed. */
export async function requirePython(t: TestContext): Promise<boolean> {
  return requireThat(t, await missing("tarfile", "python3"));
}

async function missing(module: string, debianPackage: string): Promise<string | undefined> {
  const found = await run(PYTHON, ["-c", `import ${module}`]).then(
    ({ status }) => status === 0,
    () => false,
  );
  return found ? undefined : `${PYTHON} has no module ${module} (Debian package ${debianPackage})`;
}

/** Runs a Python script that reads JSON from its standard input as `data` and leaves its answer in `answer`. */
export async function python<T>(script: string, data: unknown): Promise<T> {
  const wrapped = `import json, math, sys\ndata = json.load(sys.stdin)\n${script}\njson.dump(answer, sys.stdout)\n`;
  return JSON.parse(await runOk(PYTHON, ["-c", wrapped], { input: JSON.stringify(data) })) as T;
}
