import path from "node:path";
import { AircrateError } from "../error.ts";
import type { CredentialPlaces } from "./credentials.ts";

/**
 * The files that may have credentials, in the order in which they are asked: `$REGISTRY_AUTH_FILE`, Docker's
 * `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, then Podman's, first the one that it writes itself
 * (containers-auth.json(5)).
 */
export function credentialFiles(places: CredentialPlaces): string[] {
  const { home, registryAuthFile, runtimeDir, configHome, uid } = places;
  const files: string[] = [];
  if (registryAuthFile) files.push(registryAuthFile);
  const docker = dockerFile(places);
  if (docker !== undefined) files.push(docker);
  if (runtimeDir) files.push(path.join(runtimeDir, "containers", "auth.json"));
  else if (uid !== undefined) files.push(`/run/containers/${uid}/auth.json`);
  if (configHome) files.push(path.join(configHome, "containers", "auth.json"));
  else if (home) files.push(path.join(home, ".config", "containers", "auth.json"));
  return files;
}

/** The file that a login is written to. @throws AircrateError usage when there is no home for it */
export function loginFile(places: CredentialPlaces): string {
  const file = places.registryAuthFile || dockerFile(places);
  if (file !== undefined) return file;
  throw new AircrateError("usage", "there is no home folder for the file with credentials", {
    hint: "name the file in REGISTRY_AUTH_FILE, or its folder in DOCKER_CONFIG",
  });
}

function dockerFile({ dockerConfig, home }: CredentialPlaces): string | undefined {
  if (dockerConfig) return path.join(dockerConfig, "config.json");
  return home ? path.join(home, ".docker", "config.json") : undefined;
}
