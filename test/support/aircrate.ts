import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson } from "../../spec/decode.ts";
import { BuildReport } from "../../spec/report.ts";
import { onCleanup, tempDir } from "./cleanup.ts";
import { environment, killGroup, type RunResult, run, spawnGroup } from "./run.ts";
import { projectDir } from "./tools.ts";

/** The bundled program: `dist/bin/aircrate.js` where the tests are `dist/test`. */
export const PROGRAM = fileURLToPath(new URL("../../bin/aircrate.js", import.meta.url));

export interface AircrateOptions {
  /** Folder of the blob store, for AIRCRATE_STORE. */
  readonly store?: string;
  readonly cwd?: string;
  /** Added to the environment, of which nothing that aircrate reads is kept; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input of `run`; without it an empty one. */
  readonly input?: string;
  /** File mode creation mask of the process. */
  readonly umask?: number;
  /** Program that runs it, default this Node. */
  readonly node?: string;
  /** Runs it in a network namespace of its own, from which nothing can be reached, not even loopback; needs root. */
  readonly isolated?: boolean;
  /** Number of the user and the group that it runs as; only root may choose. */
  readonly user?: number;
}

/** aircrate as its users run it, with a store and a home of its own that go after the test. */
export interface Aircrate {
  readonly store: string;
  /** Runs it to its end, whatever its exit status. */
  run(args: readonly string[], options?: AircrateOptions): Promise<RunResult>;
  /** `build --json`, which has to succeed; gives the decoded report. */
  build(args: readonly string[], options?: AircrateOptions): Promise<BuildReport>;
  /** Starts it and lets it run. It is killed after the test. */
  start(args: readonly string[], options?: AircrateOptions): Running;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Waits until what is on standard error fits; in vain when it never does. */
  said(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** How a process came to its end: by a status or by a signal. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function aircrateFor(t: TestContext, defaults: AircrateOptions = {}): Aircrate {
  const dir = tempDir(t);
  mkdirSync(join(dir, "home"));
  const store = defaults.store ?? join(dir, "store");
  const withDefaults = (options: AircrateOptions = {}): AircrateOptions => {
    const { HOME = join(dir, "home"), ...env } = { ...defaults.env, ...options.env };
    return {
      ...{ store, cwd: projectDir(), ...defaults, ...options },
      env: { ...PRIVATE, HOME, XDG_RUNTIME_DIR: join(HOME, "run"), ...env },
    };
  };
  const aircrate: Aircrate = {
    store,
    run(args, options) {
      const [command, words, place] = commandLine(args, withDefaults(options));
      return run(command, words, { ...place, input: options?.input });
    },
    async build(args, options) {
      const { status, stdout, stderr } = await aircrate.run(["build", ...args, "--json"], options);
      if (status !== 0) throw new Error(`aircrate build ${args.join(" ")}: exit status ${status}\n${stderr}`);
      return decodeText(BuildReport, stdout);
    },
    start(args, options) {
      const [command, words, { cwd, env }] = commandLine(args, withDefaults(options));
      const child = spawnGroup(command, words, { cwd, env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
      onCleanup(t, () => killGroup(child, "SIGKILL"));
      const output = { stdout: "", stderr: "" };
      child.stdout?.on("data", (chunk) => {
        output.stdout += chunk;
      });
      child.stderr?.on("data", (chunk) => {
        output.stderr += chunk;
      });
      const ended = new Promise<Ended>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (status, signal) => resolve({ status, signal, ...output }));
      });
      return {
        pid: child.pid!,
        kill: (signal) => void child.kill(signal),
        async said(pattern) {
          while (!pattern.test(output.stderr)) await once(child.stderr!, "data");
        },
        ended,
      };
    },
  };
  return aircrate;
}

/** What the program reads, and what the test runner sets: none of it may come from whoever runs the tests. */
export const PRIVATE: AircrateOptions["env"] = {
  AIRCRATE_CACHE: undefined,
  AIRCRATE_CACHE_MODE: undefined,
  AIRCRATE_DEBUG: undefined,
  ALL_PROXY: undefined,
  AUTERION_DEVICE_ADDRESS: undefined,
  CI: undefined,
  DOCKER_CONFIG: undefined,
  FORCE_COLOR: undefined,
  HTTPS_PROXY: undefined,
  HTTP_PROXY: undefined,
  NODE_EXTRA_CA_CERTS: undefined,
  NO_COLOR: undefined,
  NO_PROXY: undefined,
  REGISTRY_AUTH_FILE: undefined,
  SOURCE_DATE_EPOCH: undefined,
  XDG_CACHE_HOME: undefined,
  XDG_CONFIG_HOME: undefined,
  NODE_OPTIONS: undefined,
  NODE_TEST_CONTEXT: undefined,
  all_proxy: undefined,
  http_proxy: undefined,
  https_proxy: undefined,
  no_proxy: undefined,
};

function commandLine(
  args: readonly string[],
  { store, cwd, env, umask, isolated, user, node = process.execPath }: AircrateOptions,
): [command: string, args: string[], place: Pick<AircrateOptions, "cwd" | "env">] {
  const words = [node, PROGRAM, ...args];
  if (user !== undefined) words.unshift("setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups");
  if (isolated === true) words.unshift("unshare", "--net", "--");
  // Node cannot set the mask of a child, the shell can.
  if (umask !== undefined) words.unshift("sh", "-c", `umask ${umask.toString(8)} && exec "$@"`, "sh");
  return [words[0]!, words.slice(1), { cwd, env: { AIRCRATE_STORE: store, ...env } }];
}

/** Decodes one JSON document that was printed, and refuses anything around it. */
export function decodeText<S extends TSchema>(schema: S, text: string): Static<S> {
  return decodeJson(schema, Buffer.from(text));
}

/** A folder for DOCKER_CONFIG with credentials for one registry, as `docker login` leaves it. */
export function dockerConfig(t: TestContext, host: string, login: { user: string; password: string }): string {
  const dir = tempDir(t);
  const auth = Buffer.from(`${login.user}:${login.password}`).toString("base64");
  writeFileSync(join(dir, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  return dir;
}

export const GALLERY = "examples/photo-gallery";

/** What the example makes. */
export const GALLERY_FACTS = {
  name: "com.example.photo-gallery:1.0.0",
  slug: "com.example.photo-gallery",
  version: "1.0.0",
  deviceTypes: ["skynode", "skynode-s"],
  tags: {
    camera: "com.example.photo-gallery.camera-control:1.0.0",
    gallery: "com.example.photo-gallery.gallery-service:1.0.0",
    janitor: "arm64v8/busybox:1.36",
  },
} as const;

/** A copy of the example application, to be changed. */
export function copyGallery(t: TestContext): string {
  const dir = join(tempDir(t), "photo-gallery");
  cpSync(join(projectDir(), GALLERY), dir, { recursive: true });
  return dir;
}

export function readText(...path: string[]): string {
  return readFileSync(join(...path), "utf8");
}
