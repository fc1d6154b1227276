import type { Argv, CommandModule } from "yargs";

/** An option that may be given several times, each time with one value. */
export const REPEATED = {
  type: "string",
  array: true,
  requiresArg: true,
  nargs: 1,
  default: [] as string[],
  defaultDescription: "none",
} as const;

/** What a command does. Each action is a module of its own, so that a command loads what it needs and nothing else. */
export interface Action<A> {
  run(args: A): Promise<void>;
}

/** A command: how its arguments are written, and the way to what it does with them. */
export interface Command<A> extends Pick<CommandModule<object, A>, "command" | "describe" | "builder"> {
  action(): Promise<Action<A>>;
}

/** Thrown to leave the parser with the command that it found. */
export class Chosen {
  readonly run: () => Promise<void>;

  constructor(run: () => Promise<void>) {
    this.run = run;
  }
}

/**
 * Adds a command that is only chosen while the arguments are parsed, by throwing {@link Chosen}: behind a handler that
 * returns, yargs renders the whole help in advance, which takes longer than everything else that it does. Options are
 * read under the names they are declared with.
 */
export function addCommand<A>(yargs: Argv, { action, ...command }: Command<A>): Argv {
  const module: CommandModule<object, A> = {
    ...command,
    handler: (args) => {
      const meant = lastOnes(args, arraysOf(yargs)) as A;
      throw new Chosen(async () => (await action()).run(meant));
    },
  };
  return yargs.command(module);
}

/**
 * Of an option that stands there several times the last value counts, unless it is declared as an array. The parser can
 * be told to do so, but then it leaves only the last value of arrays, too.
 */
function lastOnes(args: object, arrays: ReadonlySet<string>): object {
  const last = (value: unknown) => (Array.isArray(value) ? value.at(-1) : value);
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, name === "_" || arrays.has(name) ? value : last(value)]),
  );
}

/** The options, and positional arguments, of the command that is parsed that are arrays; missing in the types of yargs. */
function arraysOf(yargs: Argv): ReadonlySet<string> {
  return new Set((yargs as unknown as { getOptions(): { array: string[] } }).getOptions().array);
}
