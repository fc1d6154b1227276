import { type ModeChange, parseMode } from "../mode.ts";
import { excerpt, fault } from "./fault.ts";
import type { Owner } from "./types.ts";

const LARGEST_ID = 0x7fff_ffff;

/**
 * Reads `--chown`: `USER`, `USER:GROUP`, each a number or a name. `root` is 0 without being looked up; a number without
 * a group stands for the group, too (Dockerfile reference, "COPY --chown").
 *
 * @throws AircrateError input
 */
export function parseOwner(text: string, where: string): Owner {
  const [user = "", group, ...more] = text.split(":");
  if (user === "" || group === "" || more.length > 0) {
    throw fault(where, `--chown=${text} is no owner`, { hint: "write --chown=1000:1000" });
  }
  const owner = idOf(user, where);
  if (group !== undefined) return { user: owner, group: idOf(group, where) };
  return typeof owner === "number" ? { user: owner, group: owner } : { user: owner };
}

function idOf(text: string, where: string): number | string {
  if (text === "root") return 0;
  if (!/^\d+$/.test(text)) return text;
  const id = Number(text);
  if (id <= LARGEST_ID) return id;
  throw fault(where, `--chown: ${text} is no id`, { hint: `ids go up to ${LARGEST_ID}` });
}

/**
 * Reads `--chmod`, octal or symbolic. An octal mode replaces all bits, those of a folder that set ids, too: chmod(1) does
 * that when it has five digits. @throws AircrateError input
 */
export function parseChmod(text: string, where: string): ModeChange {
  const mode = parseMode(/^[0-7]+$/.test(text) ? text.padStart(5, "0") : text);
  if (mode !== undefined) return mode;
  throw fault(where, `--chmod=${excerpt(text, 40)} is no mode`, {
    hint: "write it in octal, --chmod=755, or as chmod takes it: --chmod=u=rwX,go=rX",
  });
}
