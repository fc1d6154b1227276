import { rm } from "node:fs/promises";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { RegistrySource } from "../registry/client.ts";
import type { Store } from "../store/layout.ts";
import { claimPartial, releasePartial } from "../store/partial.ts";
import { type DownloadOptions, downloadBlob } from "./download.ts";

export interface CheckedDownloadOptions<T, R> extends Omit<DownloadOptions, "file"> {
  /** Where the blob may be had, in the order in which to ask; at least one. */
  readonly sources: readonly RegistrySource[];
  /** Finds out what arrived. */
  readonly check: (file: string) => Promise<T>;
  /** Takes the file, whatever it turned out to be, to where it belongs; what it throws rejects wrong bytes. */
  readonly keep: (file: string, checked: T) => Promise<R>;
}

/**
 * Downloads a blob, going on where an earlier run stopped, and checks it. What is there of it when the download fails is
 * kept for the next run; wrong bytes are not.
 *
 * @throws AircrateError unreachable, forbidden (no source gives it); what `keep` throws
 */
export async function fetchChecked<T extends { digest: Digest }, R>(
  store: Store,
  blob: { readonly digest: Digest; readonly size: number },
  { sources, check, keep, ...options }: CheckedDownloadOptions<T, R>,
): Promise<R> {
  const partial = await claimPartial(store, blob.digest);
  const { file } = partial;
  try {
    const { pieced, source } = await downloadBlob(store, sources, blob, { ...options, file });
    let checked = await check(file);
    // Wrong bytes are fetched once more when another source, or one answer for all, may be right.
    if (checked.digest !== blob.digest && (pieced || sources.length > 1)) {
      await downloadBlob(store, behind(sources, source), blob, { ...options, file, anew: true });
      checked = await check(file);
    }
    return await keep(file, checked);
  } catch (error) {
    const wrong = error instanceof AircrateError && (error.fault === "integrity" || error.fault === "input");
    if (wrong) await rm(file, { force: true });
    else await releasePartial(store, partial);
    throw error;
  }
}

/** All sources, beginning with the one behind that which gave the end of wrong bytes. */
function behind(sources: readonly RegistrySource[], last: RegistrySource | undefined): RegistrySource[] {
  const next = last === undefined ? 0 : sources.indexOf(last) + 1;
  return [...sources.slice(next), ...sources.slice(0, next)];
}
