import { commandOfRun } from "./argv.ts";
import { excerpt, fault } from "./fault.ts";
import { expandPorts } from "./ports.ts";
import { refusalOf, refusedError, runRefusal } from "./refuse.ts";
import { computeRun } from "./run/compute.ts";
import { checkSignal } from "./signal.ts";
import { evaluateAdd, evaluateCopy } from "./transfer.ts";
import type {
  ArgInstruction,
  ArgStep,
  Entry,
  RunInstruction,
  RunStep,
  Stage,
  StageInstruction,
  Step,
  Warning,
} from "./types.ts";
import { expandWord, expandWords, MAX_VALUES, type WordOptions } from "./words.ts";

export interface EvaluatedStage {
  readonly stage: Stage;
  readonly steps: readonly Step[];
  /** The environment of the image after the steps: that of the base and each ENV. */
  readonly env: ReadonlyMap<string, string>;
  /** What substitution saw at the end: `env` and each ARG. A stage FROM this one sees it, too. */
  readonly variables: ReadonlyMap<string, string>;
  /** The names of each ARG, with its value; a stage FROM this one has them, too. */
  readonly declared: ReadonlyMap<string, string | undefined>;
  readonly warnings: readonly Warning[];
}

/** EXPOSE 0-65535 for each protocol; more has no meaning, and the text may not cost memory without bound. */
const MAX_PORTS = 3 * 65_536;

/** Evaluates a plan's chain of stages, each in the environment that the one before leaves. @throws AircrateError input */
export function evaluateChain(chain: readonly Stage[], baseEnv: ReadonlyMap<string, string>): EvaluatedStage[] {
  const evaluated: EvaluatedStage[] = [];
  for (const stage of chain) {
    const parent = evaluated.at(-1);
    evaluated.push(evaluateStage(stage, parent?.env ?? baseEnv, parent));
  }
  return evaluated;
}

/**
 * Substitutes the variables of a stage's instructions and checks their values. ENV and ARG set one and the same
 * variable, as in BuildKit: the later instruction wins, so an ENV overrides the ARG above it. An instruction sees what
 * the ones before it set; only ARG also sees what stands before on its own line.
 *
 * @param baseEnv environment of the image that the stage is FROM
 * @param parent what the stage has come to that this one is FROM, if it is a stage
 * @throws AircrateError input at `file:line`
 */
export function evaluateStage(
  stage: Stage,
  baseEnv: ReadonlyMap<string, string>,
  parent?: Pick<EvaluatedStage, "variables" | "declared">,
): EvaluatedStage {
  const scope: Scope = {
    stage,
    env: new Map(baseEnv),
    variables: new Map([...(parent?.variables ?? []), ...baseEnv]),
    declared: new Map(parent?.declared),
    unset: new Map(),
    budget: { left: MAX_VALUES },
    ports: MAX_PORTS,
  };
  const steps = stage.instructions.map((instruction) => evaluate(instruction, scope));
  const { env, variables, declared, unset } = scope;
  return { stage, steps, env, variables, declared, warnings: [...unset.values()] };
}

interface Scope {
  readonly stage: Stage;
  readonly env: Map<string, string>;
  readonly variables: Map<string, string>;
  readonly declared: Map<string, string | undefined>;
  readonly unset: Map<string, Warning>;
  readonly budget: { left: number };
  ports: number;
}

