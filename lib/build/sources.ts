import path from "node:path";
import type { AddStep } from "../dockerfile/types.ts";
import type { CopySource } from "../image/copy.ts";
import type { SourceTree, TreeItem } from "../tree/source.ts";
import type { Openers, RemoteFile } from "./make.ts";

/** What ADD copies: of files of the context those that are archives are unpacked, one that is fetched only when asked. */
export async function addSources(step: AddStep, context: SourceTree, open: Openers): Promise<CopySource[]> {
  const { sources, checksum, unpack, where } = step;
  const found: CopySource[] = [];
  for (const source of sources) {
    if (checksum !== undefined)
      found.push(await remoteSource({ url: source, checksum, unpack: unpack ?? false }, where, open));
    else if (unpack === false) found.push({ tree: context, pattern: source });
    else found.push(...(await localSources(source, { context, where, open })));
  }
  return found;
}

interface LocalContext {
  readonly context: SourceTree;
  readonly where: string;
  readonly open: Openers;
}

async function localSources(source: string, { context, where, open }: LocalContext): Promise<CopySource[]> {
  const found: CopySource[] = [];
  for (const item of context.select(source, where)) {
    const { content } = item;
    const file = content !== undefined && "file" in content ? content.file : undefined;
    if (file !== undefined && (await open.isArchive(file, where))) {
      found.push({
        archive: item.path,
        items: await open.archive(file, path.posix.join(context.name, item.path), where),
      });
    } else {
      found.push({ tree: { ...context, select: () => [item] }, pattern: item.path });
    }
  }
  return found;
}

/** A file that is fetched, to be copied or to be unpacked. */
export async function remoteSource(
  { url, checksum, unpack }: { readonly url: string; readonly checksum: string; readonly unpack: boolean },
  where: string,
  open: Openers,
): Promise<CopySource> {
  const remote = await open.remote(url, checksum, where);
  if (unpack) return { archive: remote.name, items: await open.archive(remote.file, remote.name, where) };
  const item = remoteItem(remote);
  return { tree: { name: remote.name, select: () => [item], walk: () => [] }, pattern: item.path };
}

/** Mode 0600, as Docker gives to what it fetches (Dockerfile reference, "Adding files from a remote URL"). */
function remoteItem({ file, size, name }: RemoteFile): TreeItem {
  const item = { path: name, real: name, kind: "file", mode: 0o600, uid: 0, gid: 0 } as const;
  return size === 0 ? item : { ...item, content: { file, offset: 0, size } };
}
