import { open } from "node:fs/promises";
import { decodeJson } from "../../spec/decode.ts";
import { type AuthEntry, AuthFile } from "../../spec/registry.ts";
import { AircrateError, systemCode } from "../error.ts";
import type { Credentials } from "./credentials.ts";
import { hostKeys, repositoryKeys } from "./keys.ts";

const MAX_FILE = 1024 * 1024;

/**
 * Reads a file of Docker's or Podman's. One that does not exist has nothing in it.
 *
 * @throws AircrateError forbidden when it cannot be read, is larger than 1 MiB or not of this format
 */
export async function readAuthFile(file: string): Promise<AuthFile> {
  let bytes: Buffer;
  try {
    bytes = await readBeginning(file, MAX_FILE + 1);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new AircrateError("forbidden", "the file with credentials cannot be read", {
      where: file,
      reason: code ?? "",
      cause: error,
    });
  }
  try {
    if (bytes.length > MAX_FILE) throw new Error("it is larger than 1 MiB");
    return decodeJson(AuthFile, bytes);
  } catch {
    // The problem may quote a value, and every value here may be a secret.
    throw new AircrateError("forbidden", "the file with credentials is not in Docker's format", {
      where: file,
      hint: 'it is a JSON document of up to 1 MiB, such as {"auths":{"HOST":{"auth":"BASE64 OF USER:PASSWORD"}}}',
    });
  }
}

/** At most `size` bytes, whatever the file is: a pipe of the shell has no size, and a device no end. */
async function readBeginning(file: string, size: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of handle.createReadStream({ end: size - 1 })) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

/** Name of the credential helper that keeps a host's credentials, as Docker chooses it; undefined for the file itself. */
export function helperName({ credHelpers = {}, credsStore }: AuthFile, host: string): string | undefined {
  const key = hostKeys(host).find((name) => Object.hasOwn(credHelpers, name));
  return (key === undefined ? credsStore : credHelpers[key]) || undefined;
}

/**
 * What `auths` has for a repository; the most specific key counts that has something.
 *
 * @throws AircrateError forbidden when it is not base64 of USER:PASSWORD
 */
export function credentialsIn({ auths = {} }: AuthFile, host: string, options: EntryOptions): Credentials | undefined {
  for (const key of repositoryKeys(host, options.repository)) {
    const found = Object.hasOwn(auths, key) ? decodeEntry(auths[key]!) : undefined;
    if (found === "malformed") {
      throw new AircrateError("forbidden", `the credentials for ${host} are not base64 of USER:PASSWORD`, {
        where: options.file,
      });
    }
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface EntryOptions {
  readonly repository: string;
  /** For errors. */
  readonly file: string;
}

/** As Docker reads it: an identity token before a password, and `auth` before the fields that it is made of. */
function decodeEntry(entry: AuthEntry): Credentials | "malformed" | undefined {
  const { auth, username, password } = entry;
  const identityToken = entry.identitytoken || entry.identityToken;
  if (identityToken) return { identityToken };
  if (auth) {
    const text = Buffer.from(auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon <= 0) return "malformed";
    return { user: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
  }
  return username !== undefined && password !== undefined ? { user: username, password } : undefined;
}
