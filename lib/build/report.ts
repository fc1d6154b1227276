import type { SignatureKind } from "../../spec/mender.ts";
import type { BuildReport, ReportCache, ReportImage, ReportLayer, SourceTotal } from "../../spec/report.ts";
import type { Archive, ArchiveImage, ArchiveImageIds } from "../archive/compose.ts";
import type { Digest } from "../digest.ts";
import { type BuildEvent, createWarnings } from "../events.ts";
import type { Image, LayerSource } from "../image/image.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { formatPlatform } from "../platform.ts";
import type { Thinned } from "./thin.ts";

export interface Finished {
  readonly file: string;
  readonly format: BuildReport["format"];
  readonly size: number;
  readonly payload: BuildReport["payload"];
  readonly signature?: SignatureKind;
  readonly archive: Archive;
  readonly thinned?: Thinned;
  readonly images: ReadonlyMap<string, Image>;
  readonly finished: readonly ArchiveImage[];
  readonly stages: BuildReport["stages"];
}

/** What is told of each image of the output. */
export interface FinishedImages extends Pick<Finished, "images" | "finished"> {
  /** In the order of the plan's outputs. */
  readonly ids: readonly ArchiveImageIds[];
}

export type Report = ReturnType<typeof createReport>;

/** Collects what a build reports. */
export function createReport(plan: BuildPlan) {
  const pulled = new Set<Digest>();
  const local = new Map<string, Digest>();
  const warnings = [...plan.warnings];
  let cache: ReportCache | undefined;
  const passedOver = createWarnings();

  async function imageReports({ images, finished, ids }: FinishedImages): Promise<ReportImage[]> {
    const users = countUsers(finished);
    const reports: ReportImage[] = [];
    for (const [i, { service, image }] of plan.outputs.entries()) {
      const layers: ReportLayer[] = [];
      for (const source of images.get(image)!.layers) layers.push(await layerReport(source, users, pulled));
      const { tags, configDigest, manifestDigest } = ids[i]!;
      reports.push({
        ...(service !== undefined && { service }),
        ...{ tags: [...tags], configDigest, manifestDigest, layers },
        ownSize: sizeOf(layers.filter(({ shared }) => !shared)),
        sharedSize: sizeOf(layers.filter(({ shared }) => shared)),
        addedSize: sizeOf(layers.filter(({ shared }) => !shared)),
      });
    }
    return reports;
  }

  /** What is told at the end, whatever was made. */
  function rest(): Pick<BuildReport, "localImages" | "cache" | "warnings"> {
    return {
      ...(cache !== undefined && { cache }),
      localImages: [...local].map(([reference, manifest]) => ({ reference, manifest })),
      warnings: [...warnings, ...passedOver.list()],
    };
  }

  return {
    imageReports,
    rest,
    event(event: BuildEvent): void {
      if (event.kind === "pull-end") pulled.add(event.stored);
      if (event.kind === "resolve" && event.from === "local") local.set(event.reference, event.manifest);
      passedOver.event(event);
    },
    warn(warning: string): void {
      warnings.push(warning);
    },
    cached(done: ReportCache): void {
      cache = done;
    },
    async finish(done: Finished): Promise<BuildReport> {
      const { file, format, size, payload, signature, archive, images, finished, stages, thinned } = done;
      const reports = (await imageReports({ images, finished, ids: archive.images })).map((image) =>
        thinned === undefined ? image : withPlacements(image, plan, thinned),
      );
      const unique = eachOnce(reports.flatMap(({ layers }) => layers));
      const shared = unique.filter((layer) => layer.shared);
      const { app } = plan;
      return {
        version: 1,
        ...{ file, format, size },
        platform: formatPlatform(plan.platform),
        ...(thinned !== undefined && { thin: thinReport(thinned) }),
        ...(app !== undefined && {
          app: {
            slug: app.slug,
            version: app.version,
            deviceTypes: [...app.deviceTypes],
            launchOrder: app.launchOrder.map((wave) => [...wave]),
          },
        }),
        images: reports,
        shared: { count: shared.length, size: sizeOf(shared), addedSize: sizeOf(shared.filter(isInFile)) },
        sources: sourceTotals(unique),
        layersSize: sizeOf(unique),
        apartSize: reports.reduce((sum, { layers }) => sum + sizeOf(layers), 0),
        ...(signature !== undefined && { signature }),
        ...{ payload, stages, ...rest() },
      };
    },
  };
}

function countUsers(images: readonly ArchiveImage[]): ReadonlyMap<Digest, number> {
  const users = new Map<Digest, number>();
  for (const { layers } of images) {
    for (const diffId of new Set(layers.map((layer) => layer.diffId))) users.set(diffId, (users.get(diffId) ?? 0) + 1);
  }
  return users;
}

async function layerReport(
  { origin, record }: LayerSource,
  users: ReadonlyMap<Digest, number>,
  pulled: ReadonlySet<Digest>,
): Promise<ReportLayer> {
  const layer = await record;
  const { diffId, digest, size, plainSize } = layer;
  const built = "source" in layer ? layer.source : "store";
  const source = built === "cache" ? built : pulled.has(digest) ? "pulled" : built;
  return { ...{ diffId, digest, size, plainSize, origin, source }, shared: (users.get(diffId) ?? 0) > 1 };
}

function thinReport({ record }: Thinned): BuildReport["thin"] {
  const { full, since, layers } = record;
  const leftOutSize = layers.reduce((sum, { from, size }) => sum + (from === undefined ? 0 : size), 0);
  return { fullSize: full.size, fullSha256: full.sha256, leftOutSize, since: [...since] };
}

function withPlacements(image: ReportImage, plan: BuildPlan, thinned: Thinned): ReportImage {
  const layers = image.layers.map((layer) => ({ ...layer, thin: thinLayer(layer.diffId, plan, thinned) }));
  return { ...image, layers, addedSize: sizeOf(layers.filter((layer) => !layer.shared && isInFile(layer))) };
}

/** Whether a thin file has a layer, and why. */
function thinLayer(diffId: Digest, plan: BuildPlan, { placements, record }: Thinned): NonNullable<ReportLayer["thin"]> {
  const placement = placements.get(diffId)!;
  if (placement.out)
    return { inFile: false, why: `on the device with ${record.layers.find((one) => one.diffId === diffId)!.from}` };
  const { why, state, image } = placement;
  const { service, image: name } = plan.outputs[image]!;
  return {
    inFile: true,
    why: why === "new" ? `not in ${state}` : `${state} has it on other layers than ${service ?? name}`,
  };
}

function eachOnce(layers: readonly ReportLayer[]): ReportLayer[] {
  return [...new Map(layers.map((layer) => [layer.diffId, layer])).values()];
}

function isInFile({ thin }: ReportLayer): boolean {
  return thin?.inFile !== false;
}

/** What came from where, each layer once, in the order in which the sources occur. */
export function sourceTotals(layers: readonly ReportLayer[]): SourceTotal[] {
  const totals = new Map<ReportLayer["source"], SourceTotal>();
  for (const { source, size } of eachOnce(layers)) {
    const total = totals.get(source) ?? { source, count: 0, size: 0 };
    totals.set(source, { source, count: total.count + 1, size: total.size + size });
  }
  return [...totals.values()];
}

function sizeOf(layers: readonly ReportLayer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}
