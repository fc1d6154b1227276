import { type ModeChange, parseMode } from "../../mode.ts";
import { excerpt } from "../fault.ts";
import { NotComputed } from "./not-computed.ts";
import { optionTable, readOptions } from "./options.ts";
import { readGroup, readOwner } from "./owner.ts";
import type { EditCommand, Word } from "./types.ts";

type Named<T> = T extends unknown ? Omit<T, "name" | "text"> : never;
type Edit = Named<EditCommand>;

/** Reads what a command is given. @returns nothing when it has no effect on files @throws NotComputed */
type Reader = (words: readonly Word[], name: string) => Edit | undefined;

const MKDIR = optionTable({ "-p --parents": "parents", "-m --mode": "mode=", "-v --verbose": "" });
const RECURSIVE = {
  "-R --recursive": "recursive",
  "-c --changes -f --silent --quiet -v --verbose --no-preserve-root --preserve-root": "",
};
const CHMOD = optionTable(RECURSIVE);
const CHOWN = optionTable({ ...RECURSIVE, "-h --no-dereference": "links", "--dereference": "targets", "-P": "" });
const LN = optionTable({
  "-s --symbolic": "symbolic",
  "-f --force": "force",
  "-n --no-dereference": "name",
  "-T --no-target-directory": "noFolder",
  "-t --target-directory": "folder=",
  "-v --verbose": "",
});
const RM = optionTable({
  "-r -R --recursive": "recursive",
  "-f --force": "force",
  "-d --dir": "folders",
  "-v --verbose --one-file-system --preserve-root": "",
});
const RMDIR = optionTable({
  "-p --parents": "parents",
  "--ignore-fail-on-non-empty": "ignoreFull",
  "-v --verbose": "",
});
const TOUCH = optionTable({ "-c --no-create": "noCreate", "-a -m -f": "" });

/** Commands that are programs of their own, so that the exec form and a path such as /bin/mkdir reach them too. */
const PROGRAMS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["mkdir", mkdir],
  ["chmod", chmod],
  ["chown", chown],
  ["chgrp", chown],
  ["ln", ln],
  ["rm", rm],
  ["rmdir", rmdir],
  ["touch", touch],
  ["true", () => undefined],
]);

/** Commands of the shell itself. */
const BUILTINS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [":", () => undefined],
  ["cd", cd],
]);

/**
 * The name and the reader of a command, with options as GNU coreutils has them; those of busybox are a part of these. Where
 * the two do different things with the same words it is GNU: a chmod in four octal digits keeps the set-id bits of a
 * folder, `chown -R` changes links and not what they lead to, and a mode that begins with a dash must not depend on the
 * umask.
 *
 * @param program as written, with its folder
 */
export function readerOf(
  program: string,
  form: "shell" | "exec",
): { readonly name: string; readonly read: Reader } | undefined {
  const name = program.replace(/^(?:\/usr)?\/bin\/(?=[a-z]+$)/, "");
  const read = PROGRAMS.get(name) ?? (form === "shell" ? BUILTINS.get(program) : undefined);
  return read && { name, read };
}

function mkdir(words: readonly Word[], name: string): Edit {
  const { on, values, operands } = readOptions(name, words, MKDIR);
  const mode = values.get("mode");
  // GNU's mkdir applies the umask to other bits then.
  if (mode !== undefined && /[st]/.test(mode.text)) throw new NotComputed(`${name} -m ${mode.text} is not computed`);
  return {
    ...{ kind: "mkdir", paths: some(name, operands), parents: on.has("parents") },
    ...(mode !== undefined && { mode: modeOf(name, mode) }),
  };
}

