import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { AircrateError } from "../error.ts";
import { createRelief } from "../workers/memory.ts";

/** All documents that are kept at a time. */
const MAX_DOCUMENTS = 64 * 1024 * 1024;
/** Members of all archives of a file together. */
const MAX_MEMBERS = 100_000;
/** Bytes that a file may unpack to, over all levels. */
const MAX_UNPACKED = 256 * 1024 ** 3;

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
}

/** @param maxUnpacked bytes that the file may unpack to, over all levels */
export function createBudget(file: string, maxUnpacked = MAX_UNPACKED): Budget {
  const relieve = createRelief();
  let unpacked = 0;
  let kept = 0;
  let members = 0;
  const refuse = (what: string) => new AircrateError("input", what, { where: file, reason: "no real package does" });
  return {
    pass: relieve,
    unpack(size) {
      relieve(size);
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
  };
}
