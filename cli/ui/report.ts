import { nameOfKind } from "../../lib/keys/signature.ts";
import type { LocalBuildReport } from "../../spec/local-reports.ts";
import type { BuildReport, ReportImage, ReportLayer } from "../../spec/report.ts";
import type { ThickenReport } from "../../spec/thicken-report.ts";
import { bytes, counted, excerpt, launchOrderText, shortDigest, table } from "./text.ts";

/** The report after a build. */
export function renderReport(report: BuildReport): string {
  const { app } = report;
  const title = app === undefined ? report.format : `${app.slug} ${app.version} for ${app.deviceTypes.join(", ")}`;
  const parts = [`${title} (${report.platform})\n`, ...report.images.map(renderImage)];
  if (app !== undefined) parts.push(`launch order: ${launchOrderText(app.launchOrder)}\n`);
  if (report.localImages.length > 0) parts.push(renderLocalImages(report.localImages));
  parts.push(renderTotals(report));
  return parts.join("\n");
}

/** The report after `image build`. */
export function renderLocalBuild(report: LocalBuildReport): string {
  const { tags, platform, localImages, configDigest, manifestDigest, size, stages } = report;
  return [
    `${tags.join(", ")} (${platform})\n`,
    renderLayers(report.layers),
    ...(localImages.length > 0 ? [renderLocalImages(localImages)] : []),
    table([
      ["config", configDigest],
      ["manifest", manifestDigest],
    ]),
    `${bytes(size)} in ${seconds(stages)}\n`,
  ].join("\n");
}

function renderLocalImages(images: BuildReport["localImages"]): string {
  const rows = images.map(({ reference, manifest }) => ["", reference, manifest]);
  return `local images, which other machines do not have\n${table(rows)}`;
}

function renderImage(image: ReportImage): string {
  const name = image.service ?? image.tags[0] ?? "image";
  const tags = image.service === undefined ? "" : `  ${image.tags.join(", ")}`;
  return `${name}${tags}\n${renderLayers(image.layers)}`;
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

function renderTotals(report: BuildReport): string {
  const { images, layersSize, apartSize, file, size, signature, stages } = report;
  const saved =
    layersSize < apartSize
      ? `${counted(images.length, "image")}: ${bytes(apartSize)} apart, ${bytes(layersSize)} together\n`
      : "";
  const short = report.thin === undefined ? "" : renderThin(report.thin);
  const signed = signature === undefined ? "" : `  signed with ${nameOfKind(signature)}`;
  return `${saved}${short}${file}  ${bytes(size)}${signed}  in ${seconds(stages)}\n`;
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
