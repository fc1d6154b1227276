import type { Digest } from "../digest.ts";
import type { OnEvent } from "../events.ts";
import { mapLimited } from "../limit.ts";
import type { Session } from "../session.ts";
import { createWorkPool } from "../workers/pool.ts";
import { createRemoteFiles, type RemoteFile } from "./files.ts";

/** A remote file, and who asks for it. */
export interface WantedFile {
  readonly url: string;
  readonly checksum: Digest;
  /** For errors. */
  readonly where: string;
}

/** Files that are fetched at once. */
const PARALLEL_FILES = 4;

/** Gets files into the store, for commands that build nothing. @throws AircrateError as `RemoteFiles.fetch` */
export async function fetchAll(
  { store, network }: Pick<Session, "store" | "network">,
  wanted: readonly WantedFile[],
  onEvent: OnEvent,
): Promise<RemoteFile[]> {
  const pool = createWorkPool();
  const remote = createRemoteFiles(store, pool, { ...network, onEvent });
  try {
    return await mapLimited(PARALLEL_FILES, wanted, ({ url, ...asked }) => remote.fetch(url, asked));
  } finally {
    await Promise.all([remote.close(), pool.close()]);
  }
}
