/** What a Dockerfile says: its instructions as written, the stages they form, and the steps they come to. */
import type { Digest } from "../digest.ts";
import type { ModeChange } from "../mode.ts";
import type { Platform } from "../platform.ts";
import type { EditCommand } from "./run/types.ts";

export type { EditCommand, OwnerChange, Word, WordPart } from "./run/types.ts";

/** The character that escapes the next one and, at the end of a line, joins it with the next line. */
export type Escape = "\\" | "`";

/** Where something stands and what is written there. */
export interface Located {
  /** `file:line`, the file as the user named it, the line (from 1) on which the instruction starts. */
  readonly where: string;
  /** The instruction on one line: keyword in capitals, continuation lines joined, here-documents left out. */
  readonly text: string;
}

/** A file written inside the Dockerfile: `COPY <<name /destination`. */
export interface Heredoc {
  /** The word after `<<`, quotes removed: it ends the document, and it is the file's name. */
  readonly name: string;
  /** Whether variables in `content` are substituted: not when a part of the word was quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs do not count, neither before the ending word nor in the content. */
  readonly stripTabs: boolean;
  /** The lines as written, line ends included. */
  readonly content: string;
}

/** `["a", "b"]` is the exec form, anything else goes to the shell. */
export type Command =
  | { readonly form: "exec"; readonly argv: readonly string[] }
  | { readonly form: "shell"; readonly command: string };

export type Entry = readonly [name: string, value: string];

/** How a container is checked. Times in nanoseconds; absent is the engine's default. */
export interface Health {
  /** `["NONE"]`, `["CMD", …argv]` or `["CMD-SHELL", command]`. */
  readonly test: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

interface Transfer {
  readonly sources: readonly string[];
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly excludes: readonly string[];
}

/** `FROM`: variables not yet substituted. */
export type FromInstruction = Located & {
  readonly kind: "from";
  readonly image: string;
  /** In lower case, as stages are found without regard to case. */
  readonly name?: string;
  readonly platform?: string;
};

/** `ARG`; `value` is the default as written. */
export type ArgInstruction = Located & {
  readonly kind: "arg";
  readonly entries: readonly { readonly name: string; readonly value?: string }[];
};

export type CopyInstruction = Located & {
  readonly kind: "copy";
  readonly from?: string;
  readonly parents: boolean;
} & Transfer;

export type AddInstruction = Located & {
  readonly kind: "add";
  readonly checksum?: string;
  /** Whether archives are unpacked; without it local ones are, and fetched ones are not. */
  readonly unpack?: boolean;
} & Transfer;

export type RunInstruction = Located & {
  readonly kind: "run";
  readonly command: Command;
  readonly heredocs: readonly Heredoc[];
  /** Each `--mount`, as written. `--network` and `--security` change nothing for what is done without executing. */
  readonly mounts: readonly string[];
};

/** The instructions that mean the same before and after substitution. */
type Plain =
  | { readonly kind: "cmd" | "entrypoint"; readonly command: Command }
  | { readonly kind: "shell"; readonly argv: readonly string[] }
  | { readonly kind: "healthcheck"; readonly health: Health }
  | { readonly kind: "maintainer"; readonly name: string };

/** The instructions in which only the words change by substitution. */
type Worded =
  | { readonly kind: "env" | "label"; readonly entries: readonly Entry[] }
  | { readonly kind: "workdir"; readonly path: string }
  | { readonly kind: "user"; readonly user: string }
  | { readonly kind: "volume"; readonly paths: readonly string[] }
  | { readonly kind: "expose"; readonly ports: readonly string[] }
  | { readonly kind: "stopsignal"; readonly signal: string };

/** An instruction as written: its form is checked, its variables are not yet substituted. */
export type Instruction =
  | FromInstruction
  | ArgInstruction
  | CopyInstruction
  | AddInstruction
  | RunInstruction
  | (Located & { readonly kind: "onbuild"; readonly instruction: string })
  | (Located & (Plain | Worded));

export type StageInstruction = Exclude<Instruction, FromInstruction>;

/**
 * Owner of what is copied. A number is an id; a name is to be looked up in the image's own `/etc/passwd` or
 * `/etc/group`. Without `group`, the group is the primary one of the named user.
 */
export interface Owner {
  readonly user: number | string;
  readonly group?: number | string;
}

/** What `COPY --from` copies from. A stage is an earlier one; the reference is not yet checked. */
export type CopyFrom =
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "image"; readonly reference: string };