function evaluate(instruction: StageInstruction, scope: Scope): Step {
  const { where, text } = instruction;
  const options = wordOptions(where, scope);
  const word = (source: string) => expandWord(source, options);
  switch (instruction.kind) {
    case "copy":
      return evaluateCopy(instruction, scope.stage, options);
    case "add":
      return evaluateAdd(instruction, options);
    case "run":
      return evaluateRun(instruction, options, scope);
    case "arg":
      return evaluateArg(instruction, word, scope);
    case "env": {
      const entries = evaluateEntries(instruction.entries, word, where);
      for (const [name, value] of entries) {
        if (name.includes("=")) throw fault(where, `"${excerpt(name)}" is no name for a variable`);
        scope.env.set(name, value);
        scope.variables.set(name, value);
      }
      return { where, text, kind: "env", entries };
    }
    case "label":
      return { where, text, kind: "label", entries: evaluateEntries(instruction.entries, word, where) };
    case "workdir":
      return { where, text, kind: "workdir", path: word(instruction.path) };
    case "user":
      return { where, text, kind: "user", user: word(instruction.user) };
    case "volume":
      return { where, text, kind: "volume", paths: instruction.paths.map((path) => evaluateVolume(path, word, where)) };
    case "expose": {
      const specs = [...instruction.ports].sort().flatMap((ports) => expandWords(ports, options));
      return { where, text, kind: "expose", ports: evaluatePorts(specs, where, scope) };
    }
    case "stopsignal": {
      const signal = word(instruction.signal);
      checkSignal(signal, where);
      return { where, text, kind: "stopsignal", signal };
    }
    case "onbuild":
      throw refused(instruction, scope);
    default:
      return instruction;
  }
}

function wordOptions(where: string, scope: Scope): WordOptions {
  return {
    where,
    escapeChar: scope.stage.context.escapeChar,
    lookup: (name) => scope.variables.get(name),
    budget: scope.budget,
    onUnset: (name) => {
      const key = `${where} ${name}`;
      if (scope.unset.has(key)) return;
      scope.unset.set(key, { where, message: `the variable ${name} is not set: it counts as blank` });
    },
  };
}

function evaluateRun(run: RunInstruction, { lookup, onUnset }: WordOptions, scope: Scope): RunStep {
  const computed = computeRun(run, lookup);
  if ("reason" in computed) throw refusedError(runRefusal(run, computed.reason, setting(scope)));
  for (const name of computed.unset) onUnset?.(name);
  const { where, text } = run;
  const declared = [...scope.declared].map(([name, value]): Entry => [name, lookup(name) ?? value ?? ""]);
  return { where, text, kind: "run", command: commandOfRun(run), declared, ...computed };
}

/** The value is the build argument, else the default, else that of an ARG above the first FROM. */
function evaluateArg(
  { where, text, entries }: ArgInstruction,
  word: (source: string) => string,
  scope: Scope,
): ArgStep {
  const { buildArgs, globals } = scope.stage.context;
  const values = entries.map(({ name, value }) => {
    const given = buildArgs.get(name) ?? (value === undefined ? globals.get(name) : word(value));
    if (given !== undefined) scope.variables.set(name, given);
    scope.declared.set(name, given);
    return [name, given] as const;
  });
  return { where, text, kind: "arg", entries: values };
}

function evaluateEntries(entries: readonly Entry[], word: (source: string) => string, where: string): Entry[] {
  return entries.map(([name, value]) => {
    const key = word(name);
    if (key === "") throw fault(where, `${excerpt(name)} is blank, and no name`);
    return [key, word(value)];
  });
}

function evaluateVolume(path: string, word: (source: string) => string, where: string): string {
  const value = word(path.trim());
  if (value === "") throw fault(where, "a VOLUME without a path");
  return value;
}

function evaluatePorts(specs: readonly string[], where: string, scope: Scope): string[] {
  const ports = new Set<string>();
  for (const spec of specs) {
    const expanded = expandPorts(spec, where);
    scope.ports -= expanded.length;
    if (scope.ports < 0) throw fault(where, `EXPOSE names more than ${MAX_PORTS} ports over all`);
    for (const port of expanded) ports.add(port);
  }
  return [...ports];
}

function setting({ stage }: Scope) {
  return { platform: stage.context.platform, base: stage.from.kind === "image" ? stage.from.reference : "" };
}

function refused(instruction: StageInstruction, scope: Scope): Error {
  const [first, ...others] = refusalOf(instruction, setting(scope));
  if (first === undefined) throw new Error(`${instruction.where}: an instruction that is neither done nor refused`);
  return refusedError([first, ...others]);
}
