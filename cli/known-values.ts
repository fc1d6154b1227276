import { credentialPlaces, storeFolder } from "../lib/environment.ts";

/** What is known to be right for a kind of value, such as IMAGE; of most kinds nothing is. */
export type KnownValues = (kind: string) => Promise<readonly string[]>;

/** Other characters could mean something to the shell, which is handed what stands in files. */
const HARMLESS = /^[\w.:/@+-]{1,255}$/;

/** Values for completion, all from this machine. What cannot be read has none: nobody can be told while a line is written. */
export const knownValues: KnownValues = async (kind) => {
  try {
    const values = Object.hasOwn(READERS, kind) ? await READERS[kind]?.() : undefined;
    return [...new Set(values)].filter((value) => HARMLESS.test(value));
  } catch {
    return [];
  }
};

const READERS: Readonly<Record<string, () => Promise<Iterable<string>>>> = {
  async APP() {
    const { readAppManifest } = await import("../lib/app/manifest.ts");
    return [(await readAppManifest(".")).slug];
  },
  async IMAGE() {
    const { familiarReference, parseReference } = await import("../lib/reference.ts");
    const { readReferences } = await import("../lib/store/records.ts");
    const { findStore } = await import("../lib/store/survey.ts");
    const records = await readReferences(await findStore(storeFolder(process.env)));
    return records.map(({ reference }) => familiarReference(parseReference(reference)));
  },
  async PLATFORM() {
    return ["linux/arm64", "linux/amd64"];
  },
  async REFERENCE() {
    const { familiarReference, parseReference } = await import("../lib/reference.ts");
    const { readLock } = await import("../lib/lock/file.ts");
    const lock = await readLock(".");
    return Object.keys(lock?.images ?? {}).map((reference) => familiarReference(parseReference(reference)));
  },
  async REGISTRY() {
    const { readAuthFile } = await import("../lib/credentials/auth-file.ts");
    const { DOCKER_HUB, serverOf } = await import("../lib/credentials/keys.ts");
    const { loginFile } = await import("../lib/credentials/places.ts");
    const { auths = {} } = await readAuthFile(loginFile(credentialPlaces(process.env)));
    return Object.keys(auths).map((key) => (key === serverOf(DOCKER_HUB) ? DOCKER_HUB : key));
  },
  async SERVICE() {
    const { readAppManifest } = await import("../lib/app/manifest.ts");
    return (await readAppManifest(".")).services.map(({ name }) => name);
  },
};
