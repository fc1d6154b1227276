import type { AuthFile } from "../../spec/registry.ts";
import { credentialsIn, helperName, readAuthFile } from "./auth-file.ts";
import type { CredentialPlaces, Credentials, FindCredentials } from "./credentials.ts";
import type { Helper } from "./helper.ts";
import { credentialFiles } from "./places.ts";

/**
 * Looks into the files that Docker and Podman write (see {@link credentialFiles}), in each first at the helper that it
 * names for the host, then at its `auths`. Files are read, and helpers asked, once.
 *
 * The function that it gives throws AircrateError forbidden when a file or a helper cannot be understood.
 */
export function credentialsFromFiles(places: CredentialPlaces): FindCredentials {
  const { environment } = places;
  const files = credentialFiles(places);
  const read = new Map<string, Promise<AuthFile>>();
  const asked = new Map<string, Promise<Credentials | undefined>>();
  return async (host, repository) => {
    for (const file of files) {
      const content = await once(read, file, () => readAuthFile(file));
      const name = helperName(content, host);
      const kept = name && (await once(asked, `${name} ${host}`, () => askHelper({ name, file, environment }, host)));
      const found = kept || credentialsIn(content, host, { repository, file });
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function askHelper(helper: Helper, host: string): Promise<Credentials | undefined> {
  // Few files name one, and what starts a program takes its time to load.
  const program = await import("./helper.ts");
  return program.askHelper(helper, host);
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const promise = known.get(key) ?? make();
  known.set(key, promise);
  return promise;
}
