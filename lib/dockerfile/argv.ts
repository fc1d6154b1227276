import type { ContainerConfig } from "../../spec/oci-config.ts";
import { heredocOf, textOf } from "./heredoc.ts";
import type { Command, RunInstruction } from "./types.ts";

const DEFAULT_SHELL: readonly string[] = ["/bin/sh", "-c"];

/** What is executed for a command: the shell form goes to the shell that the config has at that moment. */
export function argvOf(command: Command, config: ContainerConfig): string[] {
  if (command.form === "exec") return [...command.argv];
  return [...shellOf(config), command.command];
}

/** What gets the commands in shell form. */
export function shellOf({ Shell }: ContainerConfig): readonly string[] {
  return Shell !== undefined && Shell !== null && Shell.length > 0 ? Shell : DEFAULT_SHELL;
}

/**
 * What a RUN gives to its shell, as BuildKit composes it: a here-document that is all of the command is the script, or,
 * with `#!`, a program; others are handed on for the shell to read.
 */
export function commandOfRun({ command, heredocs, where }: RunInstruction): Command {
  const [first] = heredocs;
  if (command.form === "exec" || first === undefined) return command;
  if (heredocOf(command.command, where) === undefined) {
    const documents = heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { form: "shell", command: command.command + documents.join("") };
  }
  const script = textOf(first);
  return { form: "shell", command: script.startsWith("#!") ? `/dev/pipes/${first.name}` : script };
}
