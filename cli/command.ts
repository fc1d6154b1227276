import type { Argv, CommandModule } from "yargs";

/** A command: how its arguments are written, and what it does with them. */
export interface Command<A> extends Pick<CommandModule<object, A>, "command" | "describe" | "builder"> {
  run(args: A): Promise<void>;
}

/**
 * Adds a command that is only chosen while the arguments are parsed, and run afterwards: yargs would render the whole
 * help in advance for a handler that takes time. Options are read under the names they are declared with.
 */
export function addCommand<A>(
  yargs: Argv,
  { run, ...command }: Command<A>,
  choose: (run: () => Promise<void>) => void,
): Argv {
  const module: CommandModule<object, A> = { ...command, handler: (args) => choose(() => run(args as unknown as A)) };
  return yargs.command(module);
}
