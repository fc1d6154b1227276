import type { Attributes } from "../node.ts";
import { ownerOfUser, resolveOwner } from "../owner.ts";
import type { RootFs } from "../rootfs.ts";

/** Whoever a RUN runs as. */
export interface Process {
  readonly uid: number;
  readonly gid: number;
  /** All groups, `gid` among them. */
  readonly groups: ReadonlySet<number>;
  /** Absolute path. */
  readonly home: string;
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * The process that engines start for the USER of a config: with the primary group of a user that is in the image's
 * `/etc/passwd`, else group 0; with the groups that name the user in `/etc/group`, unless USER names a group (runc,
 * libcontainer/user.GetExecUser). That differs from `COPY --chown`, where a number stands for the group, too.
 *
 * @throws AircrateError input when a name is in no such file
 */
export function processOf(user: string, root: RootFs, where: string): Process {
  const { user: wanted, group } = ownerOfUser(user);
  const account = accountOf(wanted, root);
  // The lookup says what is wrong with a name.
  const { uid, gid: named } = account ?? resolveOwner({ user: wanted, group: group ?? 0 }, root, where);
  const home = account?.home || "/";
  if (group !== undefined) {
    const { gid } = resolveOwner({ user: 0, group }, root, where);
    return { uid, gid, groups: new Set([gid]), home };
  }
  const gid = account === undefined ? 0 : named;
  return { uid, gid, groups: new Set([gid, ...(account === undefined ? [] : groupsOf(account.name, root))]), home };
}

/** The first line of `/etc/passwd` for a name or a number. */
export function accountOf(user: number | string, root: RootFs): Account | undefined {
  for (const line of (root.account("passwd") ?? "").split("\n")) {
    const [name = "", , uid = "", gid = "", , home = ""] = line.split(":");
    if (!isId(uid) || !isId(gid)) continue;
    if (typeof user === "number" ? Number(uid) === user : name === user) {
      return { name, uid: Number(uid), gid: Number(gid), home };
    }
  }
  return undefined;
}

function groupsOf(user: string, root: RootFs): number[] {
  return (root.account("group") ?? "").split("\n").flatMap((line) => {
    const [, , gid = "", members = ""] = line.split(":");
    return isId(gid) && members.split(",").includes(user) ? [Number(gid)] : [];
  });
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32;
}

export const READ = 4;
export const WRITE = 2;
export const SEARCH = 1;

/** Whether a process may do what all of the bits stand for: READ, WRITE, SEARCH. Root may do everything. */
export function mayAccess({ uid, groups }: Process, { mode, uid: owner, gid }: Attributes, bits: number): boolean {
  if (uid === 0) return true;
  const shift = uid === owner ? 6 : groups.has(gid) ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

/** Whether it may change mode and times. */
export function isOwner({ uid }: Process, { uid: owner }: { readonly uid: number }): boolean {
  return uid === 0 || uid === owner;
}
