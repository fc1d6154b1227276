import { decodeJson, SpecError } from "../../spec/decode.ts";
import { Lock } from "../../spec/lock.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { readSmallFile } from "../yaml/file.ts";
import { MAX_YAML_SIZE } from "../yaml/read.ts";
import type { KeepOptions } from "./keep.ts";

/**
 * What lock files name: references in full, and every manifest, index, config and layer, on all platforms.
 *
 * @throws AircrateError unreachable when one cannot be read, input when one is no lock file: nothing may go for a name
 *   that was misspelt
 */
export async function readLocked(files: readonly string[]): Promise<NonNullable<KeepOptions["locked"]>> {
  const references = new Set<string>();
  const digests = new Set<Digest>();
  for (const file of files) {
    for (const [reference, { index, platforms }] of Object.entries((await readLockFile(file)).images)) {
      references.add(reference);
      if (index !== undefined) digests.add(index.digest);
      for (const { manifest, config, layers } of Object.values(platforms)) {
        for (const { digest } of [manifest, config, ...layers]) digests.add(digest);
      }
    }
  }
  return { references, digests };
}

async function readLockFile(file: string): Promise<Lock> {
  const bytes = await readSmallFile(file, { name: file, limit: MAX_YAML_SIZE });
  try {
    return decodeJson(Lock, bytes);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new AircrateError("input", "is no lock file", { where: file, reason: error.message, cause: error });
  }
}
