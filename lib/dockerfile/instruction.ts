import { suggest } from "../suggest.ts";
import { fault } from "./fault.ts";
import { type FlagForm, type Flags, readFlags } from "./flags.ts";
import { readHealthcheck } from "./healthcheck.ts";
import { type HeredocStart, heredocOf } from "./heredoc.ts";
import type { LogicalLine } from "./lines.ts";
import { firstWord, jsonArray, plainWords, quotedWords, splitInstruction } from "./split.ts";
import type { Command, Entry, Escape, Heredoc, Instruction, Located } from "./types.ts";

/** A logical line cut into its parts, as the readers below want it. */
interface Source extends Located {
  readonly keyword: string;
  readonly flags: readonly string[];
  readonly rest: string;
  readonly line: LogicalLine;
  readonly escapeChar: Escape;
}

const NO_FLAGS: ReadonlyMap<string, FlagForm> = new Map();

const COPY_FLAGS: ReadonlyMap<string, FlagForm> = new Map([
  ["chown", "text"],
  ["chmod", "text"],
  ["link", "boolean"],
  ["exclude", "list"],
  ["from", "text"],
  ["parents", "boolean"],
]);

const ADD_FLAGS: ReadonlyMap<string, FlagForm> = new Map([
  ["chown", "text"],
  ["chmod", "text"],
  ["link", "boolean"],
  ["exclude", "list"],
  ["checksum", "text"],
  ["keep-git-dir", "boolean"],
  ["unpack", "boolean"],
]);

const RUN_FLAGS: ReadonlyMap<string, FlagForm> = new Map([
  ["mount", "list"],
  ["network", "text"],
  ["security", "text"],
]);

const FROM_FLAGS: ReadonlyMap<string, FlagForm> = new Map([["platform", "text"]]);
const STAGE_NAME = /^[a-z][a-z0-9_.-]*$/;

const READERS: ReadonlyMap<string, (source: Source) => Instruction> = new Map<string, (source: Source) => Instruction>([
  ["FROM", readFrom],
  ["ARG", readArg],
  ["COPY", readCopy],
  ["ADD", readAdd],
  ["ENV", (s) => ({ ...located(s), kind: "env", entries: readPairs(s) })],
  ["LABEL", (s) => ({ ...located(s), kind: "label", entries: readPairs(s) })],
  ["WORKDIR", (s) => ({ ...located(s), kind: "workdir", path: whole(s) })],
  ["USER", (s) => ({ ...located(s), kind: "user", user: whole(s) })],
  ["CMD", (s) => ({ ...located(s), kind: "cmd", command: readCommand(s) })],
  ["ENTRYPOINT", (s) => ({ ...located(s), kind: "entrypoint", command: readCommand(s) })],
  ["EXPOSE", (s) => ({ ...located(s), kind: "expose", ports: some(s, plainWords(bare(s))) })],
  ["VOLUME", (s) => ({ ...located(s), kind: "volume", paths: some(s, listed(s, bare(s))) })],
  ["STOPSIGNAL", (s) => ({ ...located(s), kind: "stopsignal", signal: whole(s) })],
  ["SHELL", readShell],
  ["HEALTHCHECK", (s) => ({ ...located(s), kind: "healthcheck", health: readHealthcheck(s.flags, s.rest, s.where) })],
  ["MAINTAINER", (s) => ({ ...located(s), kind: "maintainer", name: whole(s) })],
  ["RUN", readRun],
  ["ONBUILD", (s) => ({ ...located(s), kind: "onbuild", instruction: whole(s) })],
]);

/** The keywords of the Dockerfile language. */
export const KEYWORDS: readonly string[] = [...READERS.keys()];

/**
 * Reads one instruction: its form is checked, its variables are left alone.
 *
 * @param file name of the Dockerfile, for messages
 * @throws AircrateError input at `file:line`
 */
export function readInstruction(line: LogicalLine, escapeChar: Escape, file: string): Instruction {
  const { keyword, operands, flags, rest } = splitInstruction(line.text, escapeChar);
  const where = `${file}:${line.first}`;
  const reader = READERS.get(keyword);
  if (reader === undefined) throw unknown(keyword, where);
  return reader({
    keyword,
    flags,
    rest,
    line,
    escapeChar,
    where,
    text: operands === "" ? keyword : `${keyword} ${operands}`,
  });
}

function unknown(keyword: string, where: string): Error {
  if (keyword === "") return fault(where, "a continued line with no instruction on it");
  const meant = suggest(keyword, KEYWORDS);
  const shown = keyword.length > 40 ? `${keyword.slice(0, 37)}...` : keyword;
  return fault(where, `unknown instruction ${shown}`, {
    hint: meant === undefined ? `the instructions are ${KEYWORDS.join(", ")}` : `did you mean ${meant}?`,
  });
}

function readFrom(source: Source): Instruction {
  const words = plainWords(source.rest);
  const [image, as, name] = words;
  if (image === undefined || (words.length !== 1 && (words.length !== 3 || as!.toUpperCase() !== "AS"))) {
    throw fault(source.where, "FROM takes an image and nothing else, or an image and AS with a name");
  }
  const stage = name?.toLowerCase();
  if (stage !== undefined && !STAGE_NAME.test(stage)) {
    throw fault(source.where, `"${name}" is no name for a stage`, {
      hint: 'it starts with a letter and goes on with letters, digits, "-", "_" and "."',
    });
  }
  const platform = readFlags(source.flags, FROM_FLAGS, source.where).text("platform");
  const optional = { ...(stage !== undefined && { name: stage }), ...(platform !== undefined && { platform }) };
  return { ...located(source), kind: "from", image, ...optional };
}

