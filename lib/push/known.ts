import type { Digest } from "../digest.ts";
import { parseReference } from "../reference.ts";
import type { Repository } from "../registry/repository.ts";
import type { Store } from "../store/layout.ts";
import { createReach } from "../store/reach.ts";
import { surveyStore } from "../store/survey.ts";

/** Which repositories of a registry have a blob, or may have it: where it can be mounted from. */
export interface KnownBlobs {
  has(place: Repository, digest: Digest): boolean;
  add(place: Repository, digest: Digest): void;
  /** Another repository of the registry that should have it. */
  elsewhere(place: Repository, digest: Digest): string | undefined;
}

/**
 * Begins with what the store recorded of its references: the repositories that images were pulled from, and behind them
 * those that local tags name, which somebody may have pushed. A guess that is wrong costs nothing: a registry that cannot
 * mount begins the upload.
 */
export async function createKnownBlobs(store: Store): Promise<KnownBlobs> {
  const pushed = new Set<string>();
  const repositories = new Map<string, Set<string>>();
  const note = ({ registry, repository }: Repository, digest: Digest) => {
    const key = `${registry} ${digest}`;
    repositories.set(key, (repositories.get(key) ?? new Set()).add(repository));
  };
  const survey = await surveyStore(store);
  const reach = createReach(store, survey);
  const records = survey.references.map(({ record }) => record);
  for (const record of [...records.filter(({ local }) => !local), ...records.filter(({ local }) => local)]) {
    const { config, layers } = await reach(record);
    const place = parseReference(record.reference);
    for (const digest of [...(config === undefined ? [] : [config]), ...layers.map((layer) => layer.digest)]) {
      note(place, digest);
    }
  }
  const keyOf = ({ registry, repository }: Repository, digest: Digest) => `${registry}/${repository}@${digest}`;
  return {
    has: (place, digest) => pushed.has(keyOf(place, digest)),
    add(place, digest) {
      pushed.add(keyOf(place, digest));
      note(place, digest);
    },
    elsewhere: (place, digest) =>
      [...(repositories.get(`${place.registry} ${digest}`) ?? [])].find((one) => one !== place.repository),
  };
}
