import { posix } from "node:path";
import type { ContainerConfig, Healthcheck, HistoryEntry } from "../../spec/oci-config.ts";
import { AircrateError } from "../error.ts";
import { argvOf, shellOf } from "./argv.ts";
import { createdBy } from "./history.ts";
import { checkShell } from "./run/config-shell.ts";
import type { Command, Entry, Health, Step } from "./types.ts";

/** PATH of an image whose config has none, as Docker sets it for what is built on Linux. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const WITH_FILES: ReadonlySet<Step["kind"]> = new Set(["copy", "add", "run", "workdir"]);

/** A step together with what it does to the config, and what the layer of a step needs to know. */
export interface ConfiguredStep {
  readonly step: Step;
  /**
   * Without times. `empty_layer` is set for steps that can never have a layer; for WORKDIR, which makes its folder when
   * the image has none, it is left to who builds the layer.
   */
  readonly history: HistoryEntry;
  /**
   * COPY, ADD: where it goes, absolute; a slash or `/.` at its end is kept, as it means a folder. WORKDIR: its folder,
   * absolute and without `.`, `..` or a slash at its end. RUN: the folder that it works in, in the same form. Other steps
   * have none.
   */
  readonly path?: string;
  /** The user of the config at this step: the owner of a folder that WORKDIR makes, and whom RUN works as. Blank is root. */
  readonly user: string;
}

export interface ConfiguredStage {
  readonly config: ContainerConfig;
  /** From MAINTAINER, for `author` of the image config. */
  readonly author?: string;
  readonly steps: readonly ConfiguredStep[];
}

/**
 * The config that a Dockerfile goes on from, as BuildKit has it: PATH is always set, and nothing (FROM scratch) works
 * in `/`. What the base's config holds beyond that is kept.
 *
 * @param where the FROM instruction
 * @throws AircrateError input when the base has ONBUILD instructions, which would have to be run now
 */
export function inheritConfig(base: ContainerConfig | null | undefined, where: string): ContainerConfig {
  const { OnBuild, ...config } = base ?? { WorkingDir: "/" };
  if (OnBuild !== undefined && OnBuild !== null && OnBuild.length > 0) {
    throw new AircrateError("input", "the base image has ONBUILD instructions, which are not supported", {
      where,
      reason: OnBuild.map((instruction) => `ONBUILD ${instruction}`),
      hint: "take the base image without them (images often have a tag for that), and write here what they do",
    });
  }
  const env = config.Env ?? [];
  return env.some((entry) => nameOf(entry) === "PATH") ? config : { ...config, Env: [...env, `PATH=${DEFAULT_PATH}`] };
}

/** The environment of a config, for `evaluateChain`. */
export function environmentOf(config: ContainerConfig): Map<string, string> {
  return new Map((config.Env ?? []).map((entry) => [nameOf(entry), entry.slice(nameOf(entry).length + 1)]));
}

/**
 * Applies the steps of one stage to the config of what it is FROM. Apply the stages of a chain one after the other: a CMD
 * counts as inherited, and goes when ENTRYPOINT is set, unless it stands in the same stage.
 *
 * Nothing of `config` is changed. Maps come out in the order of their keys' bytes.
 */
export function configureStage(config: ContainerConfig, steps: readonly Step[]): ConfiguredStage {
  const draft = draftOf(config);
  const configured = steps.map((step) => configure(draft, step));
  const { env, labels, ports, volumes, author } = draft;
  return {
    config: {
      ...draft.config,
      ...(env.entries.length > 0 && { Env: env.entries }),
      ...(labels.size > 0 && { Labels: sorted(labels) }),
      ...(ports.size > 0 && { ExposedPorts: sorted(ports) }),
      ...(volumes.size > 0 && { Volumes: sorted(volumes) }),
    },
    steps: configured,
    ...(author !== undefined && { author }),
  };
}

/** A destination of COPY or ADD, or a WORKDIR path, seen from a working folder. The result is absolute. */
export function resolvePath(workingDir: string | undefined, path: string): string {
  if (path.startsWith("/")) return path;
  const folder = posix.join("/", workingDir ?? "", path === "" ? "." : path).replace(/(?<=.)\/$/, "");
  if (path === "" || path.endsWith("/") || path === ".") return folder === "/" ? folder : `${folder}/`;
  return path.endsWith("/.") ? `${folder === "/" ? "" : folder}/.` : folder;
}

