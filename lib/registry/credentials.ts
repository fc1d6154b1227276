import { readFile } from "node:fs/promises";
import path from "node:path";
import { decodeJson } from "../../spec/decode.ts";
import { AuthFile } from "../../spec/registry.ts";
import { AircrateError, systemCode } from "../error.ts";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Finds credentials for a registry host, or undefined when there are none. */
export type FindCredentials = (host: string) => Promise<Credentials | undefined>;

/** What the search for credential files depends on; a program fills it from its environment. */
export interface CredentialPlaces {
  readonly home: string | undefined;
  readonly dockerConfig: string | undefined;
  readonly registryAuthFile: string | undefined;
  readonly runtimeDir: string | undefined;
}

const MAX_FILE = 1024 * 1024;
const HUB_KEYS: readonly string[] = [
  "https://index.docker.io/v1/",
  "index.docker.io",
  "docker.io",
  "registry-1.docker.io",
];

/**
 * Looks into `auths` of the files that Docker and Podman write: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`, `$XDG_RUNTIME_DIR/containers/auth.json`. A key must be the host exactly, port included (for
 * Docker Hub one of its own names): credentials are never offered to a host that merely looks alike.
 */
export function credentialsFromFiles(places: CredentialPlaces): FindCredentials {
  const files = credentialFiles(places);
  const read = new Map<string, Promise<AuthFile>>();
  return async (host) => {
    for (const file of files) {
      let content = read.get(file);
      if (content === undefined) {
        content = readAuthFile(file);
        read.set(file, content);
      }
      const found = select((await content).auths ?? {}, host, file);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function credentialFiles(places: CredentialPlaces): string[] {
  const { home, dockerConfig, registryAuthFile, runtimeDir } = places;
  const files: string[] = [];
  if (registryAuthFile) files.push(registryAuthFile);
  if (dockerConfig) files.push(path.join(dockerConfig, "config.json"));
  else if (home) files.push(path.join(home, ".docker", "config.json"));
  if (runtimeDir) files.push(path.join(runtimeDir, "containers", "auth.json"));
  return files;
}

async function readAuthFile(file: string): Promise<AuthFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
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
      hint: 'write it with `docker login` or `podman login`, or as {"auths":{"HOST":{"auth":"BASE64 OF USER:PASSWORD"}}}',
    });
  }
}

function select(auths: NonNullable<AuthFile["auths"]>, host: string, file: string): Credentials | undefined {
  const keys = host === "docker.io" ? HUB_KEYS : [host, `https://${host}`, `https://${host}/`];
  for (const key of keys) {
    if (!Object.hasOwn(auths, key)) continue;
    const { auth, username, password } = auths[key]!;
    if (username !== undefined && password !== undefined) return { user: username, password };
    if (auth === undefined || auth === "") continue;
    const text = Buffer.from(auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon > 0) return { user: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
    throw new AircrateError("forbidden", `the credentials for ${host} are not base64 of USER:PASSWORD`, {
      where: file,
    });
  }
  return undefined;
}
