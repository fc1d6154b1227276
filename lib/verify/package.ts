import type { InspectedApp, InspectedArtifact, Inspection } from "../../spec/inspection.ts";
import { resolveTargets } from "../app/devices.ts";
import { imagePayloadName } from "../app/names.ts";
import { manifestSchema } from "../app/open-manifest.ts";
import { AircrateError } from "../error.ts";
import type { FoundApp } from "../inspect/app.ts";
import type { ArtifactScan, PayloadMember } from "../inspect/artifact.ts";
import { payloadOf } from "../inspect/header.ts";
import { decodeYaml } from "../yaml/decode.ts";
import { isMap } from "../yaml/value.ts";
import type { Findings } from "./findings.ts";

const MANIFEST = "data/0000/auterion-app.yml";

/** What makes an artifact an application of AuterionOS: its payload files, and that all names and versions agree. */
export function checkPackage(
  artifact: ArtifactScan,
  { inspection, app }: { inspection: Inspection; app: FoundApp | undefined },
  findings: Findings,
): void {
  const header = inspection.artifact!;
  const payload = payloadOf(artifact);
  if (header.payloadType !== undefined && header.payloadType !== "docker") {
    findings.problem("header.tar.gz/header-info", `the payload's type is ${header.payloadType} instead of docker`);
  }
  if (!payload.some(({ name }) => name === "auterion-app.yml")) {
    findings.problem("data/0000.tar.gz", "has no auterion-app.yml");
  }
  checkPlatform(inspection, findings);
  const images = payload.filter(({ archive }) => archive !== undefined);
  if (images.length !== 1) findings.problem("data/0000.tar.gz", `has ${images.length} .image files instead of one`);
  for (const { name, archive } of images) {
    if (archive?.encoding === "plain")
      findings.warning(`data/0000/${name}`, "is not packed with gzip, as it usually is");
  }
  if (app === undefined) return;
  findings.problems(app.faults);
  if (app.document === undefined) return;
  checkSchema(app, findings);
  const identity = identityOf(app.description, findings);
  if (identity !== undefined) {
    checkPayload(payload, identity, findings);
    checkNames(header, identity, findings);
    checkMetaData(header, identity, findings);
  }
  checkServices(inspection, app.description, findings);
}

interface Identity extends InspectedApp {
  readonly slug: string;
  readonly name: string;
  readonly version: string;
}

function identityOf(app: InspectedApp, findings: Findings): Identity | undefined {
  const { slug, name, version } = app;
  if (slug === undefined || name === undefined) findings.problem(MANIFEST, "names no app-author or app-name");
  if (version === undefined) findings.problem(MANIFEST, "names no app-version");
  return slug === undefined || name === undefined || version === undefined
    ? undefined
    : { ...app, slug, name, version };
}

/** There is no published schema of later API versions, so what does not fit need not be wrong. */
function checkSchema({ document }: FoundApp, findings: Findings): void {
  if (document === undefined) return;
  try {
    decodeYaml(manifestSchema(document), document);
  } catch (error) {
    if (!(error instanceof AircrateError)) throw error;
    for (const line of error.reason.length > 0 ? error.reason : [error.message]) {
      const [, where = MANIFEST, message = line] = /^(.+?:[0-9]+): (.*)$/.exec(line) ?? [];
      findings.warning(where, `unlike known manifests: ${message}`);
    }
  }
}

/** Last API version whose packages carry a Compose file. */
const LAST_API_WITH_COMPOSE = 1;
const SETTINGS = ["settings.default.env", "settings.user.env"];
const KNOWN = ["auterion-app.yml", "version", "app.yml", "logging-msg-files.tar", "settings.default.yml", ...SETTINGS];

function checkPayload(payload: readonly PayloadMember[], app: Identity, findings: Findings): void {
  const version = payload.find(({ name }) => name === "version");
  if (version === undefined) findings.problem("data/0000.tar.gz", "has no version");
  else {
    const text = Buffer.from(version.bytes ?? []).toString("utf8");
    if (text.trim() !== app.version) {
      findings.problem("data/0000/version", `is "${text.trim()}", but app-version is "${app.version}"`);
    } else if (text !== app.version) findings.warning("data/0000/version", "has blanks or newlines around the version");
  }
  const wanted = [...SETTINGS, ...((app.apiVersion ?? 0) <= LAST_API_WITH_COMPOSE ? ["app.yml"] : [])];
  for (const name of wanted) {
    if (!payload.some((file) => file.name === name)) findings.warning("data/0000.tar.gz", `has no ${name}`);
  }
  for (const { name, archive } of payload) {
    const where = `data/0000/${name}`;
    if (archive === undefined) {
      if (!KNOWN.includes(name)) findings.warning(where, "is no file that AuterionOS is known to use");
      continue;
    }
    if (name === imagePayloadName(app.slug)) continue;
    if (name === `${app.name}.image`) {
      findings.warning(where, `older naming: now it is ${imagePayloadName(app.slug)}`);
    } else {
      findings.problem(where, `is not named after the application, ${imagePayloadName(app.slug)}`);
    }
  }
}

