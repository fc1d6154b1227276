import { join, resolve } from "node:path";
import type { Static } from "@sinclair/typebox";
import {
  AircrateYml,
  type DockerfileImage,
  type LegacyApp,
  type TreeConfig,
  type TreeImage,
} from "../../spec/aircrate-yml.ts";
import type { Registries } from "../registry/mirrors.ts";
import { type Repository, readRepository } from "../registry/repository.ts";
import { decodeYaml } from "../yaml/decode.ts";
import { problemsError, type YamlProblem } from "../yaml/problems.ts";
import { readYaml, type YamlDocument } from "../yaml/read.ts";
import { child } from "../yaml/value.ts";
import { type BuildSource, readBuild } from "./build-source.ts";
import { resolveTargets } from "./devices.ts";
import { exists } from "./files.ts";
import { readRules } from "./registries.ts";
import { readTreeCopy, type TreeCopySource } from "./tree-copy.ts";

export const AIRCRATE_NAME = "aircrate.yml";

/** What `aircrate.yml` says, with paths resolved. */
export interface AircrateConfig {
  /** Path of the file as the user gave the folder. */
  readonly file: string;
  /** Local images by name, in the order of the file. */
  readonly images: ReadonlyMap<string, LocalImage>;
  readonly registries: Registries;
  /** Where layers lie that others have packed. */
  readonly cache?: Repository;
  /** What the application is of a project that has only an `app.yml`. */
  readonly app?: LegacyIdentity;
  /** Tag of all images where there is no application manifest. */
  readonly tag?: string;
}

export interface LegacyIdentity {
  /** File and line. */
  readonly where: string;
  readonly name: string;
  readonly author?: string;
  readonly version: string;
  /** As written; they have been found to be devices of one architecture. */
  readonly targets: readonly string[];
}

export type LocalImage = {
  readonly name: string;
  /** File and line. */
  readonly where: string;
} & (BuildSource | TreeSource);

/** An image that is described as file trees on a base. */
export interface TreeSource {
  readonly kind: "tree";
  /** Another local image, a reference, or `scratch`. */
  readonly from: string;
  readonly layers: readonly {
    readonly name?: string;
    readonly where: string;
    readonly copies: readonly TreeCopySource[];
  }[];
  /** Absolute paths, perhaps with wildcards, that are hidden before the layers come. */
  readonly remove: readonly string[];
  readonly config: Static<typeof TreeConfig>;
}

/**
 * Reads `aircrate.yml` of a project folder.
 *
 * @returns undefined when there is none
 * @throws AircrateError input
 */
export async function readAircrateYml(dir: string): Promise<AircrateConfig | undefined> {
  const file = join(dir, AIRCRATE_NAME);
  if (!(await exists(file))) return undefined;
  const document = await readYaml(file);
  const config = decodeYaml(AircrateYml, document);
  const problems: YamlProblem[] = [];
  const context: ImageContext = { directory: resolve(dir), document, problems };
  const images = new Map<string, LocalImage>();
  for (const name of document.keys("/images")) {
    const image = config.images![name]!;
    const pointer = child("/images", name);
    const where = place(document, pointer);
    const source = "from" in image ? readTree(image, pointer, context) : await readDockerfile(image, pointer, context);
    if (source !== undefined) images.set(name, { name, where, ...source });
  }
  const registries = readRules(config.registries ?? {}, document, problems);
  for (const [key, { insecure }] of Object.entries(config.registries ?? {})) {
    // A project may come from anywhere; whoever builds it has credentials that an unchecked host would get.
    if (insecure !== true) continue;
    const line = document.locate(child(child("/registries", key), "insecure"));
    const message = "`insecure` is not for a project to say";
    problems.push({ line, message, hint: "put it into your own registries.yml, or give --insecure-registry HOST" });
  }
  const cache = config.cache === undefined ? undefined : readRepository(config.cache);
  if (config.cache !== undefined && cache === undefined) {
    problems.push({
      line: document.locate("/cache"),
      message: `\`${config.cache}\` is not the address of a repository`,
    });
  }
  const app = config.app && readIdentity(config.app, document, problems);
  if (problems.length > 0) throw problemsError(document.file, problems);
  return {
    ...{ file, images, registries },
    ...(cache !== undefined && { cache }),
    ...(app !== undefined && { app }),
    ...(config.tag !== undefined && { tag: config.tag }),
  };
}

function readIdentity(
  { target = "skynode", ...app }: Static<typeof LegacyApp>,
  document: YamlDocument,
  problems: YamlProblem[],
): LegacyIdentity {
  const targets = [target].flat();
  const resolved = resolveTargets(targets);
  if (!("platform" in resolved)) {
    for (const { index, ...problem } of resolved) {
      problems.push({ line: document.locate(child("/app/target", index)), ...problem });
    }
  }
  return { ...app, targets, where: place(document, "/app") };
}

interface ImageContext {
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly document: YamlDocument;
  readonly problems: YamlProblem[];
}

function readDockerfile(image: Static<typeof DockerfileImage>, pointer: string, context: ImageContext) {
  const { directory, document, problems } = context;
  // What `readBuild` calls `build/context` stands in the image itself.
  const places = {
    service: pointer,
    of: (...path: (string | number)[]) => path.slice(1).reduce<string>(child, pointer),
  };
  return readBuild(image, {
    directory,
    places,
    report(at, message, hint) {
      problems.push({ line: document.locate(at), message, ...(hint !== undefined && { hint }) });
    },
  });
}

function readTree(image: Static<typeof TreeImage>, pointer: string, context: ImageContext): TreeSource {
  const { directory, document, problems } = context;
  const layers = (image.layers ?? []).map((layer, i) => {
    const at = child(child(pointer, "layers"), i);
    const copies = layer.copy.map((copy, j) => {
      const below = child(child(at, "copy"), j);
      return readTreeCopy(copy, {
        directory,
        where: place(document, below),
        report(key, message, hint) {
          const line = document.locate(key === undefined ? below : child(below, key));
          problems.push({ line, message, ...(hint !== undefined && { hint }) });
        },
      });
    });
    return { ...(layer.name !== undefined && { name: layer.name }), where: place(document, at), copies };
  });
  return { kind: "tree", from: image.from, layers, remove: image.remove ?? [], config: image.config ?? {} };
}

function place(document: YamlDocument, pointer: string): string {
  return `${document.file}:${document.locate(pointer)}`;
}
