import { MIRROR, PREFIX } from "../../spec/registries.ts";
import { AircrateError } from "../error.ts";
import { canonicalRegistry, isAddress, type Reference } from "../reference.ts";
import { apiHost } from "./host.ts";

/** Who is asked instead of a registry, by prefix: `docker.io` -> `127.0.0.1:5000`. The registry itself is then not asked. */
export type Mirrors = ReadonlyMap<string, string>;

/** What the files of the project and of the user say, by prefix: a registry, or the beginning of its repositories. */
export type Registries = ReadonlyMap<string, RegistryRule>;

export interface RegistryRule {
  /** `HOST[:PORT][/PATH]`, in the order in which to ask them; PATH is put in front of the repository. */
  readonly mirrors: readonly string[];
  /** Whether the prefix, which is a whole registry, may be spoken to without TLS or with a certificate of any kind. */
  readonly insecure: boolean;
  /** Whether the registry itself is asked when no mirror delivers. */
  readonly fallback: boolean;
}

/** Where to ask for an image: a host as the user knows it, and the repository there. */
export interface Place {
  readonly host: string;
  readonly repository: string;
}

/**
 * The places that may have what a reference names, in the order in which to ask them; at least one. Of all prefixes that
 * fit the longest one counts. `mirrors`, which comes from the command line, goes before `registries`.
 */
export function placesOf(
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  { mirrors = new Map(), registries = new Map() }: { mirrors?: Mirrors; registries?: Registries },
): readonly Place[] {
  const name = `${registry}/${repository}`;
  const replacement = longest(mirrors, name);
  if (replacement !== undefined) return [placeAt(replacement, repository)];
  const origin = { host: registry, repository };
  const rule = longest(registries, name);
  const places = (rule?.mirrors ?? []).map((mirror) => placeAt(mirror, repository));
  return rule === undefined || rule.fallback ? [...places, origin] : places;
}

/** The value of the longest prefix, which has to end where a component of the name does. */
function longest<V>(values: ReadonlyMap<string, V>, name: string): V | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf("/", end - 1)) {
    const value = values.get(name.slice(0, end));
    if (value !== undefined) return value;
  }
  return undefined;
}

function placeAt(mirror: string, repository: string): Place {
  const [host, path] = splitHost(mirror);
  return { host: canonicalRegistry(host), repository: `${path}/${repository}`.slice(1) };
}

/** `cache.example.com/dockerhub` is `cache.example.com` and `/dockerhub`. */
function splitHost(text: string): [host: string, path: string] {
  const slash = text.indexOf("/");
  return slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash)];
}

/** One set of rules of several: an entry of an earlier set goes before one of a later set for the same prefix. */
export function mergeRegistries(...sets: readonly (Registries | undefined)[]): Registries {
  return new Map(sets.toReversed().flatMap((set) => [...(set ?? [])]));
}

/** The servers of the registries whose rule says that they are insecure. */
export function insecureHosts(registries: Registries): string[] {
  return [...registries].flatMap(([prefix, { insecure }]) => (insecure ? [apiHost(splitHost(prefix)[0])] : []));
}

/** A prefix under the one name of its registry; undefined when its host can be none, as with a port of 99999. */
export function canonicalPrefix(prefix: string): string | undefined {
  const [host, path] = splitHost(prefix);
  return isAddress(host) ? canonicalRegistry(host) + path : undefined;
}

/** Reads `REGISTRY[/PREFIX]=HOST[:PORT][/PATH]`. @throws AircrateError usage */
export function parseMirror(text: string): readonly [prefix: string, mirror: string] {
  const [left = "", mirror = "", more] = text.split("=");
  const prefix = new RegExp(PREFIX).test(left) ? canonicalPrefix(left) : undefined;
  const valid = new RegExp(MIRROR).test(mirror) && canonicalPrefix(mirror) !== undefined;
  if (prefix === undefined || !valid || more !== undefined) {
    throw new AircrateError("usage", `${JSON.stringify(text)} is not a mirror`, {
      hint: "write it as REGISTRY[/PREFIX]=HOST[:PORT][/PATH], for example docker.io=127.0.0.1:5000",
    });
  }
  return [prefix, mirror];
}
