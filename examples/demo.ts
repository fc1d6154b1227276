/**
 * What `npm run demo` does after the build: the photo gallery becomes a package, which is then proved and shown. The
 * commands are those of a user; only the registry behind `--mirror` is one that this process runs, on loopback, with a
 * small generated base image in it. Neither network nor root is needed, and nothing but the package stays behind.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEmbeddedRegistry } from "../test/support/embedded-registry.ts";
import { seedDemo } from "../test/support/generated-base.ts";

const PACKAGE = "build/com.example.photo-gallery-1.0.0.auterionos";

process.exitCode = await demo();

/** Returns the exit status: 0, or that of the first command that failed. */
async function demo(): Promise<number> {
  const root = projectRoot();
  const store = await mkdtemp(join(tmpdir(), "aircrate-demo-"));
  // Anonymous tokens for everybody, as Docker Hub gives them out.
  const registry = await startEmbeddedRegistry({ auth: { mode: "token", anonymous: true } });
  try {
    seedDemo(registry);
    console.log(`A registry with a small generated base image listens on ${registry.host} for as long as this runs.`);
    for (const args of [
      ["build", "examples/photo-gallery", "-o", PACKAGE, "--mirror", `docker.io=${registry.host}`],
      ["verify", PACKAGE],
      ["inspect", PACKAGE],
    ]) {
      const status = await aircrate(args, { root, store });
      if (status !== 0) return status;
    }
    return 0;
  } finally {
    await registry.close();
    await rm(store, { recursive: true, force: true });
  }
}

/** Prints a command, runs it in the project's folder and resolves to its exit status. */
async function aircrate(args: readonly string[], { root, store }: { root: string; store: string }): Promise<number> {
  console.log(`\n$ npx aircrate ${args.join(" ")}`);
  const child = spawn(process.execPath, [join("dist", "bin", "aircrate.js"), ...args], {
    cwd: root,
    env: { ...process.env, ...withoutProxy(), AIRCRATE_STORE: store },
    stdio: "inherit",
  });
  // The child decides how it ends; this process waits for that and then clears up. Ctrl-C reaches the child by itself.
  const wait = () => undefined;
  const terminate = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", terminate);
  try {
    const [status, signal]: [number | null, NodeJS.Signals | null] = (await once(child, "exit")) as never;
    return status ?? 128 + constants.signals[signal ?? "SIGKILL"];
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", terminate);
  }
}

/** The registry is on this machine: no proxy that the user may have set can reach it. */
function withoutProxy(): NodeJS.ProcessEnv {
  const exceptions = process.env.NO_PROXY ?? process.env.no_proxy ?? "";
  const value = exceptions === "" ? "127.0.0.1" : `${exceptions},127.0.0.1`;
  return { NO_PROXY: value, no_proxy: value };
}

/** The folder of the project, found upwards from this file: it is one level deeper once it is compiled. */
function projectRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let dir = here; dir !== dirname(dir); dir = dirname(dir)) {
    const file = join(dir, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "aircrate") return dir;
  }
  throw new Error(`${here}: not inside a checkout of aircrate`);
}
