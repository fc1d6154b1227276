import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { drop, type ServerAnswer } from "../http/answer.ts";
import { networkError, tried } from "../http/errors.ts";
import { createPatience, faultSetback } from "../http/retry.ts";
import { createTransport, type TransportOptions } from "../http/transport.ts";
import { blobFile, quarantineBlob, type Store } from "../store/layout.ts";
import { findFile, recordFetchedFile } from "../store/records.ts";
import { shareSegments } from "../tar/shared.ts";
import type { WorkPool } from "../workers/pool.ts";
import { FileChangedError } from "../workers/segment-reader.ts";
import { parseRemote, remoteName, shownAddress } from "./address.ts";
import { type Received, receive } from "./receive.ts";

/** A remote file that is in the store. */
export interface RemoteFile {
  /** Path of its blob. */
  readonly file: string;
  readonly size: number;
  /** What it is called in a folder. */
  readonly name: string;
}

export interface RemoteFiles {
  /**
   * Gets a file into the store, or finds it there. Nothing is asked of the network for one that is there, and nothing
   * secret is ever sent.
   *
   * @throws AircrateError input (the address), unreachable, forbidden, integrity (another digest, too large), refused
   *   (not in the store, and offline)
   */
  fetch(url: string, options: { readonly checksum: Digest; readonly where: string }): Promise<RemoteFile>;
  close(): Promise<void>;
}

export interface RemoteOptions extends TransportOptions {
  /** Asks no server. */
  readonly offline?: boolean;
  /** Largest file that is accepted, in bytes; default 64 GiB, as for layers. */
  readonly maxSize?: number;
  readonly onEvent?: OnEvent;
}

const MAX_SIZE = 64 * 1024 ** 3;

/** Files that `ADD --checksum=DIGEST URL` names: pinned by their content, so that each is fetched once. */
export function createRemoteFiles(store: Store, pool: WorkPool, options: RemoteOptions): RemoteFiles {
  const { maxSize = MAX_SIZE, onEvent = () => {} } = options;
  const transport = createTransport(options);
  const patience = createPatience(options.retry ?? {}, options);
  /** What is under way, so that several who want one file wait for the same. */
  const running = new Map<Digest, Promise<Received>>();

  async function obtain(url: URL, checksum: Digest, where: string): Promise<Received> {
    const known = await findFile(store, checksum);
    if (known !== undefined && (await isRight(store, pool, known))) return known;
    if (options.offline === true) {
      throw new AircrateError("refused", "a remote file is not in the store, and --offline allows no server", {
        where,
        reason: `${shownAddress(url)}, ${checksum}`,
        hint: "build once without --offline; the file stays in the store",
      });
    }
    for (let tries = 1; ; tries += 1) {
      const answer = await transport.get(url, { where, headers: { "accept-encoding": "identity" } });
      if (answer.status !== 200) {
        await drop(answer.body);
        throw statusError(answer, where);
      }
      try {
        const received = await receive(store, answer, { checksum, where, maxSize, onEvent });
        await recordFetchedFile(store, { version: 1, ...received });
        return received;
      } catch (error) {
        const setback = faultSetback(error);
        if (setback === undefined || !(await patience(setback, tries, { where, host: answer.url.host }))) {
          throw networkError(error, where, answer.url, tries);
        }
      }
    }
  }

  return {
    async fetch(address, { checksum, where }) {
      const url = parseRemote(address, where);
      let promise = running.get(checksum);
      if (promise === undefined) {
        promise = obtain(url, checksum, where);
        running.set(checksum, promise);
        // Another address may have what this one does not.
        promise.catch(() => running.delete(checksum));
      }
      const { size } = await promise;
      return { file: blobFile(store, checksum), size, name: remoteName(url) };
    },
    close: () => transport.close(),
  };
}

/** Contents are taken from the blob as they are, so what is in the store is looked through before. */
async function isRight(store: Store, pool: WorkPool, { digest, size }: Received): Promise<boolean> {
  try {
    const segments = [{ file: blobFile(store, digest), offset: 0, size }];
    const { sha256 } = await pool.run({ kind: "digest", stream: shareSegments(segments) });
    if (`sha256:${sha256}` === digest) return true;
  } catch (error) {
    // Pruned meanwhile.
    if (error instanceof FileChangedError) return false;
    throw error;
  }
  await quarantineBlob(store, digest);
  return false;
}

function statusError({ status, url, tries }: ServerAnswer, where: string): AircrateError {
  const reason = tried(`${shownAddress(url)} answers ${status}`, tries);
  switch (status) {
    case 401:
    case 403:
      return new AircrateError("forbidden", `${url.host} does not give a file to everybody`, {
        where,
        reason,
        hint: "no credentials are sent for remote files: fetch it on the host, and COPY it",
      });
    case 404:
    case 410:
      return new AircrateError("unreachable", `${url.host} does not have a file`, {
        where,
        reason,
        hint: "check the URL",
      });
    default:
      return new AircrateError("unreachable", `${url.host} does not deliver a file`, { where, reason });
  }
}
