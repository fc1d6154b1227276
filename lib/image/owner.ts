import { AircrateError } from "../error.ts";
import type { Ownership } from "./node.ts";
import type { RootFs } from "./rootfs.ts";

/** A user or group by number, or by a name of the image's own accounts. */
export interface Owner {
  readonly user: number | string;
  readonly group?: number | string;
}

/**
 * The numbers of an owner. Names are looked up in the image's `/etc/passwd` and `/etc/group`; without a group, a named
 * user has its primary group and a number stands for both (docs.docker.com, "COPY --chown").
 *
 * @throws AircrateError input when the image has no such name
 */
export function resolveOwner(owner: Owner, root: RootFs, where: string): Ownership {
  const { user, group } = owner;
  const found = typeof user === "number" ? { uid: user, gid: user } : findUser(user, root, where);
  if (group === undefined) return found;
  return { uid: found.uid, gid: typeof group === "number" ? group : findGroup(group, root, where) };
}

/** Reads `USER` of a config: `name`, `1000`, `1000:1000`, `name:group`; blank is root. */
export function ownerOfUser(user: string): Owner {
  const [name = "", group] = user.split(":");
  return {
    user: number(name === "" ? "0" : name),
    ...(group !== undefined && group !== "" && { group: number(group) }),
  };
}

function number(text: string): number | string {
  if (text === "root") return 0;
  return /^\d{1,10}$/.test(text) ? Number(text) : text;
}

function findUser(name: string, root: RootFs, where: string): Ownership {
  const fields = findLine(root.account("passwd"), name);
  const uid = readId(fields?.[2]);
  const gid = readId(fields?.[3]);
  if (uid === undefined || gid === undefined) throw unknown("user", name, "/etc/passwd", where);
  return { uid, gid };
}

function findGroup(name: string, root: RootFs, where: string): number {
  const fields = findLine(root.account("group"), name);
  const gid = readId(fields?.[2]);
  if (gid === undefined) throw unknown("group", name, "/etc/group", where);
  return gid;
}

/** A blank field is no number, least of all that of root. */
function readId(text = ""): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined;
}

function findLine(text: string | undefined, name: string): string[] | undefined {
  for (const line of (text ?? "").split("\n")) {
    const fields = line.split(":");
    if (fields[0] === name) return fields;
  }
  return undefined;
}

function unknown(what: string, name: string, file: string, where: string): AircrateError {
  return new AircrateError("input", `the image has no ${what} ${name}`, {
    where,
    reason: `it is not in its ${file}`,
    hint: "write the number instead of the name",
  });
}
