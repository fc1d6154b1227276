import { nameOfKind } from "../../lib/keys/signature.ts";
import type { BuildReport, ReportImage } from "../../spec/report.ts";
import { bytes, excerpt, launchOrderText, table } from "./text.ts";

/** The report after a build. */
export function renderReport(report: BuildReport): string {
  const { app } = report;
  const title = app === undefined ? report.format : `${app.slug} ${app.version} for ${app.deviceTypes.join(", ")}`;
  const parts = [`${title} (${report.platform})\n`, ...report.images.map(renderImage)];
  if (app !== undefined) parts.push(`launch order: ${launchOrderText(app.launchOrder)}\n`);
  parts.push(renderTotals(report));
  return parts.join("\n");
}

function renderImage(image: ReportImage): string {
  const name = image.service ?? image.tags[0] ?? "image";
  const rows = image.layers.map(({ diffId, size, shared, source, origin }) => [
    "",
    bytes(size),
    shared ? "shared" : "own",
    source,
    diffId.slice("sha256:".length, "sha256:".length + 12),
    excerpt(origin, 60),
  ]);
  const tags = image.service === undefined ? "" : `  ${image.tags.join(", ")}`;
  return `${name}${tags}\n${table(rows, [1])}`;
}

function renderTotals(report: BuildReport): string {
  const { images, layersSize, apartSize, file, size, signature, stages } = report;
  const count = images.length === 1 ? "1 image" : `${images.length} images`;
  const saved = layersSize < apartSize ? `${count}: ${bytes(apartSize)} apart, ${bytes(layersSize)} together\n` : "";
  const seconds = (stages.at(-1)?.end ?? 0) / 1000;
  const signed = signature === undefined ? "" : `  signed with ${nameOfKind(signature)}`;
  return `${saved}${file}  ${bytes(size)}${signed}  in ${seconds.toFixed(2)} s\n`;
}
