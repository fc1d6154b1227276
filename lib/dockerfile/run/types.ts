import type { ModeChange } from "../../mode.ts";

/** One part of a path, between slashes. */
export interface WordPart {
  readonly text: string;
  /** A pattern in the grammar of `compileGlob` (lib/tree/glob.ts), when names have to be matched. */
  readonly glob?: string;
}

/** A word as a command gets it: quotes are gone, variables are in. */
export interface Word {
  /** The word itself; of a pattern what is left when no name matches it, as shells have it. */
  readonly text: string;
  /** Set when the word begins with the home folder of the user, which is known with the image: it goes before `text`. */
  readonly home?: true;
  /** What `text` has between its slashes, when one of them is a pattern. */
  readonly parts?: readonly WordPart[];
}

/** The owner that a chown or chgrp asks for. Without `user` or `group`, that one stays. */
export interface OwnerChange {
  readonly user?: number | string;
  readonly group?: number | string;
  /** `USER:`, the primary group of the user. */
  readonly loginGroup?: true;
  /** `USER.GROUP` by names: a user of this whole name comes first. */
  readonly dotted?: string;
}

type Edit =
  | { readonly kind: "cd"; readonly folder: Word }
  | { readonly kind: "mkdir"; readonly paths: readonly Word[]; readonly parents: boolean; readonly mode?: ModeChange }
  | {
      readonly kind: "chmod";
      readonly paths: readonly Word[];
      readonly change: ModeChange;
      readonly recursive: boolean;
      /** The mode began with a dash: what the umask holds back is then an error. */
      readonly strict: boolean;
    }
  | {
      readonly kind: "chown";
      readonly paths: readonly Word[];
      readonly owner: OwnerChange;
      readonly recursive: boolean;
      /** A link itself is changed, not what it leads to. */
      readonly links: boolean;
    }
  | {
      readonly kind: "ln";
      /** Targets and the name of the link or the folder for the links, as they are written: patterns count as often as they match. */
      readonly operands: readonly Word[];
      /** `-t`: the folder for the links. */
      readonly folder?: Word;
      readonly force: boolean;
      /** `-n`: the last operand is a name, also where it leads to a folder. */
      readonly noDereference: boolean;
      /** `-T`: the last operand is a name and no folder. */
      readonly noFolder: boolean;
    }
  | {
      readonly kind: "rm";
      readonly paths: readonly Word[];
      readonly recursive: boolean;
      readonly force: boolean;
      /** `-d`: empty folders too. */
      readonly folders: boolean;
    }
  | { readonly kind: "rmdir"; readonly paths: readonly Word[]; readonly parents: boolean; readonly ignoreFull: boolean }
  | {
      readonly kind: "touch";
      readonly paths: readonly Word[];
      /** Not with `-c`. */
      readonly create: boolean;
    };

/**
 * A command of a RUN whose effect on the files of an image is known without executing anything. Paths are relative to the
 * working folder, which a `cd` before it has changed. The commands of one RUN are done in their order; one that fails
 * ends the build.
 */
export type EditCommand = Edit & {
  /** The command's name in messages: `chgrp` is a chown. */
  readonly name: string;
  /** The command as it is written, on one line. */
  readonly text: string;
};
