import { ComposeService } from "../../spec/compose.ts";
import { decode } from "../../spec/decode.ts";
import type { YamlProblem } from "../yaml/problems.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { type JsonMap, valueAt } from "../yaml/value.ts";
import { type BuildSource, readBuild } from "./build-source.ts";
import { servicesAt } from "./compose.ts";
import { dependenciesOf } from "./dependencies.ts";
import { type AppIdentity, archiveImageName, builtImageName } from "./names.ts";
import { type Places, placesOf, reporter } from "./places.ts";

/** How a service's image comes about. */
export type ServiceSource =
  | BuildSource
  | {
      readonly kind: "image";
      /** What is pulled, as written. */
      readonly reference: string;
    };

export interface AppService {
  readonly name: string;
  /** File and line of the service. */
  readonly where: string;
  readonly source: ServiceSource;
  /** Name and tag of the image in the archive. */
  readonly imageName: string;
  /** Services that start before this one, without repetition. */
  readonly dependsOn: readonly string[];
  readonly containerName: string;
  /** Name of the image in `aircrate.yml` that it is made from, when that is not the name of the service. */
  readonly local?: string;
}

export interface ServiceContext {
  readonly app: AppIdentity;
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly document: YamlDocument;
  /** Names of all services. */
  readonly names: ReadonlySet<string>;
  readonly problems: YamlProblem[];
  readonly warnings: YamlProblem[];
}

/** One service of the merged Compose file, or undefined when it has problems. */
export async function readService(
  name: string,
  merged: JsonMap,
  context: ServiceContext,
): Promise<AppService | undefined> {
  const { app, document, problems } = context;
  const before = problems.length;
  const service = decode(ComposeService, merged);
  const places = placesOf(name, document);
  const report = reporter(context);
  const source = await sourceOf(service, places, context);
  const image = archiveImageName(service.image ?? builtImageName(app, name));
  if ("fault" in image) {
    // Without an image of its own the name is made from that of the service.
    report(service.image === undefined ? places.service : places.of("image"), image.fault, image.hint);
  }
  const containerName = `${app.slug}.${name}`;
  if (service.container_name !== undefined && service.container_name !== containerName) {
    const line = document.locate(places.of("container_name"));
    context.warnings.push({ line, message: `\`container_name\` is replaced by \`${containerName}\`` });
  }
  const dependsOn = dependenciesOf(name, service, { names: context.names, places, report });
  if (source === undefined || "fault" in image || problems.length > before) return undefined;
  const where = `${document.file}:${document.locate(places.service)}`;
  return { name, where, source, imageName: image.name, dependsOn, containerName };
}

async function sourceOf(
  service: ComposeService,
  places: Places,
  context: ServiceContext,
): Promise<ServiceSource | undefined> {
  const report = reporter(context);
  if (service.build === undefined) {
    if (service.image !== undefined) return { kind: "image", reference: service.image };
    report(
      places.service,
      "the service has neither `build` nor `image`",
      "give it `build: FOLDER` or `image: NAME:TAG`",
    );
    return undefined;
  }
  const { document } = context;
  // Below `compose` it is the name of what is built.
  const unused =
    servicesAt(document) === "/services" && valueAt(document.value, `${places.service}/image`) !== undefined;
  if (unused) {
    const line = document.locate(`${places.service}/image`);
    context.warnings.push({ line, message: "`image` is not used, since the service has a `build`" });
  }
  return readBuild(service.build, { directory: context.directory, places, report });
}
