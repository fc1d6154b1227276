import type { RegistryAccess } from "../lib/registry/client.ts";
import { credentialPlaces, registriesFile } from "./environment.ts";

/** The options of every command that talks to registries. */
export interface NetworkArguments {
  mirror: string[];
}

export const NETWORK_OPTIONS = {
  mirror: {
    type: "string",
    array: true,
    requiresArg: true,
    nargs: 1,
    default: [] as string[],
    defaultDescription: "none",
    describe: "Ask HOST instead of REGISTRY, as REGISTRY[/PREFIX]=HOST[/PATH]; may be repeated",
  },
} as const;

/** @throws AircrateError usage */
export async function registryAccess(args: NetworkArguments, env: NodeJS.ProcessEnv): Promise<RegistryAccess> {
  const { parseMirror } = await import("../lib/registry/mirrors.ts");
  const { readRegistriesFile } = await import("../lib/app/registries.ts");
  const { credentialsFromFiles } = await import("../lib/credentials/find.ts");
  return {
    mirrors: new Map(args.mirror.map(parseMirror)),
    registries: await readRegistriesFile(registriesFile(env)),
    findCredentials: credentialsFromFiles(credentialPlaces(env)),
  };
}
