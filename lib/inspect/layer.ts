import path from "node:path";
import { createTarParser, type FoundEntry, TarFormatError } from "../tar/parser.ts";
import { createEntryList, type LayerContents, type ListRoom } from "../unpack/entry-list.ts";

/** What matters to a container engine in the plain tar of a layer. */
export interface LayerFacts {
  readonly entries: number;
  /** Why the tar file cannot be read. */
  readonly fault?: string;
  /** Paths that occur twice, the first few: Docker refuses such a layer ("duplicates of file paths not supported"). */
  readonly duplicates: readonly string[];
  /** Hard links to what does not stand before them in the same layer, the first few: they cannot be unpacked. */
  readonly brokenLinks: readonly string[];
  /** Whether there were more entries than are looked at for the two lists. */
  readonly partial: boolean;
  /** What is in it, when that is wanted. */
  readonly contents?: LayerContents;
}

/** Looks at a layer while it streams by. */
export interface LayerReader {
  write(chunk: Uint8Array): void;
  finish(): LayerFacts;
}

const MAX_NAMED = 5;
const MAX_PATHS = 1_000_000;

/** @param room for the list of what is in the layer; without it there is none */
export function createLayerReader(room?: ListRoom): LayerReader {
  const parser = createTarParser();
  const list = room && createEntryList(room);
  const paths = new Set<string>();
  const duplicates: string[] = [];
  const brokenLinks: string[] = [];
  let entries = 0;
  let size = 0;
  let fault: string | undefined;

  function add(entry: FoundEntry): void {
    entries += 1;
    if (entries > MAX_PATHS) return;
    const name = cleanName(entry.path);
    if (entry.type === "hardlink" && !paths.has(cleanName(entry.link)) && brokenLinks.length < MAX_NAMED) {
      brokenLinks.push(name);
    }
    if (paths.has(name) && duplicates.length < MAX_NAMED) duplicates.push(name);
    paths.add(name);
  }

  function attempt(step: () => void): void {
    if (fault !== undefined) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      fault = error.message;
      paths.clear();
    }
  }

  return {
    write(chunk) {
      size += chunk.length;
      attempt(() => {
        for (const event of parser.feed(chunk)) {
          if (event.kind === "entry") add(event.entry);
          list?.see(event);
        }
      });
    },
    finish() {
      // Docker takes no bytes at all for a layer without entries.
      if (size > 0) attempt(() => parser.finish());
      const partial = entries > MAX_PATHS;
      return {
        ...{ entries, duplicates, brokenLinks, partial },
        ...(fault !== undefined && { fault }),
        ...(list !== undefined && { contents: list.finish(fault) }),
      };
    },
  };
}

/** As Docker compares them: without `.`, `..` and doubled slashes. */
function cleanName(name: string): string {
  const clean = path.posix.normalize(name);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}
