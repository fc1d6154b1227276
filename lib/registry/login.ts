import type { CredentialPlaces, UserCredentials } from "../credentials/credentials.ts";
import { DOCKER_HUB } from "../credentials/keys.ts";
import { type Place, storeCredentials } from "../credentials/write.ts";
import { AircrateError } from "../error.ts";
import { parseReference } from "../reference.ts";
import { createRegistryClient, type RegistryClientOptions } from "./client.ts";

export interface LoginOptions {
  readonly places: CredentialPlaces;
  /** How the registry is reached. Its mirrors and its way to find credentials do not count here. */
  readonly client: RegistryClientOptions;
}

export interface LoggedIn extends Place {
  /** Whether the registry asked for the credentials, and so has proved them right. */
  readonly proved: boolean;
}

/**
 * Tries credentials on a registry, and keeps them where `docker login` would (see {@link storeCredentials}). Where the
 * registry's token service gives an identity token, that is kept in place of the password.
 *
 * @param registry host with optional port, as {@link parseRegistry} gives it
 * @throws AircrateError unreachable; forbidden when the registry does not take them, then nothing is written
 */
export async function login(registry: string, credentials: UserCredentials, options: LoginOptions): Promise<LoggedIn> {
  const client = createRegistryClient({ ...options.client, findCredentials: async () => credentials });
  try {
    const { asked, identityToken } = await client.checkCredentials(registry).catch((error: unknown) => {
      throw refusal(registry, error);
    });
    const kept = { ...credentials, ...(identityToken !== undefined && { identityToken }) };
    return { ...(await storeCredentials(options.places, registry, kept)), proved: asked };
  } finally {
    await client.close();
  }
}

function refusal(registry: string, error: unknown): unknown {
  if (!(error instanceof AircrateError) || error.fault !== "forbidden") return error;
  return new AircrateError("forbidden", "the registry does not take these credentials", {
    where: registry,
    reason: error.reason,
    hint: "check the user name and the password; some registries want an access token as the password",
    cause: error,
  });
}

/**
 * Reads the name of a registry, `HOST[:PORT]`, as it begins a reference; the other names of Docker Hub are `docker.io`.
 *
 * @throws AircrateError usage
 */
export function parseRegistry(text: string): string {
  try {
    const { registry, repository } = parseReference(`${text}/x`);
    if (!text.includes("/") && repository === (registry === DOCKER_HUB ? "library/x" : "x")) return registry;
  } catch {
    // Told below: what is wrong with a reference is not what the user wrote.
  }
  throw new AircrateError("usage", `${JSON.stringify(text.slice(0, 300))} is not a registry`, {
    hint: "write it as HOST[:PORT], without https:// and without a path, as in the names of its images",
  });
}
