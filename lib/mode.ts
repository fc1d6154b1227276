export const SET_USER = 0o4000;
export const SET_GROUP = 0o2000;
export const STICKY = 0o1000;
const READ = 0o444;
const WRITE = 0o222;
const EXECUTE = 0o111;
const ALL = 0o7777;

/** One operation on mode bits, as gnulib's modechange.c has it. Bits are those of `st_mode`. */
interface Clause {
  readonly operator: "+" | "-" | "=";
  /** The bits that it may change; 0 when nobody was named, so that the umask counts. */
  readonly affected: number;
  readonly bits: number;
  /** `bits` are those of one class, to be copied from the mode that is changed. */
  readonly copies: boolean;
  /** `X`: execution too, of folders and of what somebody may execute already. */
  readonly executable: boolean;
  /** The set-id bits that it is about: others of a folder stay as they are. */
  readonly mentioned: number;
}

/** A change of mode bits: plain data, which a worker can be sent. */
export interface ModeChange {
  /** As it was written. */
  readonly text: string;
  readonly clauses: readonly Clause[];
}

// The length is bounded, as the text is of a file that somebody else wrote.
const MAX_LENGTH = 4096;
const OCTAL = /^[0-7]+$/;
const CLAUSES = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/;
const NUMBER = /^([-+=])([0-7]+)$/;
const OPERATION = /([-+=])([ugo]|[rwxXst]*)/g;

const CLASSES: ReadonlyMap<string, number> = new Map([
  ["u", SET_USER | 0o700],
  ["g", SET_GROUP | 0o070],
  ["o", STICKY | 0o007],
  ["a", ALL],
]);

const PERMISSIONS: ReadonlyMap<string, number> = new Map([
  ["r", READ],
  ["w", WRITE],
  ["x", EXECUTE],
  ["X", 0],
  ["s", SET_USER | SET_GROUP],
  ["t", STICKY],
]);

/**
 * Reads a mode as chmod(1) of GNU coreutils does: octal up to 7777, or symbolic, `[ugoa]*[-+=]([rwxXst]*|[ugo])` with
 * several operations behind one class and commas between classes.
 *
 * @returns undefined when the text is no mode
 */
export function parseMode(text: string): ModeChange | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (OCTAL.test(text)) {
    const bits = Number.parseInt(text, 8);
    if (bits > ALL) return undefined;
    // Fewer than five digits do not say that a folder's set-id bits go (coreutils manual, "Directories and the
    // Set-User-ID and Set-Group-ID Bits").
    const mentioned = text.length < 5 ? bits : ALL;
    return { text, clauses: [{ operator: "=", affected: ALL, bits, copies: false, executable: false, mentioned }] };
  }
  const clauses: Clause[] = [];
  for (const part of text.split(",")) {
    const read = readClauses(part);
    if (read === undefined) return undefined;
    clauses.push(...read);
  }
  return { text, clauses };
}

function readClauses(part: string): Clause[] | undefined {
  const number = NUMBER.exec(part);
  if (number !== null) {
    const bits = Number.parseInt(number[2]!, 8);
    const operator = number[1] as Clause["operator"];
    if (bits > ALL) return undefined;
    return [{ operator, affected: ALL, bits, copies: false, executable: false, mentioned: ALL }];
  }
  const match = CLAUSES.exec(part);
  if (match === null) return undefined;
  let affected = 0;
  for (const name of match[1]!) affected |= CLASSES.get(name)!;
  return Array.from(match[2]!.matchAll(OPERATION), ([, operator, what]) =>
    readOperation(operator as Clause["operator"], what!, affected),
  );
}

function readOperation(operator: Clause["operator"], what: string, affected: number): Clause {
  const copied = CLASSES.get(what);
  let bits = copied === undefined ? 0 : copied & 0o777;
  if (copied === undefined) for (const permission of what) bits |= PERMISSIONS.get(permission)!;
  const mentioned = affected === 0 ? bits : affected & bits;
  return { operator, affected, bits, copies: copied !== undefined, executable: what.includes("X"), mentioned };
}

/**
 * The mode after a change, as chmod(1) of GNU coreutils computes it. Set-id bits of a folder stay unless the change
 * names them.
 *
 * @param mode the bits before, 0 to 0o7777
 * @param umask the bits that a symbolic change without `u`, `g`, `o` or `a` leaves alone
 */
export function changeMode({ clauses }: ModeChange, mode: number, isDirectory: boolean, umask = 0): number {
  let result = mode & ALL;
  for (const { operator, affected, bits, copies, executable, mentioned } of clauses) {
    const kept = isDirectory ? (SET_USER | SET_GROUP) & ~mentioned : 0;
    let value = copies ? spread(bits & result) : bits;
    if (executable && (isDirectory || (result & EXECUTE) !== 0)) value |= EXECUTE;
    value &= (affected === 0 ? ~umask : affected) & ~kept;
    if (operator === "+") result |= value;
    else if (operator === "-") result &= ~value;
    else result = (result & ((affected === 0 ? 0 : ~affected) | kept)) | value;
  }
  return result;
}

/** What one class may do, for all three. */
function spread(bits: number): number {
  let all = 0;
  for (const permission of [READ, WRITE, EXECUTE]) if ((bits & permission) !== 0) all |= permission;
  return all;
}
