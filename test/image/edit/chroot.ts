import { chmodSync, cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "../../support/cleanup.ts";
import { run, runOk } from "../../support/run.ts";
import { findTool, requireRoot, requireTool } from "../../support/tools.ts";
import { FIXTURE, listFolder, removeItems, writeItems } from "./fixture.ts";

const PROGRAMS = ["mkdir", "chmod", "chown", "chgrp", "ln", "rm", "rmdir", "touch", "true"];

/** A folder with a shell and GNU coreutils, their libraries, and nothing else. */
export async function writePrograms(t: TestContext): Promise<string | undefined> {
  if (!requireRoot(t) || !requireTool(t, "dash", "chroot", "ldd")) return undefined;
  const dir = tempDir(t);
  chmodSync(dir, 0o755);
  mkdirSync(join(dir, "bin"));
  const files = ["sh", ...PROGRAMS].map(
    (name) => [`/bin/${name === "sh" ? "dash" : name}`, join(dir, "bin", name)] as const,
  );
  for (const [from, to] of files) cpSync(from, to, { dereference: true });
  const text = await runOk(
    findTool("ldd")!,
    files.map(([from]) => from),
  );
  for (const library of new Set(text.match(/\/\S+\.so\S*/g))) {
    mkdirSync(dirname(join(dir, library)), { recursive: true });
    cpSync(library, join(dir, library), { dereference: true });
  }
  return dir;
}

/** Whom a script runs as. */
export interface Identity {
  readonly user: string;
  readonly groups: string;
  readonly home: string;
}

export interface Outcome {
  /** What the fixture has become, one line for each path. */
  readonly list: readonly string[];
  /** What went wrong, on one line, when the script failed. */
  readonly fault?: string;
}

/** Runs a script on the fixture, in `/w`, with a umask of 022. */
export async function runInside(dir: string, script: string, { user, groups, home }: Identity): Promise<Outcome> {
  writeItems(dir, FIXTURE);
  try {
    const options = ["--userspec", user, "--groups", groups];
    const line = `umask 022; cd /w || exit 99\n${script}`;
    const { status, stderr } = await run(findTool("chroot")!, [...options, dir, "/bin/sh", "-ec", line], {
      env: { PATH: "/bin", HOME: home, LC_ALL: "C" },
    });
    const tops = FIXTURE.filter(({ path }) => !path.includes("/")).map(({ path }) => path);
    return { list: listFolder(dir, tops), ...(status !== 0 && { fault: stderr.trim() }) };
  } finally {
    removeItems(dir, FIXTURE);
  }
}