/** A file whose text stands in the Dockerfile. */
export interface InlineFile {
  readonly name: string;
  readonly content: string;
}

interface TransferStep {
  /** Patterns below the build context, as written: `/` in front means the context, too. With `from`, below its root. */
  readonly sources: readonly string[];
  /** Here-documents, in the order of their words: they are copied after `sources`. */
  readonly texts: readonly InlineFile[];
  /** Absolute or relative to the working folder of that moment; a trailing slash has a meaning. */
  readonly destination: string;
  readonly chown?: Owner;
  readonly chmod?: ModeChange;
  /** `--link`: links at the destination are not followed. */
  readonly link: boolean;
  /** Patterns of `--exclude`, as written. */
  readonly excludes: readonly string[];
}

export type CopyStep = Located & {
  readonly kind: "copy";
  readonly from?: CopyFrom;
  /** `--parents`: the folders of a source are kept, those behind its `/./` when it has one. */
  readonly parents: boolean;
} & TransferStep;

/** `sources` may be http and https URLs, too: then there is one, and a checksum. */
export type AddStep = Located & {
  readonly kind: "add";
  readonly checksum?: Digest;
  /** Whether archives are unpacked; without it local ones are, and fetched ones are not. */
  readonly unpack?: boolean;
} & TransferStep;

/** A RUN whose effect is known without executing anything. */
export type RunStep = Located & {
  readonly kind: "run";
  /** What is given to the shell, here-documents included, or the program with its arguments. */
  readonly command: Command;
  /** Each ARG that is declared up to here and its value at this moment, for the history. */
  readonly declared: readonly Entry[];
  /** What it does, in this order. */
  readonly commands: readonly EditCommand[];
  /** Variables that it uses and that are not set. */
  readonly unset: readonly string[];
  /** The SHELL of the config reads it. */
  readonly configShell: boolean;
};

/** `ARG` inside a stage. It changes no config, only the history; `value` is undefined when it has none. */
export type ArgStep = Located & {
  readonly kind: "arg";
  readonly entries: readonly (readonly [name: string, value: string | undefined])[];
};

/** An instruction with its variables substituted and its values checked: ports are `8080/tcp`, ranges written out. */
export type Step = CopyStep | AddStep | RunStep | ArgStep | (Located & (Plain | Worded));

/** What a stage starts from. */
export type Base =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  /** `reference` as written after substitution: a name of a local base or an image reference. Not yet checked. */
  | { readonly kind: "image"; readonly reference: string };

export interface Stage extends Located {
  readonly index: number;
  readonly name?: string;
  readonly from: Base;
  /** The `--platform` after substitution, when there is one. */
  readonly platform?: string;
  readonly instructions: readonly StageInstruction[];
  readonly context: StageContext;
}

/** What all stages of one file share when their variables are substituted. */
export interface StageContext {
  readonly escapeChar: Escape;
  readonly platform: Platform;
  /** Values of the platform arguments and of each ARG before the first FROM. */
  readonly globals: ReadonlyMap<string, string>;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** How many stages the file has, and the last one of each name. */
  readonly stageCount: number;
  readonly stageNames: ReadonlyMap<string, number>;
}

export interface ParseOptions {
  /** Name of the file in messages. */
  readonly file: string;
  /** What is built. */
  readonly platform: Platform;
  /** Build arguments: they override the defaults of ARG. */
  readonly args?: ReadonlyMap<string, string>;
  /** Name of the stage to build; without it the last one. */
  readonly target?: string;
}

export interface Warning {
  readonly where: string;
  readonly message: string;
}
