import { MAX_LAYERS } from "../archive/compose.ts";
import { AircrateError } from "../error.ts";
import type { Image } from "../image/image.ts";
import type { BuildPlan, PlannedImage } from "../plan/plan.ts";

/**
 * Refuses an image of more layers than container engines take, and tells how many of them each image brings that it
 * stands on. They are known before any is packed.
 *
 * @param name of an image in the plan
 * @throws AircrateError input
 */
export function requireDepth(plan: BuildPlan, name: string, images: ReadonlyMap<string, Pick<Image, "layers">>): void {
  const depth = (planned: PlannedImage | undefined) => images.get(planned?.name ?? "")?.layers.length ?? 0;
  const chain = chainOf(plan, name);
  const [top] = chain;
  if (top === undefined || depth(top) <= MAX_LAYERS) return;
  const shares = chain.map((planned, i) => ({ planned, count: depth(planned) - depth(chain[i + 1]) })).reverse();
  const [base] = shares;
  throw new AircrateError(
    "input",
    `${name} has ${depth(top)} layers, and container engines take at most ${MAX_LAYERS}`,
    {
      where: top.where,
      reason: shares.map(({ planned, count }, i) => `${planned.name} ${i === 0 ? "has" : "adds"} ${count}`),
      hint:
        base!.count >= MAX_LAYERS
          ? `choose a base with fewer layers than ${base!.planned.name}`
          : "join COPY instructions, or layers of aircrate.yml, or choose a base with fewer layers",
    },
  );
}

/** The image, what it is built on, and so on down. */
function chainOf({ images }: BuildPlan, name: string): PlannedImage[] {
  const chain: PlannedImage[] = [];
  for (let next: string | undefined = name; next !== undefined; ) {
    const planned = images.find((image) => image.name === next);
    if (planned === undefined) break;
    chain.push(planned);
    const { recipe }: PlannedImage = planned;
    next = recipe.kind !== "pull" && recipe.from.kind === "image" ? recipe.from.name : undefined;
  }
  return chain;
}
