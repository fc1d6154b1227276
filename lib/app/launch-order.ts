export interface Dependent {
  readonly name: string;
  /** Names of services that start earlier. Every one exists. */
  readonly dependsOn: readonly string[];
}

export type LaunchOrder =
  /** Services of one wave start together, each wave after the one before; inside a wave they keep their order. */
  | { readonly waves: readonly (readonly string[])[] }
  /** Services that wait for one another, the first one again at the end. */
  | { readonly cycle: readonly string[] };

/** The order in which compose starts services: each as early as those it depends on allow. */
export function launchOrder(services: readonly Dependent[]): LaunchOrder {
  const position = new Map(services.map(({ name }, i) => [name, i]));
  const waiting = new Map(services.map(({ name, dependsOn }) => [name, new Set(dependsOn)]));
  const dependents = new Map<string, string[]>(services.map(({ name }) => [name, []]));
  for (const { name, dependsOn } of services) for (const other of new Set(dependsOn)) dependents.get(other)?.push(name);

  const waves: string[][] = [];
  let wave = services.filter(({ dependsOn }) => dependsOn.length === 0).map(({ name }) => name);
  while (wave.length > 0) {
    waves.push(wave);
    const next: string[] = [];
    for (const name of wave) {
      waiting.delete(name);
      for (const dependent of dependents.get(name)!) {
        const left = waiting.get(dependent)!;
        left.delete(name);
        if (left.size === 0) next.push(dependent);
      }
    }
    wave = next.sort((a, b) => position.get(a)! - position.get(b)!);
  }
  return waiting.size === 0 ? { waves } : { cycle: findCycle(waiting) };
}

/** Every service that still waits does so for another one that waits: following them has to come back. */
function findCycle(waiting: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const path: string[] = [];
  const seen = new Map<string, number>();
  let [name] = waiting.keys();
  while (name !== undefined && !seen.has(name)) {
    seen.set(name, path.length);
    path.push(name);
    [name] = waiting.get(name)!;
  }
  return name === undefined ? path : [...path.slice(seen.get(name)!), name];
}
