import type { ContainerConfig } from "../../spec/oci-config.ts";
import type { Command } from "./types.ts";

const DEFAULT_SHELL: readonly string[] = ["/bin/sh", "-c"];

/** What gets the commands in shell form. */
export function shellOf({ Shell }: ContainerConfig): readonly string[] {
  return Shell !== undefined && Shell !== null && Shell.length > 0 ? Shell : DEFAULT_SHELL;
}

/** The program with its arguments that a command comes to. */
export function argvOf(command: Command, config: ContainerConfig): string[] {
  return command.form === "exec" ? [...command.argv] : [...shellOf(config), command.command];
}
