import { resolve } from "node:path";
import type { ComposeBuild } from "../../spec/compose.ts";
import { didYouMean } from "../suggest.ts";
import { folderInProject, isInside } from "./files.ts";
import type { Places, Report } from "./places.ts";

/** An image that a Dockerfile describes. */
export interface BuildSource {
  readonly kind: "build";
  /** Absolute path of the folder; it exists and lies in the project. */
  readonly context: string;
  /** Absolute path inside the project; whether it exists is not checked here. */
  readonly dockerfile: string;
  readonly args: ReadonlyMap<string, string>;
  readonly target?: string;
}

interface BuildContext {
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly places: Places;
  readonly report: Report;
}

/** `build` of a Compose service, or undefined when what it names cannot be used. */
export async function readBuild(
  value: string | ComposeBuild,
  { directory, places, report }: BuildContext,
): Promise<BuildSource | undefined> {
  const build: ComposeBuild = typeof value === "string" ? { context: value } : value;
  const folder = build.context ?? ".";
  const place =
    typeof value === "string" || build.context === undefined ? places.of("build") : places.of("build", "context");
  const checked = await folderInProject(directory, folder);
  checkBuildKeys(build, places, report);
  const args = readArgs(build.args ?? {}, (key) => places.of("build", "args", key), report);
  if ("refused" in checked) {
    const remote = /^[a-z]+:\/\/|^git@/.test(folder);
    const hint = remote
      ? "contexts are folders of the project; clone the repository into it"
      : "name a folder inside the project";
    report(place, `build folder \`${folder}\` ${remote ? "is remote" : checked.refused}`, hint);
    return undefined;
  }
  const dockerfile = resolve(checked.path, build.dockerfile ?? "Dockerfile");
  if (!isInside(dockerfile, directory)) {
    report(places.of("build", "dockerfile"), `Dockerfile \`${build.dockerfile}\` lies outside the project folder`);
    return undefined;
  }
  const { target } = build;
  return { kind: "build", context: checked.path, dockerfile, args, ...(target !== undefined && { target }) };
}

const BUILD_KEYS = ["context", "dockerfile", "args", "target"];
/** Keys that only matter while RUN instructions are executed, or for the builder's cache. */
const WITHOUT_EFFECT = new Set([
  "cache_from",
  "cache_to",
  "entitlements",
  "extra_hosts",
  "isolation",
  "network",
  "no_cache",
  "privileged",
  "provenance",
  "pull",
  "sbom",
  "secrets",
  "shm_size",
  "ssh",
  "ulimits",
]);

function checkBuildKeys(build: ComposeBuild, places: Places, report: Report): void {
  for (const key of Object.keys(build)) {
    if (BUILD_KEYS.includes(key) || WITHOUT_EFFECT.has(key)) continue;
    const guess = didYouMean(key, BUILD_KEYS);
    report(
      places.of("build", key),
      `\`build\` key \`${key}\` is not supported${guess || ` (supported: ${BUILD_KEYS.join(", ")})`}`,
    );
  }
}

/** Build arguments of either form. Compose writes numbers and truth values as text. */
function readArgs(
  args: NonNullable<ComposeBuild["args"]>,
  place: (key: string | number) => string,
  report: Report,
): ReadonlyMap<string, string> {
  if (!Array.isArray(args)) return new Map(Object.entries(args).map(([key, value]) => [key, String(value)]));
  const found = new Map<string, string>();
  for (const [i, item] of args.entries()) {
    const equals = item.indexOf("=");
    if (equals > 0) found.set(item.slice(0, equals), item.slice(equals + 1));
    else
      report(
        place(i),
        `build argument \`${item}\` has no value`,
        "write NAME=VALUE: a build does not read the environment",
      );
  }
  return found;
}
