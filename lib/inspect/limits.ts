import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { AircrateError } from "../error.ts";
import type { ListRoom } from "../unpack/entry-list.ts";
import { createRelief } from "../workers/memory.ts";

/** All documents that are kept at a time. */
const MAX_DOCUMENTS = 64 * 1024 * 1024;
/** Members of all archives of a file together. */
const MAX_MEMBERS = 100_000;
const MAX_UNPACKED = 256 * 1024 ** 3;
/** Memory for the lists of what is in layers, about: half a million files with usual names. */
const MAX_LISTS = 200 * 1024 * 1024;

export interface BudgetOptions {
  /** Bytes that the file may unpack to, over all levels. */
  readonly maxUnpacked?: number | undefined;
  /** Lists what is in layers. */
  readonly lists?: boolean;
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** What a file may cost, whatever it says about itself. */
export interface Budget {
  /** Is told of bytes that were read from the file and will be dropped. */
  pass(size: number): void;
  /** Counts bytes that were unpacked. @throws AircrateError input */
  unpack(size: number): void;
  /** Whether a document of this size may be kept. */
  keep(size: number): boolean;
  /** Counts a member of an archive. @throws AircrateError input */
  addMember(): void;
  /** Room for the lists of what is in layers; absent when nobody wants them. */
  readonly lists?: ListRoom;
}

export function createBudget(file: string, options: BudgetOptions = {}): Budget {
  const { maxUnpacked = MAX_UNPACKED, lists = false, signal } = options;
  const relieve = createRelief();
  let unpacked = 0;
  let kept = 0;
  let members = 0;
  const refuse = (what: string) => new AircrateError("input", what, { where: file, reason: "no real package does" });
  const drop = (size: number) => {
    signal?.throwIfAborted();
    relieve(size);
  };
  return {
    pass: drop,
    unpack(size) {
      drop(size);
      unpacked += size;
      if (unpacked > maxUnpacked) throw refuse(`it unpacks to more than ${maxUnpacked} bytes`);
    },
    keep(size) {
      if (size > MAX_DOCUMENT || kept + size > MAX_DOCUMENTS) return false;
      kept += size;
      return true;
    },
    addMember() {
      members += 1;
      if (members > MAX_MEMBERS) throw refuse(`it holds more than ${MAX_MEMBERS} members`);
    },
    ...(lists && { lists: createListRoom() }),
  };
}

function createListRoom(): ListRoom {
  let left = MAX_LISTS;
  return {
    take(size) {
      left -= size;
      return left >= 0;
    },
  };
}
