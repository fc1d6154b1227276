import { type FoundEntry, TarFormatError } from "../tar/parser.ts";
import type { ContentFault } from "./check.ts";
import { cleanPath } from "./tree-index.ts";

/** A member that was taken out of an archive. */
export interface ExtractedEntry {
  /** Relative and clean, without slashes at its ends; `""` is the root. */
  readonly path: string;
  /** A hard link that is another name of something else than a file is that something. */
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "device" | "fifo";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Of a symbolic link its target, of a hard link the path of its file, which need not be taken; else empty. */
  readonly link: string;
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** Where the content begins. A hard link has that of its file, and its size. */
  readonly offset: number;
  /** Equal for all names of one file, which share mode, owner, time and attributes: those of the name that came last. */
  readonly inode: number;
}

/** The archive cannot be used. Carries the fault; the message is its reason. */
export class ExtractFault extends Error {
  override readonly name = "ExtractFault";
  readonly fault: ContentFault["fault"];

  constructor(fault: ContentFault["fault"], reason: string) {
    super(reason);
    this.fault = fault;
  }
}

/** Keeps what is wanted of the members that come by. */
export interface Collector {
  /**
   * @param offset where its content will lie if it is taken
   * @returns whether the content is taken
   * @throws TarFormatError, ExtractFault for what no tree can hold
   */
  add(found: FoundEntry, offset: number): boolean;
  /**
   * Paths that have to be taken as well, so that every hard link is known with its file.
   *
   * @param last there will be no other reading
   * @throws TarFormatError for a hard link that leads nowhere
   */
  missing(last: boolean): string[];
  /** What was taken, of these paths alone. */
  entries(wanted: readonly string[] | undefined): ExtractedEntry[];
}

const MAX_MEMBERS = 1_000_000;
/** Bytes of all paths, link targets and attributes that are kept. */
const MAX_NAMES = 256 * 1024 * 1024;
const MAX_SHOWN = 100;

export function createCollector(wanted: readonly string[] | undefined): Collector {
  const taken = wanted && new Set(wanted);
  const entries = new Map<string, ExtractedEntry>();
  /** Hard links that are passed over, with the file that they end at: those that are wanted may lead through them. */
  const links = new Map<string, string>();
  /** What hard links say of the files that they are names of: as container engines have it, the last word counts. */
  const said = new Map<number, Pick<ExtractedEntry, "mode" | "uid" | "gid" | "mtime" | "xattrs">>();
  /** Paths that hard links need and that were not taken when they came by, with one of the links. */
  const needed = new Map<string, string>();
  let members = 0;
  let names = 0;

  function count(found: FoundEntry): void {
    names += found.path.length + found.link.length;
    for (const [name, value] of found.xattrs ?? []) names += name.length + value.length;
    if (names > MAX_NAMES) throw new ExtractFault("too large", `its names have more than ${MAX_NAMES} bytes`);
  }

  function fileOf(link: string): ExtractedEntry | undefined {
    return entries.get(link) ?? entries.get(links.get(link) ?? link);
  }

  function note(link: string, { mode, uid, gid, mtime, xattrs }: FoundEntry): void {
    const file = fileOf(link);
    if (file === undefined) return;
    const known = xattrs ?? said.get(file.inode)?.xattrs ?? file.xattrs;
    said.set(file.inode, { mode, uid, gid, mtime, ...(known !== undefined && { xattrs: known }) });
  }

  /** The entry that a hard link makes; undefined when its file is not known. */
  function follow(path: string, link: string): ExtractedEntry | undefined {
    const file = fileOf(link);
    if (file === undefined) return undefined;
    if (file.type === "directory")
      throw new TarFormatError(`${shown(path)} is a hard link to the folder ${shown(link)}`);
    if (path === link) return file;
    if (file.type === "file") return { ...file, path, type: "hardlink", link: file.path };
    return { ...file, path };
  }

  return {
    add(found, offset) {
      members += 1;
      if (members > MAX_MEMBERS) throw new ExtractFault("too large", `it has more than ${MAX_MEMBERS} members`);
      const path = cleanPath(found.path);
      const link = found.type === "hardlink" ? cleanPath(found.link) : found.link;
      if (found.type === "hardlink") note(link, found);
      if (taken?.has(path) === false) {
        if (found.type === "hardlink") {
          count(found);
          links.set(path, links.get(link) ?? link);
        } else if (links.size > 0) links.delete(path);
        return false;
      }
      count(found);
      const { type, mode, uid, gid, size, mtime, xattrs } = requireUsable(found, path);
      const entry: ExtractedEntry | undefined =
        type === "hardlink"
          ? follow(path, link)
          : {
              ...{ path, type, mode, uid, gid, size, mtime },
              link: type === "symlink" ? link : "",
              ...(xattrs !== undefined && { xattrs }),
              ...{ offset, inode: found.offset },
            };
      // A folder keeps the first place that it has, in front of what is in it.
      if (entry?.type !== "directory" || entries.get(path)?.type !== "directory") entries.delete(path);
      if (entry !== undefined) entries.set(path, entry);
      else for (const name of [link, links.get(link) ?? link]) needed.set(name, path);
      return type === "file";
    },
    missing(last) {
      const more = [...needed.keys()].filter((name) => taken?.has(name) === false);
      const [first] = needed;
      if (first !== undefined && (more.length === 0 || last)) {
        throw new TarFormatError(
          `${shown(first[1])} is a hard link to ${shown(first[0])}, which is not in front of it`,
        );
      }
      return more;
    },
    entries: (only) => {
      const paths = only && new Set(only);
      return [...entries.values()]
        .filter(({ path }) => paths?.has(path) !== false)
        .map((entry) => ({ ...entry, ...said.get(entry.inode) }));
    },
  };
}

type Usable = FoundEntry & { readonly type: Exclude<FoundEntry["type"], "other"> };

function requireUsable(found: FoundEntry, path: string): Usable {
  const { notUtf8, type } = found;
  if (notUtf8 !== undefined) {
    const bytes = Buffer.from(notUtf8).subarray(0, MAX_SHOWN);
    throw new ExtractFault(
      "unsupported",
      `a name in it is not UTF-8: its bytes are ${bytes.toString("hex")}, read as ${shown(bytes.toString("latin1"))}`,
    );
  }
  if (type === "other") {
    throw new ExtractFault("unsupported", `${shown(path)} is a sparse file, or of a kind that is not known`);
  }
  if (path === "" && type !== "directory") throw new TarFormatError("a member has no name");
  return { ...found, type };
}

/** A name out of the archive as it is put into a message. */
function shown(name: string): string {
  return JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);
}
