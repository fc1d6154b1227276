import type { Digest } from "../digest.ts";
import type { AssembleOptions } from "../image/assemble.ts";
import type { Image } from "../image/image.ts";
import type { BuildPlan, Recipe } from "../plan/plan.ts";
import type { TreeItem } from "../tree/source.ts";
import type { ContextCache } from "./contexts.ts";

/** What an image is made with, whichever front end describes it. */
export interface MakeContext extends AssembleOptions {
  readonly plan: BuildPlan;
  readonly contexts: ContextCache;
  /** The images of the plan by their name: those that one is built on or copies from come before it. */
  readonly images: ReadonlyMap<string, Promise<Image>>;
  readonly warn: (warning: string) => void;
  readonly open: Openers;
}

/** Gets hold of what lies in no folder and no image. Everything is opened once in a build. */
export interface Openers {
  /** Whether ADD unpacks a file. @param file absolute path */
  isArchive(file: string, where: string): Promise<boolean>;
  /** @param name the archive as the user knows it @throws AircrateError input */
  archive(file: string, name: string, where: string): Promise<readonly TreeItem[]>;
  /** @throws AircrateError as `fetchRemote` */
  remote(url: string, checksum: Digest, where: string): Promise<RemoteFile>;
}

/** A remote file that lies on this machine. */
export interface RemoteFile {
  readonly file: string;
  readonly size: number;
  /** Its name, from the URL. */
  readonly name: string;
}

export type DockerfileRecipe = Extract<Recipe, { kind: "dockerfile" }>;
export type TreeRecipe = Extract<Recipe, { kind: "tree" }>;
