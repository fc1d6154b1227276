import { nameOfKind } from "../../lib/keys/signature.ts";
import { familiarReference, parseReference } from "../../lib/reference.ts";
import type { LocalBuildReport } from "../../spec/local-reports.ts";
import type { BuildReport, ReportImage, ReportLayer, ReportSource, SourceTotal } from "../../spec/report.ts";
import type { ThickenReport } from "../../spec/thicken-report.ts";
import { bytes, counted, excerpt, launchOrderText, shortDigest, table } from "./text.ts";

/** The report after a build. @param options `verbose`: with every layer of each image */
export function renderReport(report: BuildReport, { verbose }: { verbose: boolean }): string {
  const { app } = report;
  const title = app === undefined ? report.format : `${app.slug} ${app.version} for ${app.deviceTypes.join(", ")}`;
  return [
    `${title} (${report.platform})\n`,
    ...(verbose ? report.images.map(renderImage) : []),
    `${renderSharing(report)}${renderSaved(report)}`,
    ...(report.localImages.length > 0 ? [renderLocalImages(report.localImages)] : []),
    renderMaking(report),
    renderFile(report),
  ].join("\n");
}

/** A row for each service, or image: what of it is its own, what it shares, and what the file has for its sake alone. */
function renderSharing({ images, shared }: BuildReport): string {
  const rows = images.map((image) => {
    const count = image.layers.filter((layer) => layer.shared).length;
    const own = amount(image.layers.length - count, image.ownSize);
    return [excerpt(nameOf(image), 40), ...own, ...amount(count, image.sharedSize), bytes(image.addedSize)];
  });
  if (shared.count > 0)
    rows.push(["shared, once", "", "", ...amount(shared.count, shared.size), bytes(shared.addedSize)]);
  const added = images.reduce((sum, { addedSize }) => sum + addedSize, shared.addedSize);
  const header = [nounOf(images), "own", "", "shared", "", "adds to file"];
  return table([header, ...rows, ["total", "", "", "", "", bytes(added)]], [1, 2, 3, 4, 5]);
}

function amount(count: number, size: number): [count: string, size: string] {
  return count === 0 ? ["", ""] : [String(count), bytes(size)];
}

function renderSaved({ images, apartSize, layersSize }: BuildReport): string {
  if (layersSize >= apartSize) return "";
  return `${counted(images.length, nounOf(images))}, ${bytes(apartSize)} apart, ${bytes(layersSize)} together\n`;
}

/** In which order the services start, where the layers come from, and how long it took. */
function renderMaking({ app, sources, stages }: BuildReport): string {
  const launch = app === undefined ? "" : `launch order: ${launchOrderText(app.launchOrder)}\n`;
  return `${launch}${renderSources(sources)}${renderStages(stages)}`;
}

const SOURCES: Readonly<Record<ReportSource, string>> = {
  pulled: "pulled",
  packed: "packed",
  cache: "from the shared cache",
  store: "from the store",
};

function renderSources(sources: readonly SourceTotal[]): string {
  const parts = sources.map(({ source, count, size }) => `${count} ${SOURCES[source]} (${bytes(size)})`);
  return parts.length === 0 ? "" : `layers: ${parts.join(", ")}\n`;
}

function renderStages(stages: BuildReport["stages"]): string {
  const times = stages.map(({ name, start, end }) => `${name} ${((end - start) / 1000).toFixed(1)} s`);
  return `time: ${times.join(", ")}\n`;
}

function nounOf(images: readonly ReportImage[]): string {
  return images.every(isService) ? "service" : "image";
}

function isService({ service }: ReportImage): boolean {
  return service !== undefined;
}

function nameOf({ service, tags: [tag] }: ReportImage): string {
  return service ?? (tag === undefined ? "image" : familiarReference(parseReference(tag)));
}

/** The report after `image build`. */
export function renderLocalBuild(report: LocalBuildReport): string {
  const { tags, platform, localImages, configDigest, manifestDigest, size, sources, stages } = report;
  return [
    `${tags.join(", ")} (${platform})\n`,
    renderLayers(report.layers),
    ...(localImages.length > 0 ? [renderLocalImages(localImages)] : []),
    table([
      ["config", configDigest],
      ["manifest", manifestDigest],
    ]),
    `${renderSources(sources)}${renderStages(stages)}`,
    `${bytes(size)} in ${seconds(stages)}\n`,
  ].join("\n");
}

function renderLocalImages(images: BuildReport["localImages"]): string {
  const rows = images.map(({ reference, manifest }) => ["", reference, manifest]);
  return `local images, which other machines do not have\n${table(rows)}`;
}

function renderImage(image: ReportImage): string {
  const tags = isService(image) ? `  ${image.tags.join(", ")}` : "";
  return `${nameOf(image)}${tags}\n${renderLayers(image.layers)}`;
}

function renderLayers(layers: readonly ReportLayer[]): string {
  const rows = layers.map(({ diffId, size, shared, source, origin, thin }) => [
    ...(thin === undefined ? [""] : ["", thin.inFile ? "in" : "out"]),
    bytes(size),
    shared ? "shared" : "own",
    source,
    shortDigest(diffId),
    excerpt(origin, 60),
    ...(thin === undefined ? [] : [thin.why]),
  ]);
  return table(rows, [layers[0]?.thin === undefined ? 1 : 2]);
}

function renderFile({ file, size, signature, stages, thin }: BuildReport): string {
  const short = thin === undefined ? "" : renderThin(thin);
  const signed = signature === undefined ? "" : `  signed with ${nameOfKind(signature)}`;
  return `${short}${file}  ${bytes(size)}${signed}  in ${seconds(stages)}\n`;
}

function seconds(stages: BuildReport["stages"]): string {
  return `${((stages.at(-1)?.end ?? 0) / 1000).toFixed(2)} s`;
}

function renderThin({ fullSize, fullSha256, leftOutSize, since }: NonNullable<BuildReport["thin"]>): string {
  const onto = since.length === 0 ? "" : `; goes onto version ${since.join(" or ")} only`;
  return `thin: without ${bytes(leftOutSize)} of layers${onto}; in full ${bytes(fullSize)}, sha256 ${fullSha256}\n`;
}

/** One line for a file that was given back in full. */
export function renderThickened({ file, size, sha256, added }: ThickenReport): string {
  const sum = added.reduce((total, layer) => total + layer.size, 0);
  return `${file}  ${bytes(size)}, with ${counted(added.length, "layer")} of ${bytes(sum)} that were left out; sha256 ${sha256}\n`;
}
