import type { PlanDocument, PlanImage } from "../../spec/plan.ts";
import { excerpt, launchOrderText, table } from "./text.ts";

export function renderPlan(plan: PlanDocument): string {
  const { app } = plan;
  const title = app === undefined ? plan.project : `${app.slug} ${app.version} for ${app.deviceTypes.join(", ")}`;
  const outputs = plan.outputs.map(({ service, image, tags, dependsOn }) => [
    "",
    service ?? image,
    tags.join(", "),
    dependsOn.length === 0 ? "" : `after ${dependsOn.join(", ")}`,
  ]);
  const parts = [
    app === undefined
      ? `${title} (${plan.platform})\n`
      : `${title} (${plan.platform}, API version ${app.apiVersion})\n`,
    `images\n${plan.images.map(renderImage).join("")}`,
    `${app === undefined ? "archive" : "services"}\n${table(outputs)}`,
  ];
  if (app !== undefined) parts.push(`launch order: ${launchOrderText(app.launchOrder)}\n`);
  if (plan.cache !== undefined) parts.push(`layer cache: ${plan.cache}\n`);
  return parts.join("\n");
}

function renderImage({ name, where, made, sources, from, steps }: PlanImage): string {
  const how = made === "pull" ? "pulled" : made === "local" ? "local image" : `from ${from}`;
  const asked = sources === undefined ? [] : [`    asks ${sources.join(", then ")}`];
  const lines = [`  ${name}  ${how}  (${where})`, ...asked, ...steps.map((step) => `    ${excerpt(step, 100)}`)];
  return lines.map((line) => `${line}\n`).join("");
}
