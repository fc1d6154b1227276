import type { CredentialPlaces } from "../../lib/credentials/credentials.ts";

/** No place at all: a test names those that it means. */
export const NOWHERE: CredentialPlaces = {
  home: undefined,
  dockerConfig: undefined,
  registryAuthFile: undefined,
  runtimeDir: undefined,
  configHome: undefined,
  uid: undefined,
  environment: {},
};

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