/** A mode may begin with a dash; it looks like an option then. */
function chmod(words: readonly Word[], name: string): Edit {
  const end = words.findIndex(({ text }) => text === "--");
  const isMode = ({ text }: Word, at: number) => (end < 0 || at < end) && /^-[rwxXstugoa,+=0-7]/.test(text);
  const dashed = words.filter(isMode);
  if (dashed.length > 1) throw new NotComputed("chmod with several modes is not computed");
  const { on, operands } = readOptions(
    name,
    words.filter((word, at) => !isMode(word, at)),
    CHMOD,
  );
  const [mode, ...paths] = [...dashed, ...operands];
  if (mode === undefined) throw new NotComputed(`${name} lacks an operand`);
  return {
    ...{ kind: "chmod", change: modeOf(name, mode), paths: some(name, paths) },
    ...{ recursive: on.has("recursive"), strict: dashed.length > 0 },
  };
}

function chown(words: readonly Word[], name: string): Edit {
  const { on, operands } = readOptions(name, words, CHOWN);
  const [owner, ...paths] = operands;
  if (owner === undefined) throw new NotComputed(`${name} lacks an operand`);
  const recursive = on.has("recursive");
  if (on.has("targets") && (recursive || on.has("links")))
    throw new NotComputed(`${name} --dereference is not computed`);
  const text = literal(name, owner);
  return {
    ...{ kind: "chown", owner: name === "chgrp" ? readGroup(text) : readOwner(text), paths: some(name, paths) },
    ...{ recursive, links: recursive || on.has("links") },
  };
}

function ln(words: readonly Word[], name: string): Edit {
  const { on, values, operands } = readOptions(name, words, LN);
  if (!on.has("symbolic")) throw new NotComputed("ln without -s, which makes a hard link, is not computed");
  const folder = values.get("folder");
  const noFolder = on.has("noFolder");
  if (noFolder && folder !== undefined) throw new NotComputed("ln takes -T or -t, not both");
  return {
    ...{ kind: "ln", operands: some(name, operands), force: on.has("force") },
    ...{ noDereference: on.has("name"), noFolder },
    ...(folder !== undefined && { folder }),
  };
}

function rm(words: readonly Word[], name: string): Edit | undefined {
  const { on, operands } = readOptions(name, words, RM);
  const force = on.has("force");
  if (operands.length === 0 && force) return undefined;
  const flags = { recursive: on.has("recursive"), force, folders: on.has("folders") };
  return { kind: "rm", paths: some(name, operands), ...flags };
}

function rmdir(words: readonly Word[], name: string): Edit {
  const { on, operands } = readOptions(name, words, RMDIR);
  const flags = { parents: on.has("parents"), ignoreFull: on.has("ignoreFull") };
  return { kind: "rmdir", paths: some(name, operands), ...flags };
}

/** Times are not kept in a layer, where everything has the same one: what remains is that the file is there. */
function touch(words: readonly Word[], name: string): Edit {
  const { on, operands } = readOptions(name, words, TOUCH);
  return { kind: "touch", paths: some(name, operands), create: !on.has("noCreate") };
}

function cd(words: readonly Word[]): Edit {
  const operands = words[0]?.text === "--" || words[0]?.text === "-L" ? words.slice(1) : words;
  const [folder = { text: "", home: true }, more] = operands;
  if (more !== undefined || folder.parts !== undefined || (!folder.home && /^(?:-.*)?$/.test(folder.text))) {
    throw new NotComputed(`cd ${excerpt(operands.map(({ text }) => text).join(" "), 30)} is not computed`);
  }
  return { kind: "cd", folder };
}

function modeOf(name: string, word: Word): ModeChange {
  const text = literal(name, word);
  const mode = parseMode(text);
  if (mode === undefined) throw new NotComputed(`${name}: "${excerpt(text, 30)}" is no mode`);
  return mode;
}

function literal(name: string, { text, home, parts }: Word): string {
  if (home || parts !== undefined) throw new NotComputed(`${name} gets a pattern, ${excerpt(text, 30)}`);
  return text;
}

function some(name: string, words: readonly Word[]): readonly Word[] {
  if (words.length === 0) throw new NotComputed(`${name} lacks an operand`);
  return words;
}
