import { fault } from "./fault.ts";
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

/** Reads `--chmod` in octal. @returns mode bits, 0 to 0o7777 @throws AircrateError input */
export function parseMode(text: string, where: string): number {
  if (/^[0-7]{1,11}$/.test(text) && Number.parseInt(text, 8) <= 0o7777) return Number.parseInt(text, 8);
  const symbolic = /^[ugoa]*[-+=]/.test(text);
  throw fault(where, symbolic ? `--chmod=${text}: symbolic modes are not supported` : `--chmod=${text} is no mode`, {
    hint: "write it in octal: --chmod=755, or --chmod=644 for files that are not executed",
  });
}
