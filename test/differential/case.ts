/** A Dockerfile and a context that all builders are given, and what is known of the builders. */
export interface Case {
  readonly name: string;
  /** `@base` stands for the base image's reference. */
  readonly dockerfile: string;
  /** See `writeTree`. */
  readonly context?: readonly string[];
  /** Further files of the context, with their content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Every builder has to refuse it. */
  readonly refused?: boolean;
  /** Why buildah's word does not count here: what it does otherwise than BuildKit, or lacks. */
  readonly notBuildah?: string;
  /** Why docker's word does not count here. */
  readonly notDocker?: string;
  /** The same in words that the real builders know: they are given this Dockerfile instead. */
  readonly inOldWords?: string;
  /** Layers do not correspond, only what they come to in the end: the reason. */
  readonly merged?: string;
}
