import type { TrapCode } from "../../spec/traps.ts";
import { suggest } from "../suggest.ts";

/** Platforms of images that AuterionOS devices run. */
export type DevicePlatform = "linux/arm64" | "linux/amd64";

/** Device types as Mender knows them, and what their containers run on. */
const PLATFORMS: ReadonlyMap<string, DevicePlatform> = new Map([
  ["skynode", "linux/arm64"],
  ["skynode-s", "linux/arm64"],
  ["jetson", "linux/arm64"],
  ["jetsononx", "linux/arm64"],
  ["arkjetson", "linux/arm64"],
  ["dacnode", "linux/arm64"],
  ["rb5", "linux/arm64"],
  ["simulation", "linux/amd64"],
]);

/** Names of products that manifests use for a device type. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["ainode", "jetson"],
  ["ainode-onx", "jetsononx"],
  ["skynode-n", "arkjetson"],
]);

export interface Targets {
  /** Device types without repetition, in the order of the manifest. */
  readonly deviceTypes: readonly string[];
  readonly platform: DevicePlatform;
}

/** Why targets are refused; `index` is that of the target. */
export interface TargetProblem {
  readonly index: number;
  readonly message: string;
  readonly hint: string;
  readonly trap?: TrapCode;
}

/**
 * What the names in `target-platform` stand for. Auterion's tool has the same aliases, and builds one architecture at a
 * time.
 */
export function resolveTargets(names: readonly string[]): Targets | readonly TargetProblem[] {
  const problems: TargetProblem[] = [];
  const deviceTypes = new Set<string>();
  let platform: DevicePlatform | undefined;
  for (const [index, name] of names.entries()) {
    const deviceType = ALIASES.get(name) ?? name;
    const own = PLATFORMS.get(deviceType);
    if (own === undefined) {
      problems.push(unknownDevice(index, name));
      continue;
    }
    deviceTypes.add(deviceType);
    platform ??= own;
    if (own === platform) continue;
    problems.push({
      index,
      message: `the targets have several architectures: \`${name}\` is ${own}, the ones before are ${platform}`,
      hint: "build one package for each: take `simulation` out of the list and build it with --simulation",
      trap: "AC005",
    });
  }
  return platform === undefined || problems.length > 0 ? problems : { deviceTypes: [...deviceTypes], platform };
}

function unknownDevice(index: number, name: string): TargetProblem {
  const known = [...PLATFORMS.keys(), ...ALIASES.keys()];
  const guess = suggest(name, known);
  const message = `unknown device \`${name}\`${guess === undefined ? "" : `: did you mean \`${guess}\`?`}`;
  return { index, message, hint: `known devices: ${known.join(", ")}` };
}
