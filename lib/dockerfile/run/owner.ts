import { excerpt } from "../fault.ts";
import { NotComputed } from "./not-computed.ts";
import type { OwnerChange } from "./types.ts";

/** Ids are below this one, which stands for "no change" to the system. */
const NO_ID = 0xffff_ffff;

/**
 * Reads `USER`, `USER:GROUP`, `USER:` (its primary group) and `:GROUP` of chown(1), and the old spelling of these with a
 * dot. Numbers are ids, also as `+1000`; unlike in `COPY --chown`, a user alone leaves the group as it is.
 *
 * @throws NotComputed
 */
export function readOwner(text: string): OwnerChange {
  const colon = text.indexOf(":");
  if (colon >= 0) return parts(text, colon);
  const dot = text.indexOf(".");
  if (dot < 0) return text === "" ? {} : { user: idOf(text) };
  const owner = parts(text, dot);
  return /^[0-9.+]*$/.test(text) ? owner : { ...owner, dotted: text };
}

export function readGroup(text: string): OwnerChange {
  return text === "" ? {} : { group: idOf(text) };
}

function parts(text: string, at: number): OwnerChange {
  const user = text.slice(0, at);
  const group = text.slice(at + 1);
  if (user === "") return group === "" ? {} : { group: idOf(group) };
  return group === "" ? { user: idOf(user), loginGroup: true } : { user: idOf(user), group: idOf(group) };
}

function idOf(text: string): number | string {
  if (text === "root") return 0;
  if (/[:/\s]/.test(text)) throw new NotComputed(`"${excerpt(text, 30)}" is no owner`);
  if (!/^\+?\d+$/.test(text)) return text;
  const id = Number(text);
  if (id < NO_ID) return id;
  throw new NotComputed(`${excerpt(text, 30)} is no id`);
}