/** A config while its steps are applied: what grows is kept in a form that grows cheaply. */
interface Draft {
  readonly config: ContainerConfig;
  readonly env: DraftEnv;
  readonly labels: Map<string, string>;
  readonly ports: Map<string, object>;
  readonly volumes: Map<string, object>;
  cmdSet: boolean;
  author?: string;
}

interface DraftEnv {
  readonly entries: string[];
  /** Index in `entries` of the first entry of each name: Docker replaces that one. */
  readonly index: Map<string, number>;
}

function draftOf(config: ContainerConfig): Draft {
  return {
    config: { ...config },
    env: draftEnv(config.Env ?? []),
    labels: new Map(Object.entries(config.Labels ?? {})),
    ports: new Map(Object.entries(config.ExposedPorts ?? {})),
    volumes: new Map(Object.entries(config.Volumes ?? {})),
    cmdSet: false,
  };
}

function configure(draft: Draft, step: Step): ConfiguredStep {
  const path = apply(draft, step);
  const { config } = draft;
  return {
    step,
    history: { created_by: createdBy(step, config), ...(!WITH_FILES.has(step.kind) && { empty_layer: true }) },
    user: config.User ?? "",
    ...(path !== undefined && { path }),
  };
}

/** Applies a step; returns the path that its layer is about. */
function apply(draft: Draft, step: Step): string | undefined {
  const { config } = draft;
  switch (step.kind) {
    case "copy":
    case "add":
      return resolvePath(config.WorkingDir, step.destination);
    case "workdir": {
      config.WorkingDir = workingDir(config.WorkingDir, step.path);
      return posix.normalize(config.WorkingDir).replace(/(?<=.)\/+$/, "");
    }
    case "env":
      for (const entry of step.entries) setEnv(draft.env, entry);
      return undefined;
    case "label":
      for (const [name, value] of step.entries) draft.labels.set(name, value);
      return undefined;
    case "user":
      config.User = step.user;
      return undefined;
    case "expose":
      for (const port of step.ports) draft.ports.set(port, {});
      return undefined;
    case "volume":
      for (const path of step.paths) draft.volumes.set(path, {});
      return undefined;
    case "cmd":
      draft.cmdSet = true;
      setArgv(config, "Cmd", step.command);
      return undefined;
    case "entrypoint":
      setArgv(config, "Entrypoint", step.command);
      if (!draft.cmdSet) delete config.Cmd;
      return undefined;
    case "shell":
      config.Shell = [...step.argv];
      return undefined;
    case "stopsignal":
      config.StopSignal = step.signal;
      return undefined;
    case "healthcheck":
      config.Healthcheck = healthcheck(step.health);
      return undefined;
    case "maintainer":
      draft.author = step.name;
      return undefined;
    case "run":
      if (step.configShell) checkShell(step, shellOf(config));
      return posix.resolve("/", config.WorkingDir ?? "");
    case "arg":
      return undefined;
  }
}

/** As Docker: an absolute path is kept as it is written, a relative one is joined and cleaned. */
function workingDir(current: string | undefined, path: string): string {
  if (path.startsWith("/")) return path;
  return posix.join("/", current ?? "", path).replace(/(?<=.)\/$/, "");
}

function draftEnv(env: readonly string[]): DraftEnv {
  const index = new Map<string, number>();
  for (const [at, entry] of env.entries()) if (!index.has(nameOf(entry))) index.set(nameOf(entry), at);
  return { entries: [...env], index };
}

function setEnv({ entries, index }: DraftEnv, [name, value]: Entry): void {
  const at = index.get(name) ?? entries.length;
  index.set(name, at);
  entries[at] = `${name}=${value}`;
}

function nameOf(entry: string): string {
  return entry.split("=", 1)[0]!;
}

/** An empty command is left out of a config, as Go's encoder does. */
function setArgv(config: ContainerConfig, key: "Cmd" | "Entrypoint", command: Command): void {
  const argv = argvOf(command, config);
  if (argv.length > 0) config[key] = argv;
  else delete config[key];
}

function healthcheck(health: Health): Healthcheck {
  return {
    Test: [...health.test],
    ...(health.interval !== undefined && { Interval: health.interval }),
    ...(health.timeout !== undefined && { Timeout: health.timeout }),
    ...(health.startPeriod !== undefined && { StartPeriod: health.startPeriod }),
    ...(health.startInterval !== undefined && { StartInterval: health.startInterval }),
    ...(health.retries !== undefined && { Retries: health.retries }),
  };
}

/** In the order of the keys' bytes. Object.fromEntries makes own properties of all keys, `__proto__` among them. */
function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  const entries = [...map].map(([key, value]) => ({ key, value, bytes: Buffer.from(key) }));
  entries.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
}
