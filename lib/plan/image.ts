import path from "node:path";
import { AircrateError } from "../error.ts";
import type { Platform } from "../platform.ts";
import { formatReference, parseReference } from "../reference.ts";
import { checkFolder, createPlanner } from "./make.ts";
import type { BuildPlan } from "./plan.ts";

export interface ImagePlanOptions {
  /** References that name the image, as the user gives them, each with a tag or none. */
  readonly tags: readonly string[];
  /** The Dockerfile, relative to the working folder; default: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  readonly platform: Platform;
  /** Build arguments. */
  readonly args?: ReadonlyMap<string, string>;
  /** Name of the stage to build; default: the last one. */
  readonly target?: string;
  /** Folder of the blob store, where local images are looked for. */
  readonly store: string;
}

/**
 * The plan of one image that a Dockerfile describes, without a project around it.
 *
 * @param context folder, as the user gives it
 * @throws AircrateError input, unreachable (no such folder), usage
 */
export async function planImage(context: string, options: ImagePlanOptions): Promise<BuildPlan> {
  const { platform, store, args = new Map(), target } = options;
  const tags = [...new Set(options.tags.map(tagOf))];
  await checkFolder(context, "name the folder that the Dockerfile copies from");
  const planner = createPlanner(context, { platform, store });
  const dockerfile = path.resolve(options.dockerfile ?? path.join(context, "Dockerfile"));
  // No reference is written like this, so that an image may be built on the one that had its tag before.
  const name = `the image of ${options.dockerfile ?? path.join(context, "Dockerfile")}`;
  await planner.dockerfile(name, "image build", {
    ...{ kind: "build", context: path.resolve(context), dockerfile, args },
    ...(target !== undefined && { target }),
  });
  return planner.finish({ outputs: [{ image: name, tags }], warnings: [] });
}

/** A reference to name an image with, in full. @throws AircrateError input, usage */
export function tagOf(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return formatReference(reference);
  throw new AircrateError("usage", "an image cannot be given a digest", {
    where: text,
    reason: "its content decides on that",
    hint: "name it as NAME:TAG",
  });
}
