import type { Platform } from "../platform.ts";

/**
 * The arguments that Docker predefines above the first FROM; a stage sees one after `ARG NAME`. Nothing is executed
 * here, so there is no machine that builds: the BUILD* ones say the same as the TARGET* ones, and
 * `FROM --platform=$BUILDPLATFORM` takes the image of the target.
 *
 * As in Docker the platform is normalised: arm64 has no variant v8.
 */
export function predefinedArgs(platform: Platform, targetStage: string): Map<string, string> {
  const { os, architecture } = platform;
  const plain = architecture === "arm64" && (platform.variant === "v8" || platform.variant === "8");
  const variant = plain ? "" : (platform.variant ?? "");
  const whole = variant === "" ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
  const args = new Map<string, string>();
  for (const side of ["BUILD", "TARGET"]) {
    args.set(`${side}PLATFORM`, whole);
    args.set(`${side}OS`, os);
    args.set(`${side}OSVERSION`, "");
    args.set(`${side}ARCH`, architecture);
    args.set(`${side}VARIANT`, variant);
  }
  return args.set("TARGETSTAGE", targetStage === "" ? "default" : targetStage);
}

const PROXIES: ReadonlySet<string> = new Set(["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]);

/** Whether a build argument has a meaning to Docker without any ARG: proxies, and what steers BuildKit itself. */
export function isBuilderArg(name: string): boolean {
  if (name === "SOURCE_DATE_EPOCH" || name.startsWith("BUILDKIT_")) return true;
  return PROXIES.has(name.toLowerCase()) && (name === name.toLowerCase() || name === name.toUpperCase());
}
