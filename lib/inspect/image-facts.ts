import type { InspectedConfig, InspectedImage, InspectedLayer } from "../../spec/inspection.ts";
import type { HistoryEntry, ImageConfig } from "../../spec/oci-config.ts";
import type { ArchiveScan, Member } from "./archive.ts";
import type { FoundImage, FoundLayer } from "./images.ts";

/**
 * The images as `inspect` shows them, with what each layer is shared with.
 *
 * @param leftOut who has the layers that are left out of the archive, by diffID
 */
export function describeImages(
  archive: ArchiveScan,
  images: readonly FoundImage[],
  leftOut: ReadonlyMap<string, string> = new Map(),
): InspectedImage[] {
  const users = usersOfLayers(images);
  const packed = packedRanges(archive);
  return images.map((image, index) => {
    const made = image.config.value.history?.filter(({ empty_layer }) => empty_layer !== true) ?? [];
    const layers = image.layers.map((layer, i) =>
      describeLayer(layer, {
        others: (users.get(layerKey(layer)) ?? []).filter((other) => other !== index),
        // A history that does not tell of every layer cannot be matched with them.
        history: made.length === image.layers.length ? made[i] : undefined,
        packed: layer.member && packed(layer.member),
        from: leftOut.get(layer.diffId ?? ""),
      }),
    );
    return { ...describeConfig(image), layers, ...sizesOf(layers) };
  });
}

/** Images by layer. */
function usersOfLayers(images: readonly FoundImage[]): Map<string, number[]> {
  const users = new Map<string, number[]>();
  for (const [index, { layers }] of images.entries()) {
    for (const key of new Set(layers.map(layerKey))) {
      const known = users.get(key);
      if (known === undefined) users.set(key, [index]);
      else known.push(index);
    }
  }
  return users;
}

/** Layers are the same when their plain content is; a name has to do where nothing else is known. */
function layerKey({ diffId, member, path }: FoundLayer): string {
  return diffId ?? member?.blob?.diffId ?? member?.name ?? path ?? "";
}

interface LayerContext {
  readonly others: readonly number[];
  readonly history: HistoryEntry | undefined;
  readonly packed: PackedRange | undefined;
  readonly from: string | undefined;
}

function describeLayer(layer: FoundLayer, { others, history, packed, from }: LayerContext): InspectedLayer {
  const { member } = layer;
  const blob = member?.blob;
  const diffId = layer.diffId ?? blob?.diffId;
  return {
    ...(diffId !== undefined && { diffId }),
    ...(blob !== undefined && { digest: blob.digest }),
    ...(member !== undefined ? { path: member.name } : layer.path !== undefined && { path: layer.path }),
    ...(blob !== undefined && { encoding: blob.encoding }),
    ...(member !== undefined && { size: member.size }),
    ...(blob?.plainSize !== undefined && { plainSize: blob.plainSize }),
    ...(packed !== undefined && { packedSize: packed.end - packed.start }),
    ...(history?.created_by !== undefined && { createdBy: history.created_by }),
    shared: others.length > 0,
    sharedWith: [...others],
    ...(member === undefined && { missing: true as const, ...(from !== undefined && { from }) }),
  };
}

function sizesOf(layers: readonly InspectedLayer[]): Pick<InspectedImage, "ownSize" | "sharedSize"> {
  const once = new Map(layers.map((layer) => [layer.path ?? layer, layer]));
  let ownSize = 0;
  let sharedSize = 0;
  for (const { size = 0, shared } of once.values()) {
    if (shared) sharedSize += size;
    else ownSize += size;
  }
  return { ownSize, sharedSize };
}

function describeConfig({
  tags,
  config,
  manifests,
}: FoundImage): Omit<InspectedImage, "layers" | "ownSize" | "sharedSize"> {
  const { value, member } = config;
  const { os, architecture, variant, created } = value;
  const manifestDigest = manifests[0]?.entry.digest;
  return {
    tags: [...tags],
    ...(member?.blob !== undefined && { configDigest: member.blob.digest }),
    ...(manifestDigest !== undefined && { manifestDigest }),
    ...(os !== undefined &&
      architecture !== undefined && {
        platform: { os, architecture, ...(variant !== undefined && { variant }) },
      }),
    ...(created !== undefined && { created }),
    ...(value.config !== undefined && value.config !== null && { config: describeRun(value.config) }),
  };
}

function describeRun(config: NonNullable<ImageConfig["config"]>): InspectedConfig {
  const { Entrypoint, Cmd, Env, User, WorkingDir, ExposedPorts, Volumes, Labels, StopSignal } = config;
  return {
    ...(Entrypoint && { entrypoint: Entrypoint }),
    ...(Cmd && { cmd: Cmd }),
    env: Env ?? [],
    ...(User && { user: User }),
    ...(WorkingDir && { workdir: WorkingDir }),
    ports: Object.keys(ExposedPorts ?? {}),
    volumes: Object.keys(Volumes ?? {}),
    labels: Labels ?? {},
    ...(StopSignal && { stopSignal: StopSignal }),
  };
}

/** The place of a member's packed bytes in the packed archive; `end` is exclusive. */
export interface PackedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Where a member is in a gzip file that was joined of packed pieces: it is known where the content begins and ends on
 * the boundary of a gzip member.
 */
export function packedRanges({ boundaries }: ArchiveScan): (member: Member) => PackedRange | undefined {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const { plain, packed } of boundaries) {
    if (!first.has(plain)) first.set(plain, packed);
    last.set(plain, packed);
  }
  return ({ start: place, size }) => {
    if (place === undefined || size === 0) return undefined;
    const start = last.get(place);
    const end = first.get(place + size);
    return start === undefined || end === undefined ? undefined : { start, end };
  };
}