function readArg(source: Source): Instruction {
  const entries = some(source, quotedWords(bare(source), source.escapeChar)).map((word) => {
    const equals = word.indexOf("=");
    if (equals === 0) throw fault(source.where, "ARG has a value without a name");
    return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { ...located(source), kind: "arg", entries };
}

function readCopy(source: Source): Instruction {
  const flags = readFlags(source.flags, COPY_FLAGS, source.where);
  const from = flags.text("from");
  const own = { parents: flags.on("parents"), ...(from !== undefined && { from }) };
  return { ...located(source), kind: "copy", ...own, ...readTransfer(source, flags) };
}

function readAdd(source: Source): Instruction {
  const flags = readFlags(source.flags, ADD_FLAGS, source.where);
  const checksum = flags.text("checksum");
  const own = {
    ...(checksum !== undefined && { checksum }),
    ...(flags.has("unpack") && { unpack: flags.on("unpack") }),
  };
  return { ...located(source), kind: "add", ...own, ...readTransfer(source, flags) };
}

function readTransfer(source: Source, flags: Flags) {
  const { where, keyword, line } = source;
  const words = listed(source, source.rest);
  const destination = words.pop();
  if (destination === undefined || words.length === 0) {
    throw fault(where, `${keyword} needs a source and a destination`, { hint: `write ${keyword} SOURCE DESTINATION` });
  }
  const json = source.rest.startsWith("[") && jsonArray(source.rest) !== undefined;
  const opened = (word: string) => (json ? undefined : heredocOf(word, where));
  if (opened(destination) !== undefined) {
    throw fault(where, `${keyword} cannot have a here-document as its destination`);
  }
  const chown = flags.text("chown");
  const chmod = flags.text("chmod");
  return {
    sources: words.filter((word) => opened(word) === undefined),
    heredocs: words.flatMap((word) => {
      const start = opened(word);
      return start === undefined ? [] : [writtenBelow(start, line, where)];
    }),
    destination,
    link: flags.on("link"),
    excludes: flags.list("exclude"),
    ...(chown !== undefined && { chown }),
    ...(chmod !== undefined && { chmod }),
  };
}

/** The here-document that a word names: the last one of that name, as in BuildKit. */
function writtenBelow(start: HeredocStart, { heredocs }: LogicalLine, where: string): Heredoc {
  const { name } = start;
  if (name.includes("/") || name === "." || name === "..") {
    throw fault(where, `<<${name}: that is no name for a file`, {
      hint: "the word behind << is the name, without folders",
    });
  }
  const found = heredocs.findLast((heredoc) => heredoc.name === name);
  if (found === undefined)
    throw fault(where, `<<${name} opens no here-document: a quote or an escape stands before it`);
  return { ...start, content: found.content };
}

function readRun(source: Source): Instruction {
  if (source.rest === "") throw fault(source.where, "RUN needs a command");
  const mounts = readFlags(source.flags, RUN_FLAGS, source.where).list("mount");
  return { ...located(source), kind: "run", command: commandOf(source), heredocs: source.line.heredocs, mounts };
}

function readCommand(source: Source): Command {
  whole(source);
  return commandOf(source);
}

function commandOf(source: Source): Command {
  const argv = jsonArray(source.rest, source.where);
  return argv === undefined ? { form: "shell", command: source.rest } : { form: "exec", argv };
}

function readShell(source: Source): Instruction {
  const argv = jsonArray(whole(source), source.where);
  if (argv === undefined || argv.length === 0) {
    throw fault(source.where, "SHELL takes the JSON form only", { hint: 'write it like SHELL ["/bin/bash", "-c"]' });
  }
  return { ...located(source), kind: "shell", argv };
}

/** `name=value …`, or the old form `name value` in which the value reaches to the end of the line. */
function readPairs(source: Source): Entry[] {
  const words = some(source, quotedWords(bare(source), source.escapeChar));
  if (!words[0]!.includes("=")) {
    const [name, value] = firstWord(source.rest);
    if (value !== "") return [[name, value]];
    throw fault(source.where, `${source.keyword} ${name} has no value`, {
      hint: `write ${source.keyword} ${name}=VALUE`,
    });
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
    throw fault(source.where, equals < 0 ? `"${word}" has no "="` : `${source.keyword} has a value without a name`, {
      hint: `write ${source.keyword} NAME=VALUE, with quotes around a value that has blanks`,
    });
  });
}

/** The words of a JSON array, or else what stands between blanks. */
function listed(source: Source, rest: string): string[] {
  return jsonArray(rest, source.where) ?? plainWords(rest);
}

/** The operands of an instruction that has no flags. */
function bare(source: Source): string {
  readFlags(source.flags, NO_FLAGS, source.where);
  return source.rest;
}

/** As `bare`, and there must be some. */
function whole(source: Source): string {
  const rest = bare(source);
  if (rest === "") throw fault(source.where, `${source.keyword} needs an argument`);
  return rest;
}

function some(source: Source, words: string[]): string[] {
  if (words.length === 0) throw fault(source.where, `${source.keyword} needs an argument`);
  return words;
}

function located(source: Source): Located {
  return { where: source.where, text: source.text };
}
