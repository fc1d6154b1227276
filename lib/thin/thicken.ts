import type { LayerRecord } from "../../spec/store.ts";
import type { ThickenReport } from "../../spec/thicken-report.ts";
import type { ThinLayer, ThinRecord } from "../../spec/thin.ts";
import { abortable } from "../abort.ts";
import { type Archive, composeArchive } from "../archive/compose.ts";
import { createImageGzip } from "../archive/image-gzip.ts";
import type { Piece } from "../archive/pieces.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import { type FoundFile, type ReadOptions, readFinished } from "../inspect/inspect.ts";
import { type ArtifactContent, digestArtifact, writeArtifact } from "../mender/write.ts";
import { openStore, type Store } from "../store/layout.ts";
import { takeLease } from "../store/lease.ts";
import { shareSegments } from "../tar/shared.ts";
import { createWorkPool, type WorkPool } from "../workers/pool.ts";
import { collectLayers, findExactLayer } from "./collect.ts";
import { headerOf, imagesOf, payloadWith, requireRead } from "./content.ts";

export interface ThickenOptions {
  /** Folder of the blob store: what it has needs not be in the files. */
  readonly store: string;
  /** Files that hold what was left out: packages, docker-archives, OCI image layouts. */
  readonly with: readonly string[];
  /** File to write; default: the name without `-thin`, else with `-full`. */
  readonly output?: string;
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

/**
 * Gives back the full artifact that a thin one stands for, byte for byte. Nothing is written before its digest was
 * compared with the one that the thin artifact has on record.
 *
 * @throws AircrateError unreachable: a file cannot be read or written; input: the file is not thin, or the layers that it
 *   leaves out are in none of the others; integrity: a file is damaged, or the full artifact would be another one
 */
export async function thicken(file: string, options: ThickenOptions): Promise<ThickenReport> {
  const { signal } = options;
  const pool = createWorkPool();
  const task = async () => {
    const store = await openStore(options.store);
    const giveBack = await takeLease(store);
    try {
      return await thickenWith({ store, pool, signal, onEvent: options.onEvent }, file, options);
    } finally {
      await Promise.all([pool.close(), giveBack()]);
    }
  };
  return abortable(signal, task, () => void pool.close());
}

interface Context extends ReadOptions {
  readonly store: Store;
  readonly pool: WorkPool;
  readonly onEvent: OnEvent | undefined;
}

async function thickenWith(
  context: Context,
  file: string,
  { with: others, output }: ThickenOptions,
): Promise<ThickenReport> {
  const { signal } = context;
  const found = await read(context, file);
  const record = recordOf(found);
  const layers = await gather(found, record, { ...context, others });
  const pack = await createImageGzip(context.store, record.imageGzip ?? "members", [{ layers: [...layers.values()] }]);
  const content = contentOf(found, layers, { ...context, pack, signal });
  const digest = await digestArtifact(context.store, content);
  if (digest.sha256 !== record.full.sha256 || digest.size !== record.full.size) {
    throw new AircrateError("integrity", "the full file would not be the one that was built", {
      where: file,
      reason: [
        `built were ${record.full.size} bytes, sha256 ${record.full.sha256}`,
        `this gives ${digest.size} bytes, sha256 ${digest.sha256}`,
      ],
      hint: "the thin file was changed, or another version of aircrate built it; aircrate verify tells which",
    });
  }
  const target = output ?? defaultName(file);
  await writeArtifact(target, context.store, content);
  const added = record.layers.filter(({ from }) => from !== undefined);
  return {
    version: 1,
    ...{ file: target, size: digest.size, sha256: digest.sha256 },
    added: added.map(({ diffId, digest, size }) => ({ diffId, digest, size })),
  };
}

function read({ onEvent, signal }: Context, file: string): Promise<FoundFile> {
  return inStep(onEvent, { work: "read", name: file }, () => readFinished(file, { signal }));
}

function recordOf({ inspection: { file }, header, scan }: FoundFile): ThinRecord {
  if (header?.thin === undefined) {
    throw new AircrateError("input", "is not thin", {
      where: file,
      reason: "artifact" in scan ? "nothing is left out of it by aircrate build --thin or --since" : "it is no package",
    });
  }
  return requireRead(header.thin, file);
}

/** Gets all layers into the store, in the form in which the full artifact has them. */
async function gather(
  found: FoundFile,
  { layers }: ThinRecord,
  { others, ...context }: Context & { others: readonly string[] },
): Promise<ReadonlyMap<Digest, LayerRecord>> {
  const known = new Map<Digest, LayerRecord>();
  const lookUp = async () => {
    const missing: ThinLayer[] = [];
    for (const layer of layers) {
      const record = known.get(layer.diffId) ?? (await findExactLayer(context.store, layer));
      if (record === undefined) missing.push(layer);
      else known.set(layer.diffId, record);
    }
    return missing;
  };
  let missing = await lookUp();
  const sources = [() => Promise.resolve(found), ...others.map((file) => () => read(context, file))];
  for (const source of sources) {
    if (missing.length === 0) break;
    const { onEvent, ...how } = context;
    const one = await source();
    const step = { work: "unpack", name: one.inspection.file } as const;
    await inStep(onEvent, step, () => collectLayers(one, missing, how));
    missing = await lookUp();
  }
  if (missing.length === 0) return known;
  throw new AircrateError("input", "layers are in none of the files", {
    where: found.inspection.file,
    reason: missing.map(({ diffId, digest, size, from }) => {
      const whose = from === undefined ? "the file itself should have it" : `left out since it is in ${from}`;
      return `${diffId}, packed as ${digest} (${size} bytes): ${whose}`;
    }),
    hint: [
      "give the files that have them by --with: the full package of that version, or the base image",
      "a file that was packed anew has other bytes: take the one that was built, or a copy that keeps the registry's layers",
    ],
  });
}

function contentOf(
  found: FoundFile,
  layers: ReadonlyMap<Digest, LayerRecord>,
  {
    pack,
    pool,
    ...rest
  }: Pick<Context, "pool" | "onEvent"> & { pack: (archive: Archive) => Piece[]; signal: AbortSignal | undefined },
): ArtifactContent {
  const archive = composeArchive(imagesOf(found, layers), "docker-archive", "plain");
  return {
    ...{ header: headerOf(found), payload: payloadWith(found, pack(archive)) },
    digest: (segments) => pool.run({ kind: "digest", stream: shareSegments(segments) }),
    ...rest,
  };
}

function defaultName(file: string): string {
  const [, stem = file, thin, suffix = ""] = /^(.*?)(-thin)?(\.[^./\\]+)?$/s.exec(file) ?? [];
  return `${stem}${thin === undefined ? "-full" : ""}${suffix}`;
}
