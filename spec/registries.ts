/** `registries:` in `aircrate.yml` and in the user's own `registries.yml`: who is asked instead of a registry. */
import { type Static, Type } from "@sinclair/typebox";
import { closed, dict } from "./keywords.ts";

// The grammar of references (github.com/distribution/reference, regexp.go), here for their beginnings.
const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?`;
const COMPONENT = "/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const PATH = `(?:${COMPONENT})*`;
/** Without dot or port it would be none. */
const REGISTRY = `(?=localhost(?:[:/]|$)|[^/]*[.:])${HOST}`;

/** A registry, or a registry and the first components of its repositories. */
export const PREFIX = `^${REGISTRY}${PATH}$`;

/** A repository with its registry. */
export const REPOSITORY = `^${REGISTRY}(?:${COMPONENT})+$`;
/** The same in words. */
export const REPOSITORY_FORM = "HOST[:PORT]/REPOSITORY without a tag, such as registry.example.com/team/cache";

/** `HOST[:PORT][/PATH]`. */
export const MIRROR = `^${HOST}${PATH}$`;

export const RegistryRule = closed({
  mirrors: Type.Optional(
    Type.Array(
      Type.String({
        pattern: MIRROR,
        maxLength: 255,
        form: "HOST[:PORT][/PATH] without a scheme, such as cache.example.com/dockerhub",
      }),
      { minItems: 1, maxItems: 50, description: "Asked in this order. PATH is put in front of the repository." },
    ),
  ),
  insecure: Type.Optional(
    Type.Boolean({ description: "The registry is spoken to without checking its certificate, or without TLS." }),
  ),
  fallback: Type.Optional(
    Type.Boolean({ description: "Whether the registry itself is asked when no mirror delivers; default true." }),
  ),
});

export const RegistryRules = dict(RegistryRule, {
  keys: PREFIX,
  keyForm: "a registry or the beginning of its repositories, such as docker.io or docker.io/arm64v8",
  description: "By registry, or by the beginning of repositories: the longest one that fits counts.",
});
export type RegistryRules = Static<typeof RegistryRules>;

/** The user's own file. */
export const RegistriesFile = closed({ registries: Type.Optional(RegistryRules) });
export type RegistriesFile = Static<typeof RegistriesFile>;
