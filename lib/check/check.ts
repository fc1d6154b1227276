import path from "node:path";
import type { CheckFinding, CheckReport } from "../../spec/check.ts";
import type { Lock } from "../../spec/lock.ts";
import { exists } from "../app/files.ts";
import { messagesTar } from "../app/logging-tar.ts";
import type { AppManifest } from "../app/manifest.ts";
import { MANIFEST_NAME, openManifest } from "../app/open-manifest.ts";
import { payloadFiles } from "../app/payload.ts";
import { AircrateError, type Problem, problemLine } from "../error.ts";
import { commandFor, lockDifferences, pinsOf } from "../lock/check.ts";
import { lockFile, readLock } from "../lock/file.ts";
import { makePlan, type PlanOptions } from "../plan/make.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { readOnlyStore } from "../store/layout.ts";
import { parseYaml, type YamlDocument } from "../yaml/read.ts";
import { baseTraps } from "./bases.ts";
import { checkSources } from "./sources.ts";
import { storedConfigs } from "./stored.ts";
import { manifestTraps } from "./traps.ts";

export interface CheckOptions extends Omit<PlanOptions, "onFault"> {
  /** Warnings count as problems. */
  readonly strict?: boolean;
  /** Folder of the blob store, which is only read: with what it has of the bases more can be told. */
  readonly store?: string;
  readonly signal?: AbortSignal;
}

/**
 * Validates what `build` would, as far as that goes without a network: manifest, `aircrate.yml`, Dockerfiles, what they
 * copy, settings and messages, and the lock. One problem does not hide the others where they can be told apart. Then it
 * looks for the traps of the field.
 *
 * @param dir project folder, as the user gives it
 * @throws AircrateError unreachable: no such folder; input: there is nothing to build; usage; the reason of the signal
 */
export async function checkProject(dir: string, options: CheckOptions = {}): Promise<CheckReport> {
  const { strict = false, store, signal } = options;
  const problems: Problem[] = [];
  const onFault = (fault: AircrateError) => void problems.push(...fault.problems);
  const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    signal?.throwIfAborted();
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof AircrateError)) throw error;
      onFault(error);
      return undefined;
    }
  };
  const plan = await makePlan(dir, { ...options, onFault });
  const whole = problems.length === 0;
  const warnings = planWarnings(plan);
  const lock = await attempt(() => readLock(dir));
  const stored = store === undefined ? new Map() : await storedConfigs(plan, readOnlyStore(store), pinsOf(plan, lock));
  warnings.push(...(await checkSources(plan, stored, onFault)));
  const { app } = plan;
  if (app !== undefined && (await attempt(() => payloadFiles(app, { epoch: 0 }))) === undefined) {
    // One of its parts is wrong; the others may be, too.
    await attempt(() => payloadFiles({ ...app, messagePaths: [] }, { epoch: 0 }));
    const { directory } = app;
    for (const path of app.messagePaths) await attempt(() => messagesTar({ directory, paths: [path], epoch: 0 }));
  }
  const document = await attempt(() => openDocument(dir, options, app));
  if (document !== undefined) {
    warnings.push(...(await manifestTraps(document, { directory: plan.directory, compose: app?.compose })));
    // An app.yml does not say what the images are built on.
    if (app !== undefined && app.appYml === undefined && whole)
      warnings.push(...(await baseTraps(plan, app, { document, stored, store })));
  }
  // What a plan lacks that is not whole would look as if the lock had too much.
  if (whole && lock !== undefined) warnings.push(...((await attempt(async () => lockTraps(plan, lock))) ?? []));
  return makeReport(dir, { problems, warnings, strict });
}

/** The document that says what the application is, if there is one. */
async function openDocument(
  dir: string,
  options: PlanOptions,
  app: AppManifest | undefined,
): Promise<YamlDocument | undefined> {
  if (await exists(path.join(dir, MANIFEST_NAME))) return openManifest(dir, options);
  return app?.appYml === undefined ? undefined : parseYaml(app.appYml, app.file);
}

/** What the plan warns of; the manifest's warnings say more of themselves. */
function planWarnings({ app, warnings }: BuildPlan): Problem[] {
  const known = new Map((app?.warnings ?? []).map((warning) => [problemLine(warning), warning]));
  return warnings.map((line) => {
    const [, where, what] = /^(.+?:[0-9]+): (.*)$/s.exec(line) ?? [];
    return known.get(line) ?? (where === undefined ? { what: line } : { where, what: what! });
  });
}

function lockTraps(plan: BuildPlan, lock: Lock): Problem[] {
  const { missing, unused } = lockDifferences(plan, lock);
  const where = lockFile(plan.name);
  const trap = "AC012";
  const hint = [`bring it up to date: ${commandFor(plan)}`];
  return [...missing, ...unused].map((what) => ({ where, what, trap, hint }));
}

function makeReport(
  project: string,
  { problems, warnings, strict }: { problems: readonly Problem[]; warnings: readonly Problem[]; strict: boolean },
): CheckReport {
  const findings = inOrder([
    ...unique(problems).map((problem) => finding("problem", problem)),
    ...unique(warnings).map((warning) => finding(strict ? "problem" : "warning", warning)),
  ]);
  const count = findings.filter(({ severity }) => severity === "problem").length;
  return { version: 1, project, strict, findings, problems: count, warnings: findings.length - count };
}

/** A base that several services share is wrong only once. */
function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problemLine(problem), problem])).values()];
}

function finding(severity: CheckFinding["severity"], { where, what, reason, hint, trap }: Problem): CheckFinding {
  return {
    severity,
    ...(trap !== undefined && { code: trap }),
    ...(where !== undefined && { where }),
    message: what,
    reason: [...(reason ?? [])],
    hint: [...(hint ?? [])],
  };
}

/** Files in the order in which they first occur, and in each the order of the lines. */
function inOrder(findings: readonly CheckFinding[]): CheckFinding[] {
  const place = ({ where = "" }: CheckFinding) => {
    const [, file = where, line = "0"] = /^(.*):([0-9]+)$/.exec(where) ?? [];
    return { file, line: Number(line) };
  };
  const files = new Map<string, number>();
  for (const one of findings) if (!files.has(place(one).file)) files.set(place(one).file, files.size);
  return [...findings].sort((a, b) => {
    const [left, right] = [place(a), place(b)];
    return files.get(left.file)! - files.get(right.file)! || left.line - right.line;
  });
}
