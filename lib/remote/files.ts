import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import type { TransportOptions } from "../http/transport.ts";
import { MAX_LAYER_SIZE } from "../layer/ingest.ts";
import { blobFile, quarantineBlob, type Store } from "../store/layout.ts";
import { findFile, recordFetchedFile } from "../store/records.ts";
import { shareSegments } from "../tar/shared.ts";
import type { Layout } from "../vendor/layout.ts";
import { digestStream } from "../workers/digest.ts";
import type { WorkPool } from "../workers/pool.ts";
import { FileChangedError } from "../workers/segment-reader.ts";
import { parseRemote, remoteName, shownAddress } from "./address.ts";
import { createDownloads } from "./download.ts";
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
   * Gets a file into the store, or finds it there. Nothing is asked of the network for one that is there or in the image
   * layout, and nothing secret is ever sent.
   *
   * @throws AircrateError input (the address), unreachable, forbidden, integrity (another digest, too large), refused
   *   (neither in the store nor in the image layout, and offline)
   */
  fetch(url: string, options: { readonly checksum: Digest; readonly where: string }): Promise<RemoteFile>;
  close(): Promise<void>;
}

export interface RemoteOptions extends TransportOptions {
  /** Asks no server. */
  readonly offline?: boolean;
  /** An image layout that may have files among its blobs: it comes before their servers. */
  readonly vendor?: Layout | undefined;
  /** Largest file that is accepted, in bytes; default 64 GiB, as for layers. */
  readonly maxSize?: number;
  readonly onEvent?: OnEvent;
}

/** What the error says of a file that `fetch` refuses. */
export const FILE_IS_MISSING = "a remote file is not in the store, and --offline allows no server";

/** Files that `ADD --checksum=DIGEST URL` names: pinned by their content, so that each is fetched once. */
export function createRemoteFiles(store: Store, pool: WorkPool, options: RemoteOptions): RemoteFiles {
  const { maxSize = MAX_LAYER_SIZE, onEvent = () => {}, vendor, offline = false } = options;
  const downloads = createDownloads(store, options);
  /** What is under way, so that several who want one file wait for the same. */
  const running = new Map<Digest, { readonly address: string; readonly received: Promise<Received> }>();

  async function obtain(url: URL, checksum: Digest, where: string): Promise<Received> {
    const known = await findFile(store, checksum);
    if (known !== undefined && (await isRight(store, pool, known))) return known;
    const vendored = vendor && (await takeVendored(vendor, checksum, where));
    if (vendored === undefined && offline) throw missingError(url, { checksum, where, vendor });
    const received = vendored ?? (await downloads.download(url, { checksum, where, maxSize, onEvent }));
    await recordFetchedFile(store, { version: 1, ...received });
    return received;
  }

  /** @returns undefined when the layout does not have it, or has other bytes under its name and the server may be asked */
  async function takeVendored(layout: Layout, checksum: Digest, where: string): Promise<Received | undefined> {
    const announced = await layout.size(checksum);
    if (announced === undefined) return undefined;
    const offer = {
      ...{ chunks: layout.read(checksum), announced, from: layout.file },
      hint: "write the file anew with aircrate vendor, or build without --offline",
    };
    try {
      return await receive(store, offer, { checksum, where, maxSize, onEvent });
    } catch (error) {
      if (offline || !(error instanceof AircrateError) || error.fault !== "integrity") throw error;
      onEvent({ kind: "pass-over", reference: where, host: layout.file, why: `${error.what}: ${checksum}` });
      return undefined;
    }
  }

  async function shared(url: URL, checksum: Digest, where: string): Promise<Received> {
    const before = running.get(checksum);
    if (before === undefined) {
      const received = obtain(url, checksum, where);
      running.set(checksum, { address: url.href, received });
      // Offline, no other address helps, and all are told the same.
      received.catch(() => offline || running.delete(checksum));
      return received;
    }
    try {
      return await before.received;
    } catch (error) {
      if (offline || before.address === url.href) throw error;
      // Another address may have what that one does not.
      return shared(url, checksum, where);
    }
  }

  return {
    async fetch(address, { checksum, where }) {
      const url = parseRemote(address, where);
      const { size } = await shared(url, checksum, where);
      return { file: blobFile(store, checksum), size, name: remoteName(url) };
    },
    close: () => downloads.close(),
  };
}

function missingError(
  url: URL,
  { checksum, where, vendor }: { checksum: Digest; where: string; vendor: Layout | undefined },
): AircrateError {
  const lacks = vendor === undefined ? "the store lacks" : `the store and ${vendor.file} lack`;
  return new AircrateError("refused", FILE_IS_MISSING, {
    where,
    reason: `${lacks} ${checksum}, ${shownAddress(url)}`,
    hint: [
      "build once without --offline; the file stays in the store",
      "without a network: aircrate vendor on a machine that has one, here aircrate build --offline --vendor FILE",
    ],
  });
}

/** Contents are taken from the blob as they are, so what is in the store is looked through before. */
async function isRight(store: Store, pool: WorkPool, { digest, size }: Received): Promise<boolean> {
  try {
    const segments = [{ file: blobFile(store, digest), offset: 0, size }];
    const { sha256 } = await digestStream(pool, shareSegments(segments));
    if (`sha256:${sha256}` === digest) return true;
  } catch (error) {
    // Pruned meanwhile.
    if (error instanceof FileChangedError) return false;
    throw error;
  }
  await quarantineBlob(store, digest);
  return false;
}
