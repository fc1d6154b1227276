import { AircrateError } from "./error.ts";

/** What an image runs on. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

export const ARM64: Platform = { os: "linux", architecture: "arm64" };

/** `linux/arm64` or `linux/arm64/v8`. @throws AircrateError usage */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, more] = text.split("/");
  if (!os || !architecture || variant === "" || more !== undefined) {
    throw new AircrateError("usage", `"${text}" is not a platform`, { hint: "write it as linux/arm64 or linux/amd64" });
  }
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/**
 * A platform to build for, as users write it. As container tools have it, `linux/arm64/v8` is `linux/arm64` (containerd
 * platforms, Normalize).
 *
 * @throws AircrateError usage, also for several at once
 */
export function parseTargetPlatform(text: string): Platform {
  const { os, architecture, variant = "" } = parsePlatform(text);
  if (text.includes(",")) {
    throw new AircrateError("usage", "an image is for one platform", {
      where: text,
      hint: "give each a tag of its own",
    });
  }
  return architecture === "arm64" && plainV8(variant) === "" ? { os, architecture } : parsePlatform(text);
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined || variant === "" ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * How well an image's platform serves the wanted one: 0 not at all, 1 equal in effect, 2 exactly equal. On arm64 the
 * variant `v8` and no variant mean the same (image-spec image-index.md, "Platform Variants"). A 32-bit arm image never
 * serves arm64: it would only fail when the container starts.
 */
export function platformMatch(wanted: Platform, found: Platform): 0 | 1 | 2 {
  if (wanted.os !== found.os || wanted.architecture !== found.architecture) return 0;
  const a = wanted.variant ?? "";
  const b = found.variant ?? "";
  if (a === b) return 2;
  return wanted.architecture === "arm64" && plainV8(a) === plainV8(b) ? 1 : 0;
}

function plainV8(variant: string): string {
  return variant === "v8" || variant === "8" ? "" : variant;
}
