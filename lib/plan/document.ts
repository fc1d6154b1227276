import type { PlanDocument, PlanImage } from "../../spec/plan.ts";
import { formatPlatform } from "../platform.ts";
import type { Reference } from "../reference.ts";
import { mergeRegistries, placesOf, type Registries } from "../registry/mirrors.ts";
import { formatRepository } from "../registry/repository.ts";
import type { BuildPlan, PlannedImage } from "./plan.ts";

/**
 * A plan as a plain document.
 *
 * @param userRegistries what the user's own file says about registries
 */
export function planDocument(plan: BuildPlan, userRegistries?: Registries): PlanDocument {
  const { app } = plan;
  const registries = mergeRegistries(plan.registries, userRegistries);
  return {
    version: 1,
    project: plan.name,
    platform: formatPlatform(plan.platform),
    ...(app !== undefined && {
      app: {
        slug: app.slug,
        version: app.version,
        apiVersion: app.apiVersion,
        deviceTypes: [...app.deviceTypes],
        launchOrder: app.launchOrder.map((wave) => [...wave]),
      },
    }),
    images: plan.images.map((image) => imageDocument(image, registries)),
    outputs: plan.outputs.map(({ service, image, tags }) => ({
      ...(service !== undefined && { service }),
      image,
      tags: [...tags],
      dependsOn: [...(app?.services.find(({ name }) => name === service)?.dependsOn ?? [])],
    })),
    ...(plan.cache !== undefined && { cache: formatRepository(plan.cache) }),
    warnings: [...plan.warnings],
  };
}

function imageDocument({ name, where, recipe }: PlannedImage, registries: Registries): PlanImage {
  if (recipe.kind === "pull" && recipe.local === true) return { name, where, made: "local", steps: [] };
  if (recipe.kind === "pull") return { name, where, made: "pull", ...sources(recipe.reference, registries), steps: [] };
  const from = recipe.from.kind === "scratch" ? "scratch" : recipe.from.name;
  if (recipe.kind === "tree") {
    const { remove, layers } = recipe.tree;
    const steps = [
      ...(remove.length > 0 ? [`REMOVE ${remove.join(" ")}`] : []),
      ...layers.map(({ copies }) => copies.map(({ text }) => text).join(", ")),
    ];
    return { name, where, made: "tree", from, steps };
  }
  const { dockerfile, contextName } = recipe;
  const steps = dockerfile.chain.flatMap(({ instructions }) => instructions.map(({ text }) => text));
  return { name, where, made: "dockerfile", from, context: contextName, dockerfile: dockerfile.file, steps };
}

function sources(reference: Reference, registries: Registries): Pick<PlanImage, "sources"> {
  const places = placesOf(reference, { registries });
  if (places.length === 1 && places[0]!.host === reference.registry) return {};
  return { sources: places.map(({ host, repository }) => `${host}/${repository}`) };
}
