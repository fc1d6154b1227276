import { isDeepStrictEqual } from "node:util";
import type { Built } from "../support/builders.ts";
import { rootsOf, type SavedImage, whiteoutsOf } from "../support/image-root.ts";
import type { Case } from "./case.ts";

/** How two builders' results differ, or that one does not refuse what has to be refused; nothing when all is right. */
export function compare(ours: Built, real: Built, builder: string, { refused, merged }: Case): string[] {
  if (refused === "by all or none" && "refused" in ours && "refused" in real) return [];
  if (refused === true) {
    return Object.entries({ aircrate: ours, [builder]: real }).flatMap(([name, built]) =>
      "refused" in built ? [] : [`${name} does not refuse it`],
    );
  }
  if ("refused" in real) return [`${builder} refuses it: ${real.refused}`];
  if ("refused" in ours) return [`aircrate refuses it: ${ours.refused}`];
  const isMerged = merged !== undefined;
  const [made, expected] = [describe(ours.image, isMerged), describe(real.image, isMerged)];
  return [
    ...without(expected, made).map((line) => `only by ${builder}: ${line}`),
    ...without(made, expected).map((line) => `only by aircrate: ${line}`),
  ];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}

/** Says what a builder made, without what no two builders share: times, digests, the words of the history. */
function describe(image: SavedImage, merged: boolean): string[] {
  const { config } = image;
  const { history, layers } = withoutIdle(image);
  const roots = rootsOf(layers);
  const lines = [`platform ${config.os}/${config.architecture}`, ...describeSettings(config.config ?? {})];
  if (merged) return [...lines, ...(roots.at(-1) ?? [])];
  for (const [i, layer] of layers.entries()) {
    const add = (what: string, found: readonly string[]) =>
      lines.push(...found.map((line) => `layer ${i} ${what} ${line}`));
    add(
      "has",
      layer.filter(({ type }) => type !== "directory").map(({ path }) => path),
    );
    add("hides", whiteoutsOf(layer));
    add("gives", roots[i]!);
  }
  return [...lines, `history ${history.join(", ")}`, `layers ${layers.length}`];
}

/**
 * A layer that changes nothing says no more than none: BuildKit makes one for a WORKDIR that is there, and whether one
 * has nothing in it or the folders on the way is all the same.
 */
function withoutIdle({ config, layers }: SavedImage): { history: string[]; layers: SavedImage["layers"] } {
  const roots = rootsOf(layers);
  const isIdle = layers.map(
    (layer, i) => layer.every(({ type }) => type === "directory") && isDeepStrictEqual(roots[i], roots[i - 1] ?? []),
  );
  let next = -1;
  const history = (config.history ?? []).map(({ empty_layer = false }) => {
    if (!empty_layer) next += 1;
    return empty_layer || isIdle[next] === true ? "config" : "layer";
  });
  return { history, layers: layers.filter((_, i) => isIdle[i] !== true) };
}

const SETTINGS = [
  "Cmd",
  "Entrypoint",
  "Env",
  "ExposedPorts",
  "Healthcheck",
  "Labels",
  "OnBuild",
  "Shell",
  "StopSignal",
  "User",
  "Volumes",
  "WorkingDir",
] as const;

/** The settings of a config; an empty one means the same as none. */
function describeSettings(config: Readonly<Record<string, unknown>>): string[] {
  // Docker 20.10 leaves out that nothing works in `/`.
  const { WorkingDir, ...rest } = config;
  const settings: typeof config = { ...rest, ...(WorkingDir !== "/" && { WorkingDir }) };
  return SETTINGS.filter((key) => !isEmpty(settings[key])).map((key) => `config ${key} ${inOrder(settings[key])}`);
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

/** JSON with the keys of mappings in order. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, found: unknown) =>
    found !== null && typeof found === "object" && !Array.isArray(found)
      ? Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
      : found,
  );
}
