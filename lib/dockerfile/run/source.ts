import { commandOfRun } from "../argv.ts";
import { heredocOf, textOf } from "../heredoc.ts";
import type { RunInstruction } from "../types.ts";
import { NotComputed } from "./not-computed.ts";
import { applyShellOptions, type ShellOptions } from "./set.ts";

/** What a RUN starts. */
export type Invocation =
  | { readonly kind: "program"; readonly argv: readonly string[] }
  | {
      readonly kind: "script";
      readonly script: string;
      /** Read by the SHELL of the config; else by one that is named in the RUN and known. */
      readonly configShell: boolean;
      readonly nounset: boolean;
    };

/**
 * The shells whose common language is read here: `/bin/sh` is one of the others.
 *
 * @returns nothing for another program
 */
function isShell(program: string): boolean {
  return /^(?:(?:\/usr)?\/bin\/)?(?:ba|da|a)?sh$/.test(program);
}

/**
 * How a shell works that is started with `argv`, of which the last is `-c` or ends in `c`: `["/bin/bash", "-eo", "pipefail",
 * "-c"]`.
 *
 * @throws NotComputed when it is none that is known, or has options that are not
 */
export function shellOptions(argv: readonly string[]): ShellOptions {
  const [program = "", ...words] = argv;
  if (!isShell(program)) throw new NotComputed(`${program} is no shell that is known here`);
  const last = words.pop() ?? "";
  if (!/^-[a-z]*c$/.test(last)) throw new NotComputed(`the shell ${argv.join(" ")} gets no -c`);
  const options: ShellOptions = { nounset: false };
  applyShellOptions([...words, ...(last === "-c" ? [] : [last.slice(0, -1)])], options, program);
  return options;
}

/** @throws NotComputed when a shell is started that is not known */
export function invocationOf(run: RunInstruction): Invocation {
  const script = documentOf(run);
  if (script?.startsWith("#!") === true)
    return { kind: "script", script, configShell: false, ...interpreterOf(script) };
  const command = commandOfRun(run);
  if (command.form === "shell") return { kind: "script", script: command.command, configShell: true, nounset: false };
  const { argv } = command;
  const at = argv.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
  if (!isShell(argv[0] ?? "") || at < 0) return { kind: "program", argv };
  const [given, ...more] = argv.slice(at + 1);
  if (given === undefined || more.length > 1) throw new NotComputed("the shell gets something else than a script");
  return { kind: "script", script: given, configShell: false, ...shellOptions(argv.slice(0, at + 1)) };
}

/** Something like a script of all that a RUN calls, for hints. */
export function approximateScript(run: RunInstruction): string {
  const command = commandOfRun(run);
  if (command.form === "shell") return documentOf(run) ?? command.command;
  const [program, option, script] = command.argv;
  const isScript = program !== undefined && isShell(program) && option?.startsWith("-") && option.endsWith("c");
  if (isScript && script !== undefined) return script;
  return command.argv.map((word) => `'${word.replaceAll("'", "")}'`).join(" ");
}

/** The here-document that is all of a RUN. */
function documentOf({ command, heredocs, where }: RunInstruction): string | undefined {
  const [first] = heredocs;
  if (command.form === "exec" || first === undefined) return undefined;
  return heredocOf(command.command, where) === undefined ? undefined : textOf(first);
}

/** `#!` in front of a here-document names what reads it. @throws NotComputed when that is no shell that is known */
function interpreterOf(script: string): ShellOptions {
  const [program = "", ...words] = script
    .slice(2)
    .split("\n", 1)[0]!
    .trim()
    .split(/[ \t]+/);
  const viaEnv = /^(?:\/usr)?\/bin\/env$/.test(program);
  // Linux hands on what is behind the program as one argument.
  const [shell = "", ...more] = viaEnv ? words : [program, words.join(" ")].filter((word) => word !== "");
  if (!isShell(shell) || (viaEnv && more.length > 0)) throw new NotComputed(`${shell || program} is a program`);
  const options: ShellOptions = { nounset: false };
  applyShellOptions(more, options, shell);
  return options;
}
