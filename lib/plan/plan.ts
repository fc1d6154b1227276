import type { TreeSource } from "../app/aircrate-yml.ts";
import type { AppManifest } from "../app/manifest.ts";
import type { DockerfilePlan } from "../dockerfile/parse.ts";
import type { Platform } from "../platform.ts";
import type { Reference } from "../reference.ts";
import type { Registries } from "../registry/mirrors.ts";
import type { Repository } from "../registry/repository.ts";

/** What is to be built from what. Every front end comes to this; nothing below knows which it was. */
export interface BuildPlan {
  /** Absolute path of the project folder. */
  readonly directory: string;
  /** The same as the user gave it. */
  readonly name: string;
  /** The application, when the project is one. */
  readonly app?: AppManifest;
  readonly platform: Platform;
  /** Each one before those that are FROM it. */
  readonly images: readonly PlannedImage[];
  /** What goes into the archive, in its order. */
  readonly outputs: readonly PlannedOutput[];
  /** What the project says about registries. */
  readonly registries: Registries;
  /** Where the project says that layers lie that others have packed. */
  readonly cache?: Repository;
  readonly warnings: readonly string[];
}

export interface PlannedImage {
  /** Unique in the plan: the name in `aircrate.yml`, the service, or the reference of a pulled image. */
  readonly name: string;
  /** `file:line` that asks for it. */
  readonly where: string;
  readonly recipe: Recipe;
}

export type Recipe =
  /** `local`: the reference is a tag that was given on this machine, so no registry is asked. */
  | { readonly kind: "pull"; readonly reference: Reference; readonly local?: true }
  | {
      readonly kind: "dockerfile";
      readonly dockerfile: DockerfilePlan;
      /** What the target comes from in the end. */
      readonly from: Origin;
      /** The same of each stage that is needed and is FROM no other one, by its index. */
      readonly origins: ReadonlyMap<number, Origin>;
      readonly sources: Sources;
      /** Absolute paths. */
      readonly dockerfilePath: string;
      readonly context: string;
      /** The context as the user knows it. */
      readonly contextName: string;
    }
  | { readonly kind: "tree"; readonly from: Origin; readonly tree: TreeSource; readonly sources: Sources };

/** The images of the plan that are copied from, by the reference as it is written. */
export type Sources = ReadonlyMap<string, string>;

/** What an image is built on: nothing, or another image of the plan. */
export type Origin = { readonly kind: "scratch" } | { readonly kind: "image"; readonly name: string };

export interface PlannedOutput {
  /** The service that it is for; none in a project without application. */
  readonly service?: string;
  /** Name of a planned image. */
  readonly image: string;
  /** Full references with tag. */
  readonly tags: readonly string[];
}
