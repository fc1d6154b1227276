import { excerpt } from "../fault.ts";
import type { RunInstruction } from "../types.ts";
import { readerOf } from "./commands.ts";
import { expandShellWord, type Lookup } from "./expand.ts";
import { NotComputed } from "./not-computed.ts";
import { applySet, type ShellOptions } from "./set.ts";
import { readScript, type ShellWord, type SimpleCommand } from "./shell.ts";
import { type Invocation, invocationOf } from "./source.ts";
import type { EditCommand, Word } from "./types.ts";

export interface ComputedRun {
  readonly commands: readonly EditCommand[];
  /** Variables that count as blank because they are not set. */
  readonly unset: readonly string[];
  /** The SHELL of the config reads it, which has to be one that is known: `shellOptions` tells. */
  readonly configShell: boolean;
}

/** Variables that change what a shell or a program does with the same words. */
const STEERING = ["CDPATH", "BASH_ENV", "POSIXLY_CORRECT"];

/**
 * What a RUN does to the files of an image, where that is known without executing anything: mkdir, chmod, chown, chgrp,
 * `ln -s`, rm, rmdir, touch, true, `:`, cd, set, and these one after the other. All of it or nothing: one part that is not
 * known makes the whole RUN so. Whether the image has these programs does not matter.
 *
 * Unlike in a shell, a command that fails ends the RUN also where `;` is behind it.
 *
 * @param lookup variables as the RUN sees them; without it, what depends on one is taken for computable
 * @returns the reason when it is not computed, to be put behind "nothing is executed here, and"
 */
export function computeRun(run: RunInstruction, lookup?: Lookup): ComputedRun | { readonly reason: string } {
  return reasoned(() => {
    if (run.mounts.length > 0) throw new NotComputed("--mount shows files that are not of the image");
    return computeInvocation(invocationOf(run), lookup);
  });
}

/** Whether a script, without variables, could be a RUN that is computed. */
export function isComputable(script: string): boolean {
  const invocation: Invocation = { kind: "script", script, configShell: true, nounset: false };
  return !("reason" in reasoned(() => computeInvocation(invocation, undefined)));
}

function reasoned<T>(compute: () => T): T | { readonly reason: string } {
  try {
    return compute();
  } catch (error) {
    if (error instanceof NotComputed) return { reason: error.message };
    throw error;
  }
}

function computeInvocation(invocation: Invocation, lookup: Lookup | undefined): ComputedRun {
  const steering = STEERING.find((name) => (lookup?.(name) ?? "") !== "");
  if (steering !== undefined) throw new NotComputed(`the variable ${steering} changes what is done`);
  if (invocation.kind === "program") {
    const words = invocation.argv.map((text) => ({ text }));
    const command = readCommand(words, excerpt(invocation.argv.join(" ")), "exec");
    return { commands: command, unset: [], configShell: false };
  }
  const options: ShellOptions = { nounset: invocation.nounset };
  const unset = new Set<string>();
  const commands = readScript(invocation.script).flatMap((command) => computeCommand(command, lookup, options, unset));
  return { commands, unset: [...unset], configShell: invocation.configShell };
}

function computeCommand(
  { words, text }: SimpleCommand,
  lookup: Lookup | undefined,
  options: ShellOptions,
  unset: Set<string>,
): EditCommand[] {
  if (lookup === undefined && words.some(hasVariable)) {
    // Values come later; that there is no such command is known now.
    const [first] = words.map((word) => (hasVariable(word) ? undefined : expandShellWord(word, () => "")));
    if (first?.[0] !== undefined && first[0].text !== "set") requireReader(first[0], "shell");
    return [];
  }
  const expanded = words.flatMap((word) =>
    expandShellWord(word, (name) => {
      const value = lookup?.(name);
      if (value !== undefined || name === "HOME") return value;
      if (options.nounset) throw new NotComputed(`the variable ${name} is not set, which set -u makes an error`);
      unset.add(name);
      return undefined;
    }),
  );
  if (expanded[0]?.text !== "set") return readCommand(expanded, text, "shell");
  applySet(expanded.slice(1), options);
  return [];
}

function readCommand(words: readonly Word[], text: string, form: "shell" | "exec"): EditCommand[] {
  const [program, ...args] = words;
  if (program === undefined) return [];
  const { name, read } = requireReader(program, form);
  const edit = read(args, name);
  return edit === undefined ? [] : [{ ...edit, name, text }];
}

function requireReader(program: Word, form: "shell" | "exec") {
  const found = program.home || program.parts !== undefined ? undefined : readerOf(program.text, form);
  if (found === undefined) throw new NotComputed(`${excerpt(program.text, 30)} is a program`);
  return found;
}

function hasVariable(word: ShellWord): boolean {
  return word.some(({ kind }) => kind === "variable");
}
