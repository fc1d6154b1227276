import { AircrateError } from "../error.ts";
import { IMAGE_IS_MISSING } from "../image/outline.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { plannedFiles } from "../plan/remote-files.ts";
import { FILE_IS_MISSING, type RemoteFiles } from "../remote/files.ts";

type Results = readonly PromiseSettledResult<unknown>[];

/**
 * Tries to get the remote files of a plan, those that are known before the bases are: an image that waits for its base
 * does not come to ask for its files. Never rejects.
 */
export function tryFiles(plan: BuildPlan, remote: RemoteFiles): Promise<Results> {
  const tried = plannedFiles(plan).flatMap(({ checksum, url, where }) =>
    checksum === undefined || url === undefined ? [] : [remote.fetch(url, { checksum, where })],
  );
  return Promise.allSettled(tried);
}

/**
 * Tells all that an offline build lacks at once.
 *
 * @throws AircrateError refused, when several images or files are missing
 */
export function throwMissing(results: Results): void {
  const found = (text: string) => {
    const errors = results.flatMap((result) => {
      const error: unknown = result.status === "rejected" ? result.reason : undefined;
      return error instanceof AircrateError && error.what === text ? error : [];
    });
    return [...new Map(errors.map((error) => [error.message, error])).values()];
  };
  const [images, files] = [found(IMAGE_IS_MISSING), found(FILE_IS_MISSING)];
  const errors = [...images, ...files];
  if (errors.length < 2) return;
  throw new AircrateError("refused", headline(images.length, files.length), {
    reason: errors.flatMap(({ where, reason }) => reason.map((line) => `${where}: ${line}`)),
    hint: errors[0]!.hint,
  });
}

function headline(images: number, files: number): string {
  if (files === 0) return `${images} images are not in the store, and --offline allows no registry`;
  if (images === 0) return `${files} remote files are not in the store, and --offline allows no server`;
  const both = `${counted(images, "image")} and ${counted(files, "remote file")}`;
  return `${both} are not in the store, and --offline allows no network`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
