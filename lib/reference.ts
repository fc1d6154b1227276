import { AircrateError } from "./error.ts";

/**
 * A reference to an image, in full. `registry` is a host with optional port, `repository` the path below it; at least
 * one of `tag` and `digest` is there.
 */
export interface Reference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const DEFAULT_REGISTRY = "docker.io";
const HUB_ALIASES: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

// The grammar of distribution's reference package (github.com/distribution/reference, regexp.go). All patterns are
// linear: each repetition is separated by characters that the repeated part cannot match.
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads a reference as `docker pull` does: `python` is `docker.io/library/python:latest`, `arm64v8/python:3.11-slim`
 * lies on Docker Hub, and a first component with a dot, a colon or the name `localhost` is a registry.
 *
 * @param where file and line that the text stands in, for the error
 * @throws AircrateError input
 */
export function parseReference(text: string, where?: string): Reference {
  const fail = (reason: string, hint = "write it as [REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST]"): never => {
    const quoted = JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
    throw new AircrateError("input", `${quoted} is not an image reference`, { ...(where && { where }), reason, hint });
  };
  if (text.length > 512) fail("it is longer than 512 characters");
  if (/^[0-9a-f]{64}$/.test(text)) fail("64 hex digits name an image of one machine, not one of a registry");
  let rest = text;
  let digest: string | undefined;
  const at = rest.indexOf("@");
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!DIGEST.test(digest)) fail(`${JSON.stringify(digest)} is not sha256: and 64 lower-case hex digits`);
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(":");
  if (colon > rest.lastIndexOf("/")) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!TAG.test(tag)) fail(`${JSON.stringify(tag)} is not a tag: up to 128 of letters, digits, "_", ".", "-"`);
  }
  let registry = DEFAULT_REGISTRY;
  let repository = rest;
  const slash = rest.indexOf("/");
  const first = rest.slice(0, Math.max(slash, 0));
  if (slash > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase())) {
    registry = first;
    repository = rest.slice(slash + 1);
    if (!HOST.test(registry) || !isAddress(registry)) fail(`${JSON.stringify(registry)} is not a host`);
  }
  registry = canonicalRegistry(registry);
  if (registry === DEFAULT_REGISTRY && !repository.includes("/")) repository = `library/${repository}`;
  if (repository.length > 255) fail("the repository is longer than 255 characters");
  for (const component of repository.split("/")) {
    if (COMPONENT.test(component)) continue;
    if (component !== component.toLowerCase()) fail("a repository is lower case", `write ${rest.toLowerCase()}`);
    if (component === "") fail("a part of the repository is empty");
    fail(`${JSON.stringify(component)} is not part of a repository name`);
  }
  if (tag === undefined && digest === undefined) tag = "latest";
  return { registry, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** The one name of a registry that has several: Docker Hub. */
export function canonicalRegistry(registry: string): string {
  return HUB_ALIASES.has(registry) ? DEFAULT_REGISTRY : registry;
}

/** Whether a URL can hold the host: the grammar lets ports above 65535 and numbers like 999.1.1.1 pass. */
export function isAddress(host: string): boolean {
  return URL.canParse(`https://${host}`);
}

/** The full form: `docker.io/library/python:3.11-slim`. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** The form people type: without `docker.io/` and `library/`. */
export function familiarReference(reference: Reference): string {
  const full = formatReference(reference);
  return full.replace(/^docker\.io\/(library\/(?=[^/]*$))?/, "");
}
