import { randomBytes } from "node:crypto";
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { AuthEntry, AuthFile } from "../../spec/registry.ts";
import { AircrateError, systemCode } from "../error.ts";
import { makeFolder } from "../folder.ts";
import { helperName, readAuthFile } from "./auth-file.ts";
import type { CredentialPlaces, UserCredentials } from "./credentials.ts";
import { eraseInHelper, type Helper, programOf, storeInHelper } from "./helper.ts";
import { hostKeys, serverOf } from "./keys.ts";
import { loginFile } from "./places.ts";

/** Credentials as a login leaves them: with an identity token, the password is not kept. */
export interface Login extends UserCredentials {
  readonly identityToken?: string;
}

/** Where credentials are kept: a file, and the helper that has them in place of the file. */
export interface Place {
  readonly file: string;
  /** `docker-credential-NAME`. */
  readonly helper?: string;
}

/**
 * Writes credentials for a host where `docker login` writes them: into `$REGISTRY_AUTH_FILE`, else Docker's
 * `config.json`, or into the helper that the file names for the host.
 *
 * @throws AircrateError forbidden when the file or the helper is broken, unreachable when it cannot be written
 */
export async function storeCredentials(places: CredentialPlaces, host: string, login: Login): Promise<Place> {
  const { file, content, helper } = await openPlace(places, host);
  const { identityToken } = login;
  if (helper !== undefined) await storeInHelper(helper, host, identityToken === undefined ? login : { identityToken });
  const auths = { ...content.auths, [serverOf(host)]: helper === undefined ? entryOf(login) : {} };
  await writeAuthFile(file, { ...content, auths });
  return place(file, helper);
}

/**
 * Takes credentials for a host out of the file, or of the helper, that a login writes to. Those for single repositories
 * stay.
 *
 * @returns the place, and whether it had any
 * @throws AircrateError as {@link storeCredentials}
 */
export async function eraseCredentials(places: CredentialPlaces, host: string): Promise<Place & { erased: boolean }> {
  const { file, content, helper } = await openPlace(places, host);
  const known = helper !== undefined && (await eraseInHelper(helper, host));
  const keys = hostKeys(host);
  const kept = Object.entries(content.auths ?? {}).filter(([key]) => !keys.includes(key));
  const written = kept.length < Object.keys(content.auths ?? {}).length;
  if (written) await writeAuthFile(file, { ...content, auths: Object.fromEntries(kept) });
  return { ...place(file, helper), erased: known || written };
}

async function openPlace(places: CredentialPlaces, host: string) {
  const file = loginFile(places);
  const content = await readAuthFile(file);
  const name = helperName(content, host);
  const helper: Helper | undefined = name === undefined ? undefined : { name, file, environment: places.environment };
  return { file, content, helper };
}

function place(file: string, helper: Helper | undefined): Place {
  return helper === undefined ? { file } : { file, helper: programOf(helper) };
}

/** As Docker writes it: beside an identity token, `auth` names the user alone. */
function entryOf({ user, password, identityToken }: Login): AuthEntry {
  const auth = (text: string) => Buffer.from(text, "utf8").toString("base64");
  if (identityToken === undefined) return { auth: auth(`${user}:${password}`) };
  return { auth: auth(`${user}:`), identitytoken: identityToken };
}

/**
 * Replaces the file at once, for its owner's eyes only. A link to it stays one. What else the document has, stays, in
 * its order; it is set as Docker sets it, with tabs.
 */
async function writeAuthFile(link: string, content: AuthFile): Promise<void> {
  try {
    const file = await targetOf(link);
    await makeFolder(path.dirname(file), 0o700);
    const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(content, null, "\t")}\n`);
      await keepOwner(handle, file);
      await handle.sync();
      await handle.close();
      await rename(temporary, file);
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw new AircrateError("unreachable", "the file with credentials cannot be written", {
      where: link,
      reason: systemCode(error) ?? "",
      hint: "name another file in REGISTRY_AUTH_FILE, or its folder in DOCKER_CONFIG",
      cause: error,
    });
  }
}

/** Where a file really lies, also one that does not exist yet. */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    const target = await readlink(file).catch(() => undefined);
    return target === undefined ? file : targetOf(path.resolve(path.dirname(file), target));
  }
}

/** With `sudo` the file would become root's, and its owner could not read it any more. */
async function keepOwner(handle: FileHandle, file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const before = await stat(file).catch(() => undefined);
  if (before !== undefined) await handle.chown(before.uid, before.gid);
}
