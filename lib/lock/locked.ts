import type { Digest } from "../digest.ts";
import type { KeepOptions } from "../store/keep.ts";
import { readLockFile } from "./file.ts";

/**
 * What lock files name: references in full, and every manifest, index, config, layer and remote file, on all platforms.
 *
 * @throws AircrateError unreachable when one cannot be read, input, at its line, when one is no lock file: nothing may go for a name
 *   that was misspelt
 */
export async function readLocked(files: readonly string[]): Promise<NonNullable<KeepOptions["locked"]>> {
  const references = new Set<string>();
  const digests = new Set<Digest>();
  for (const file of files) {
    const { images, files: remote = {} } = await readLockFile(file);
    for (const digest of Object.keys(remote)) digests.add(digest);
    for (const [reference, { index, platforms }] of Object.entries(images)) {
      references.add(reference);
      if (index !== undefined) digests.add(index.digest);
      for (const { manifest, config, layers } of Object.values(platforms)) {
        for (const { digest } of [manifest, config, ...layers]) digests.add(digest);
      }
    }
  }
  return { references, digests };
}
