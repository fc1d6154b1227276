import type { ComposeService } from "../../spec/compose.ts";
import { didYouMean } from "../suggest.ts";
import type { Places, Report } from "./places.ts";

export interface DependencyContext {
  /** Names of all services. */
  readonly names: ReadonlySet<string>;
  readonly places: Places;
  readonly report: Report;
}

/**
 * Services that compose starts before this one: `depends_on` in both forms, and what joins the namespace, the links or
 * the volumes of another service (compose-spec 05-services.md). Unknown ones are reported.
 */
export function dependenciesOf(name: string, service: ComposeService, context: DependencyContext): string[] {
  const { names, places, report } = context;
  const found = new Set<string>();
  for (const { key, pointer, other } of mentions(service, places)) {
    if (names.has(other)) found.add(other);
    else report(pointer, `\`${key}\` of \`${name}\` names an unknown service \`${other}\`${didYouMean(other, names)}`);
  }
  return [...found];
}

interface Mention {
  readonly key: string;
  readonly pointer: string;
  readonly other: string;
}

function* mentions(service: ComposeService, places: Places): Generator<Mention> {
  const { depends_on = [] } = service;
  if (Array.isArray(depends_on)) {
    for (const [i, other] of depends_on.entries()) {
      yield { key: "depends_on", pointer: places.of("depends_on", i), other };
    }
  } else {
    for (const other of Object.keys(depends_on)) {
      yield { key: "depends_on", pointer: places.of("depends_on", other), other };
    }
  }
  for (const key of ["network_mode", "ipc", "pid"] as const) {
    const value = service[key];
    if (typeof value === "string" && value.startsWith("service:")) {
      yield { key, pointer: places.of(key), other: value.slice("service:".length) };
    }
  }
  for (const key of ["links", "volumes_from"] as const) {
    for (const [i, item] of (service[key] ?? []).entries()) {
      if (key === "volumes_from" && item.startsWith("container:")) continue;
      yield { key, pointer: places.of(key, i), other: item.split(":")[0]! };
    }
  }
}
