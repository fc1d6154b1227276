import path from "node:path";
import { type ArchiveScan, cleanMemberName, type Member } from "./archive.ts";

/** What a path in `manifest.json` leads to. */
export interface Found {
  /** The regular file; absent when there is none. */
  readonly member?: Member;
  /** The kinds of links on the way: not every loader follows each. */
  readonly via: readonly ("symlink" | "hardlink")[];
}

const MAX_LINKS = 8;

/** Follows links inside the archive and nowhere else. */
export function lookup(archive: ArchiveScan, name: string): Found {
  const via: ("symlink" | "hardlink")[] = [];
  let member = memberAt(archive, name);
  while (member !== undefined && via.length < MAX_LINKS) {
    if (member.type === "file") return { member, via };
    if (member.type !== "symlink" && member.type !== "hardlink") break;
    via.push(member.type);
    // A hard link names a path of the archive, a symbolic link one from where it stands.
    const folder = member.type === "symlink" ? path.posix.dirname(member.name) : "";
    member = memberAt(archive, path.posix.join("/", folder, member.link));
  }
  return { via };
}

function memberAt(archive: ArchiveScan, name: string): Member | undefined {
  const clean = cleanMemberName(name);
  return clean === undefined ? undefined : archive.members.get(clean);
}

/** Path of a blob in an image layout. */
export function blobName(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** The reverse of {@link blobName}. */
export function digestOfBlobName(name: string): string | undefined {
  const match = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(name);
  return match === null ? undefined : `${match[1]}:${match[2]}`;
}

/**
 * The digest that a member is named by: `blobs/sha256/<hex>`, `<hex>.json`, `<hex>.tar`, `sha256:<hex>`,
 * `sha256:<hex>.tar.gz`. Folders of older Dockers have names that look like digests and are none.
 */
export function digestInName(name: string): string | undefined {
  const match = /(?:^|\/)(?:sha256:)?([0-9a-f]{64})(?:\.json|\.tar(?:\.gz)?)?$/.exec(name);
  return match === null ? undefined : `sha256:${match[1]}`;
}
