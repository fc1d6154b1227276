import { decodeJson, SpecError } from "../../spec/decode.ts";
import type { Finding } from "../../spec/inspection.ts";
import { Lock } from "../../spec/lock.ts";
import type { ImportedRemoteFile } from "../../spec/store-reports.ts";
import { compareBytes } from "../bytes.ts";
import type { ArchiveScan, Member } from "../inspect/archive.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { blobName } from "../inspect/lookup.ts";
import type { FileScan } from "../inspect/scan.ts";
import { receive } from "../remote/receive.ts";
import type { Store } from "../store/layout.ts";
import { findFile, recordFetchedFile } from "../store/records.ts";
import { VENDORED_LOCK } from "../vendor/compose.ts";
import { type LayerContent, readSegment } from "./layer.ts";
import { visitMembers } from "./members.ts";

/** The remote files of an image layout, by the members that hold them, and what is wrong with them. */
export interface SelectedFiles {
  readonly members: ReadonlySet<Member>;
  readonly faults: readonly Finding[];
}

/** Finds the remote files in a layout that `aircrate vendor` wrote. Nothing but the lock in it tells which blobs they are. */
export function selectFiles(archive: ArchiveScan): SelectedFiles {
  const members = new Set<Member>();
  const faults: Finding[] = [];
  const document = archive.members.get(VENDORED_LOCK)?.blob?.document;
  for (const [digest, { size }] of Object.entries(document === undefined ? {} : filesOf(document, faults))) {
    const member = archive.members.get(blobName(digest));
    if (member?.blob === undefined) faults.push({ where: VENDORED_LOCK, message: `${digest} is not in the file` });
    else if (member.size !== size) {
      const message = `${digest} has ${member.size} bytes, and ${size} are locked`;
      faults.push({ where: VENDORED_LOCK, message });
    } else members.add(member);
  }
  return { members, faults };
}

function filesOf(document: Uint8Array, faults: Finding[]): NonNullable<Lock["files"]> {
  try {
    return decodeJson(Lock, document).files ?? {};
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    faults.push({ where: VENDORED_LOCK, message: "is malformed" });
    return {};
  }
}

/** Takes them into the store, each checked against its digest. @throws AircrateError integrity, unreachable (the store) */
export async function takeFiles(
  { members }: SelectedFiles,
  { scan, archive, store, signal }: ReadOptions & { scan: FileScan; archive: ArchiveScan; store: Store },
): Promise<ImportedRemoteFile[]> {
  const taken: ImportedRemoteFile[] = [];
  const wanted = new Set<Member>();
  for (const member of members) {
    const { digest } = member.blob!;
    if ((await findFile(store, digest)) === undefined) wanted.add(member);
    else taken.push({ digest, size: member.size, known: true });
  }
  await visitMembers(scan, archive, {
    ...{ wanted, signal },
    async visit({ name, size, blob }, content) {
      const { digest } = blob!;
      const from = `${scan.file}: ${name}`;
      const offer = {
        chunks: chunksOf(content, signal),
        announced: size,
        from,
        hint: "it changed meanwhile: import it again",
      };
      await receive(store, offer, { checksum: digest, where: from, maxSize: size, onEvent: () => {} });
      await recordFetchedFile(store, { version: 1, digest, size });
      taken.push({ digest, size, known: false });
    },
  });
  return taken.sort((a, b) => compareBytes(a.digest, b.digest));
}

async function* chunksOf(content: LayerContent, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
  if ("chunks" in content) yield* content.chunks;
  else if (content.segment.size > 0) yield* readSegment(content.segment, signal);
}
