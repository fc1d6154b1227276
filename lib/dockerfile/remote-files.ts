import type { Digest } from "../digest.ts";
import { remoteKind } from "./remote.ts";
import type { AddInstruction, Stage } from "./types.ts";
import { expandWord, MAX_VALUES } from "./words.ts";

/** An environment, as far as it is known before anything is pulled. */
export interface KnownEnvironment {
  /** A variable with undefined is set to what nobody knows yet. */
  readonly values: ReadonlyMap<string, string | undefined>;
  /** The image of which the environment is not known: it may set every name that is not in `values`. */
  readonly base?: string;
}

/** A file that is fetched by its checksum. */
export interface RemoteFile {
  /** `file:line` that asks for it. */
  readonly where: string;
  /** Undefined as long as it depends on the environment of `base`. */
  readonly checksum?: Digest;
  /** The same. */
  readonly url?: string;
  readonly base?: string;
}

export interface StageFiles {
  readonly files: readonly RemoteFile[];
  readonly environment: KnownEnvironment;
  /** What substitution sees at the end: the environment and each ARG. */
  readonly variables: ReadonlyMap<string, string | undefined>;
}

/** Whether a stage fetches anything by a checksum. */
export function fetchesFiles({ instructions }: Stage): boolean {
  return instructions.some((instruction) => instruction.kind === "add" && instruction.checksum !== undefined);
}

/**
 * Finds the files that a stage fetches, also when the environment of its base is not known: then what depends on that is
 * left open. Variables come about as in `evaluateStage`. What that refuses is not told here.
 *
 * @param parent what the stage has come to that this one is FROM, if it is a stage
 * @throws AircrateError input when variables cannot be substituted
 */
export function remoteFilesOf(stage: Stage, before: KnownEnvironment, parent?: StageFiles): StageFiles {
  const { base } = before;
  const env = new Map(before.values);
  const variables = new Map([...(parent?.variables ?? []), ...env]);
  const files: RemoteFile[] = [];
  const { escapeChar, buildArgs, globals } = stage.context;
  const budget = { left: MAX_VALUES };

  function expand(source: string, where: string): string | undefined {
    let known = true;
    const lookup = (name: string) => {
      const value = variables.get(name);
      if (value === undefined && (variables.has(name) || base !== undefined)) known = false;
      return value;
    };
    try {
      const text = expandWord(source, { escapeChar, where, lookup, budget });
      return known ? text : undefined;
    } catch (error) {
      // Such as `${NAME:?}` of a name that the base may set.
      if (known) throw error;
      return undefined;
    }
  }

  for (const instruction of stage.instructions) {
    const { kind, where } = instruction;
    if (kind === "arg") {
      for (const { name, value } of instruction.entries) {
        const given = buildArgs.get(name) ?? (value === undefined ? globals.get(name) : expand(value, where));
        if (given !== undefined || value !== undefined) variables.set(name, given);
      }
    } else if (kind === "env") {
      const entries = instruction.entries.map(([name, value]) => [expand(name, where), expand(value, where)] as const);
      for (const [name, value] of entries) {
        // It may be any variable, so none is known any more.
        if (name === undefined) for (const map of [env, variables]) map.clear();
        else for (const map of [env, variables]) map.set(name, value);
      }
    } else if (kind === "add" && instruction.checksum !== undefined) {
      files.push(...fileOf(instruction, expand, base));
    }
  }
  return { files, environment: { values: env, ...(base !== undefined && { base }) }, variables };
}

function fileOf(
  { checksum: written = "", sources, where }: AddInstruction,
  expand: (source: string, where: string) => string | undefined,
  base: string | undefined,
): RemoteFile[] {
  const [source] = sources;
  if (source === undefined || sources.length > 1) return [];
  const checksum = expand(written, where);
  const url = expand(source, where);
  if (checksum !== undefined && !/^sha256:[0-9a-f]{64}$/.test(checksum)) return [];
  if (url !== undefined && remoteKind(url) !== "http") return [];
  const open = checksum === undefined || url === undefined;
  return [
    {
      where,
      ...(checksum !== undefined && { checksum }),
      ...(url !== undefined && { url }),
      ...(open && base !== undefined && { base }),
    },
  ];
}
