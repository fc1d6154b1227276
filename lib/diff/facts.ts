import type { FieldChange, PayloadChange } from "../../spec/diff.ts";
import type { InspectedArtifact, InspectedService, Inspection } from "../../spec/inspection.ts";
import type { ImageConfig } from "../../spec/oci-config.ts";
import { builtImageName } from "../app/names.ts";
import { compareBytes } from "../bytes.ts";
import { nameOfKind } from "../keys/signature.ts";
import { formatPlatform } from "../platform.ts";
import { familiarName, type Unit } from "./match.ts";

/**
 * A setting of one side. Settings with names, such as variables, are compared one by one. One without a value only says
 * where its key stands among the others.
 */
export interface Fact {
  readonly key: string;
  readonly name?: string;
  readonly value?: FieldChange["from"];
}

/** The facts that differ: by key in the order of the facts, by name in that of its bytes. */
export function compareFacts(from: readonly Fact[], to: readonly Fact[]): FieldChange[] {
  const one = byPlace(from);
  const other = byPlace(to);
  const keys = [...new Set([...from, ...to].map(({ key }) => key))];
  const places = [...new Map([...one, ...other])].sort(
    ([, a], [, b]) => keys.indexOf(a.key) - keys.indexOf(b.key) || compareBytes(a.name ?? "", b.name ?? ""),
  );
  return places.flatMap(([place, { key, name }]) => {
    const before = one.get(place)?.value;
    const after = other.get(place)?.value;
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return {
      key,
      ...(name !== undefined && { name }),
      ...(before !== undefined && { from: before }),
      ...(after !== undefined && { to: after }),
    };
  });
}

function byPlace(facts: readonly Fact[]): Map<string, Fact> {
  return new Map(facts.map((fact) => [`${fact.key} ${fact.name ?? ""}`, fact]));
}

/** What a package says of its application, in its manifest and its header. */
export function factsOfApplication({ app, artifact }: Inspection): Fact[] {
  return [
    fact("application", app?.slug ?? artifact?.name),
    fact("version", app?.version),
    fact("apiVersion", app?.apiVersion?.toString()),
    fact("appBase", app?.appBase),
    fact("targets", app?.targets),
    fact(
      "launchOrder",
      app?.launchOrder?.map((wave) => wave.join(" and ")),
    ),
    fact("devices", artifact?.deviceTypes),
    fact("payloadType", artifact?.payloadType),
    ...named("depends", Object.entries(artifact?.depends ?? {})),
    fact("signature", artifact && signatureText(artifact)),
  ];
}

function signatureText({ signed, signature }: InspectedArtifact): string | undefined {
  return signed ? ((signature && nameOfKind(signature)) ?? "not readable") : undefined;
}

interface UnitContext {
  /** What it is compared with. */
  readonly other: Unit | undefined;
  readonly app: Inspection["app"];
}

/** What the manifest says of a service, and what the config of its image says, but for its history. */
export function factsOfUnit(unit: Unit, { other, app }: UnitContext): Fact[] {
  const { service, image } = unit;
  const config = image === undefined ? [] : factsOfConfig(image.found.config.value);
  // A service of a package and an image of an archive can be compared by the image alone.
  if (other !== undefined && (service === undefined) !== (other.service === undefined)) return config;
  if (service === undefined) return [fact("tags", image?.inspected.tags.map(familiarName)), ...config];
  return [
    fact("service", other && service.name),
    fact("dependsOn", service.dependsOn),
    fact("image", givenName(service, app)),
    ...config,
  ];
}

/** The name of an image that the application brings along: that of one it builds follows from its version. */
function givenName({ name, imageName }: InspectedService, app: UnitContext["app"]): string | undefined {
  const { slug, version } = app ?? {};
  if (slug === undefined || version === undefined) return imageName;
  return imageName === builtImageName({ slug, version }, name) ? undefined : imageName;
}

function factsOfConfig({ os, architecture, variant, created, author, config }: Partial<ImageConfig>): Fact[] {
  const run = config ?? {};
  return [
    fact("platform", os && architecture && formatPlatform({ os, architecture, variant })),
    fact("entrypoint", run.Entrypoint),
    fact("cmd", run.Cmd),
    ...named("env", (run.Env ?? []).map(splitVariable)),
    fact("user", run.User),
    fact("workdir", run.WorkingDir),
    fact("ports", Object.keys(run.ExposedPorts ?? {}).sort(compareBytes)),
    fact("volumes", Object.keys(run.Volumes ?? {}).sort(compareBytes)),
    ...named("label", Object.entries(run.Labels ?? {})),
    fact("healthcheck", run.Healthcheck && JSON.stringify(Object.fromEntries(Object.entries(run.Healthcheck).sort()))),
    fact("stopSignal", run.StopSignal),
    fact("shell", run.Shell),
    fact("onBuild", run.OnBuild),
    fact("author", author),
    fact("created", created),
  ];
}

function splitVariable(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** Empty is as good as absent: writers differ in that. */
function fact(key: string, value: Fact["value"] | null): Fact {
  return value === undefined || value === null || value.length === 0 ? { key } : { key, value };
}

function named(key: string, values: readonly (readonly [name: string, value: Fact["value"]])[]): Fact[] {
  return [{ key }, ...values.map(([name, value]) => ({ key, name, value }))];
}

/** The files of the payloads that differ, by name; the images are compared by themselves. */
export function comparePayload(from: InspectedArtifact, to: InspectedArtifact): PayloadChange[] {
  const one = filesOf(from);
  const other = filesOf(to);
  const names = [...new Set([...one.keys(), ...other.keys()])].sort(compareBytes);
  return names.flatMap((name) => {
    const before = one.get(name);
    const after = other.get(name);
    if (before?.sha256 === after?.sha256) return [];
    return { name, ...(before && { from: before.size }), ...(after && { to: after.size }) };
  });
}

function filesOf({ payload }: InspectedArtifact): Map<string, InspectedArtifact["payload"][number]> {
  return new Map(payload.filter(({ name }) => !name.endsWith(".image")).map((file) => [file.name, file]));
}
