/** `TYPE:NAME:ACTION,...`; a name may hold colons. */
const SCOPE = /^([^: ]+):([^ ]+):([^: ]*)$/;

/**
 * Joins scopes (distribution docs, "Token Scope Documentation"): each resource once, with all actions that any of them
 * names, in the order of their first mention. What is not of that form is left out.
 *
 * @param texts scopes separated by spaces
 */
export function mergeScopes(...texts: readonly (string | undefined)[]): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of texts.flatMap((text) => text?.split(" ") ?? [])) {
    const [, type, name, list] = SCOPE.exec(scope) ?? [];
    if (list === undefined) continue;
    const resource = `${type}:${name}`;
    const known = actions.get(resource) ?? new Set();
    for (const action of list.split(",")) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, known]) => `${resource}:${[...known].join(",")}`);
}