function checkNames(header: InspectedArtifact, { slug, name, version }: Identity, findings: Findings): void {
  const where = "header.tar.gz/header-info";
  if (header.name === slug || header.name === name) {
    findings.warning(where, `older naming: artifact_name is ${header.name}, without the version`);
  } else if (header.name !== undefined && header.name !== `${slug}:${version}`) {
    findings.problem(where, `artifact_name is ${header.name}, but the manifest makes it ${slug}:${version}`);
  }
  checkProvides(header, { names: [slug, name], version }, findings);
}

function checkProvides(
  { provides, clears }: InspectedArtifact,
  { names, version }: { names: readonly [slug: string, name: string]; version: string },
  findings: Findings,
): void {
  const where = "header.tar.gz/headers/0000/type-info";
  const found = names.find((name) => Object.hasOwn(provides, `docker-app.${name}.version`));
  if (found === undefined) {
    findings.problem(where, `does not provide docker-app.${names[0]}.version`);
    return;
  }
  const provided = provides[`docker-app.${found}.version`];
  if (provided !== version) findings.problem(where, `provides version ${provided}, but app-version is ${version}`);
  if (!clears.includes(`docker-app.${found}.*`)) {
    findings.problem(where, `does not clear docker-app.${found}.*, so an update would leave the old version's mark`);
  }
}

/** The manifest is in the meta-data, too, and there with the targets that it really has. */
function checkMetaData(header: InspectedArtifact, app: Identity, findings: Findings): void {
  const where = "header.tar.gz/headers/0000/meta-data";
  const outer = isMap(header.metaData) ? header.metaData : {};
  const inner = isMap(outer["auterion-metadata"]) ? outer["auterion-metadata"] : outer;
  const manifest = inner["auterion-app-yml"];
  if (!isMap(manifest)) {
    findings.warning(where, "has no auterion-app-yml, so Auterion's tools cannot show what is in the package");
    return;
  }
  for (const [key, value] of [
    ["app-name", app.name],
    ["app-author", app.author],
    ["app-version", app.version],
  ] as const) {
    if (manifest[key] !== value)
      findings.problem(where, `${key} is ${text(manifest[key])}, but ${value} in ${MANIFEST}`);
  }
  const targets = [manifest["target-platform"] ?? []].flat().filter((target) => typeof target === "string");
  const resolved = resolveTargets(targets);
  const same = "platform" in resolved && sorted(resolved.deviceTypes) === sorted(header.deviceTypes);
  if (!same) {
    findings.warning(
      where,
      `target-platform is ${targets.join(", ")}, the header is for ${header.deviceTypes.join(", ")}`,
    );
  }
}

function text(value: unknown): string {
  return value === undefined ? "missing" : String(JSON.stringify(value));
}

function sorted(names: readonly string[]): string {
  return [...names].sort().join(" ");
}

function checkPlatform({ artifact, images }: Inspection, findings: Findings): void {
  const targets = resolveTargets(artifact!.deviceTypes);
  if (!("platform" in targets)) {
    for (const { message } of targets) findings.warning("header.tar.gz/header-info", message);
    return;
  }
  for (const { tags, platform, configDigest } of images) {
    if (platform === undefined) continue;
    const found = `${platform.os}/${platform.architecture}`;
    if (found === targets.platform) continue;
    findings.problem(`image ${tags[0] ?? configDigest}`, `is for ${found}, but the devices run ${targets.platform}`);
  }
}

function checkServices({ images }: Inspection, { services }: InspectedApp, findings: Findings): void {
  for (const { name, imageName, image } of services) {
    if (image !== undefined) continue;
    const what =
      imageName === undefined ? "has no image" : `no image is tagged ${imageName}, which the device looks for`;
    findings.problem(`service ${name}`, what);
  }
  const used = new Set(services.map(({ image }) => image));
  for (const [i, { tags, configDigest }] of images.entries()) {
    if (!used.has(i)) findings.warning(`image ${tags[0] ?? configDigest}`, "is not the image of any service");
  }
}
