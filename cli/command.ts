/** What an option and an argument have in common. */
interface Described {
  readonly describe: string;
  /**
   * What is to be written there. Completion knows FILE, FOLDER, COMMAND and the kinds of known-values.ts; all other words
   * are for people alone.
   */
  readonly value?: string;
  readonly choices?: readonly string[];
}

/** An argument without a dash. */
export interface Positional extends Described {
  readonly required?: true;
  readonly default?: string;
  /** It takes all that follow; the last one of a command only. */
  readonly many?: true;
}

interface Listed {
  /** The one letter that may stand for the name. */
  readonly short?: string;
  /** Heading that it stands below in the help. */
  readonly group?: string;
  /** Understood, but not told of. */
  readonly hidden?: true;
}

/** An option that is given or not. One that is true without being given is switched off by `--no-NAME`. */
export interface Flag extends Listed {
  readonly type: "boolean";
  readonly describe: string;
  readonly default?: boolean;
}

/** An option with a value. Of one that is given several times the last value counts, unless it is `repeated`. */
export interface Valued extends Described, Listed {
  /** Default: "string". */
  readonly type?: "string" | "number";
  readonly default?: string | number;
  /** What is taken without it, in words. */
  readonly defaultDescription?: string;
  readonly required?: true;
  /** The value that `--no-NAME` stands for. */
  readonly negated?: string;
  /** Gives an array, of one value for each time; empty without it. */
  readonly repeated?: true;
  /** Gives an array of all words up to the next option, which may be none. */
  readonly list?: true;
}

export type Option = Flag | Valued;

/** An option that may be given several times, each time with one value. */
export const REPEATED = { repeated: true } as const;

/** The option of every command that prints a report. */
export const JSON_OPTION = { json: { type: "boolean", describe: "Print the report as JSON" } } as const;

/** Options below a heading of the help. */
export function inGroup<K extends string>(group: string, options: Readonly<Record<K, Option>>): Record<K, Option>;
export function inGroup(group: string, options: Readonly<Record<string, Option>>): Record<string, Option> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, { ...option, group }]));
}

/** A command line that works, and what it does. */
export type Example = readonly [line: string, does: string];

/** What a command does. Each action is a module of its own, so that a command loads what it needs and nothing else. */
export interface Action<A> {
  /** @param args what the parser makes of the command's arguments and options, by their names */
  run(args: A): Promise<void>;
}

/** A command as data: how it is written, and the way to what it does. Parser, help and completion are made of this. */
export interface Command<A> {
  /** In the order in which they are written. */
  readonly positionals?: Readonly<Record<string, Positional>>;
  /** By their long names, in the order in which help lists them. */
  readonly options?: Readonly<Record<string, Option>>;
  /** What is worth knowing beside the summary. */
  readonly about?: string;
  readonly examples: readonly Example[];
  /** Printed at the end of the help as it is. */
  readonly notes?: string;
  /** Commands of this command. */
  readonly commands?: readonly Entry[];
  /** Missing when one of `commands` has to be named. */
  action?(): Promise<Action<A>>;
}

/** A command in the list of those that there are. It is loaded only when it is the one that was named. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Heading that it stands below in the help. */
  readonly group?: string;
  readonly hidden?: true;
  load(): Promise<Command<object>>;
}

/** What is told of: the options of a command, by name. */
export function shownOptions({ options = {} }: Pick<Command<object>, "options">): [name: string, option: Option][] {
  return Object.entries(options).filter(([, { hidden }]) => !hidden);
}

/** What is told of: the commands of a command. */
export function shownCommands({ commands = [] }: Pick<Command<object>, "commands">): Entry[] {
  return commands.filter(({ hidden }) => !hidden);
}

/** `tar, dir or none`. */
export function alternatives(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((part) => part !== "").join(" or ");
}

/** How an argument is written in the line of usage: `<file>`, `[dir]`, `<names..>`. */
export function positionalText(name: string, { required, many }: Positional): string {
  const text = many ? `${name}..` : name;
  return required ? `<${text}>` : `[${text}]`;
}
