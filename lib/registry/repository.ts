import { REPOSITORY, REPOSITORY_FORM } from "../../spec/registries.ts";
import { AircrateError } from "../error.ts";
import { canonicalRegistry, isAddress, type Reference } from "../reference.ts";

export type Repository = Pick<Reference, "registry" | "repository">;

/** Reads `HOST[:PORT]/REPOSITORY`. @returns undefined when it is none, also when its host can be none */
export function readRepository(text: string): Repository | undefined {
  const slash = text.indexOf("/");
  const registry = text.slice(0, Math.max(slash, 0));
  if (text.length > 255 || !new RegExp(REPOSITORY).test(text) || !isAddress(registry)) return undefined;
  return { registry: canonicalRegistry(registry), repository: text.slice(slash + 1) };
}

/** As {@link readRepository}. @throws AircrateError usage */
export function parseRepository(text: string): Repository {
  const repository = readRepository(text);
  if (repository !== undefined) return repository;
  throw new AircrateError("usage", `${JSON.stringify(text.slice(0, 300))} is not a repository`, {
    hint: `write it as ${REPOSITORY_FORM}`,
  });
}

export function formatRepository({ registry, repository }: Repository): string {
  return `${registry}/${repository}`;
}
