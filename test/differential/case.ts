import type { BUILDAH, DIFFERENCES, DOCKER } from "./differences.ts";

/** A Dockerfile and a context that all builders are given, and what is known of the builders. */
export interface Case {
  readonly name: string;
  /** `@base` and `@runnable` stand for references to the base image, `@web` for the address of a web server. */
  readonly dockerfile: string;
  /** See `writeTree`. */
  readonly context?: readonly string[];
  /** Further files, with their content. Names are relative to the context; the Dockerfile is `../Dockerfile`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** It is built for this machine's own platform, for which there is `@runnable`. */
  readonly runnable?: boolean;
  /** Every builder has to refuse it; or, of a case that was made up, whoever does is not alone. */
  readonly refused?: true | "by all or none";
  /** The same in words that the real builders know: they are given this Dockerfile instead. */
  readonly inOldWords?: string;
  /** Only what the layers come to is compared: the reason. */
  readonly merged?: string;
  /** Builders whose word does not count here. */
  readonly notBuildah?: keyof typeof BUILDAH;
  readonly notDocker?: keyof typeof DOCKER;
  /** Aircrate has to differ here. */
  readonly differs?: keyof typeof DIFFERENCES;
}

/** One instruction or several on the base image. */
export function onBase(name: string, instructions: string, rest: Partial<Case> = {}): Case {
  return { name, dockerfile: `FROM @base\n${instructions}\n`, ...rest };
}
