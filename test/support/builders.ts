import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "./cleanup.ts";
import { dockerdFor } from "./dockerd.ts";
import { readSavedImage, type SavedImage } from "./image-root.ts";
import { run } from "./run.ts";
import { requireRoot, requireThat, requireTool } from "./tools.ts";

/** What is built: a Dockerfile in a context. */
export interface BuildRequest {
  readonly context: string;
  /** Path of the Dockerfile. */
  readonly file: string;
  readonly platform: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** The image, or what the builder said when it refused. */
export type Built = { readonly image: SavedImage } | { readonly refused: string };

/** Builds with a real tool. */
export type Builder = (request: BuildRequest) => Promise<Built>;

export interface Builders {
  /** `docker build` with BuildKit, of Debian's dockerd 20.10. */
  readonly docker: Builder;
  /** `buildah bud --layers`, of Debian's buildah 1.28. */
  readonly buildah: Builder;
}

/** Both builders with storage of their own, removed after the test; undefined when the test has been skipped. */
export async function buildersFor(t: TestContext): Promise<Builders | undefined> {
  const docker = await dockerFor(t);
  const buildah = docker && (await buildahFor(t));
  return docker && buildah && { docker, buildah };
}

async function dockerFor(t: TestContext): Promise<Builder | undefined> {
  const dockerd = await dockerdFor(t);
  if (dockerd === undefined) return undefined;
  const dir = tempDir(t);
  let count = 0;
  return async (request) => {
    count += 1;
    const [name, archive] = [`case-${count}`, join(dir, `${count}.tar`)];
    const args = ["build", "--quiet", "--network", "none", ...options(request), "--tag", name, request.context];
    const { status, stderr } = await dockerd.tryDocker(args, { env: { DOCKER_BUILDKIT: "1" } });
    if (status !== 0) return { refused: stderr };
    await dockerd.docker(["save", "--output", archive, name]);
    return { image: await readSavedImage(archive) };
  };
}

/** Isolation by chroot makes no namespaces: it works where containers do not. */
async function buildahFor(t: TestContext): Promise<Builder | undefined> {
  if (!requireRoot(t) || !requireTool(t, "buildah")) return undefined;
  const dir = tempDir(t);
  const faults: string[] = [];
  for (const driver of ["overlay", "vfs"]) {
    const { status, stderr } = await run("buildah", [...storageOptions(join(dir, driver, "probe"), driver), "info"]);
    if (status === 0) return buildahIn(join(dir, driver), driver);
    faults.push(`with ${driver}: ${stderr}`);
  }
  requireThat(t, `buildah does not work\n${faults.join("\n")}`);
  return undefined;
}

function buildahIn(dir: string, driver: string): Builder {
  // Builds in one storage wait for each other, and not for a short time: each that runs beside others has its own.
  const idle: string[] = [];
  let storages = 0;
  let count = 0;
  return async (request) => {
    const storage = idle.pop() ?? join(dir, `${++storages}`);
    const buildah = (args: readonly string[]) =>
      run("buildah", [...storageOptions(storage, driver), ...args], {
        env: { TMPDIR: dir, BUILDAH_ISOLATION: "chroot" },
      });
    count += 1;
    const [name, archive] = [`case-${count}`, join(dir, `${count}.tar`)];
    try {
      // What it keeps of layers does not tell values of ARG apart.
      const form = ["--layers", "--no-cache", "--format", "docker", "--identity-label=false", "--tls-verify=false"];
      const { status, stderr } = await buildah(["bud", ...form, ...options(request), "--tag", name, request.context]);
      if (status !== 0) return { refused: stderr };
      const pushed = await buildah(["push", name, `docker-archive:${archive}`]);
      if (pushed.status !== 0) throw new Error(`buildah push: ${pushed.stderr}`);
      return { image: await readSavedImage(archive) };
    } finally {
      idle.push(storage);
    }
  };
}

function storageOptions(storage: string, driver: string): string[] {
  return ["--root", join(storage, "root"), "--runroot", join(storage, "run"), "--storage-driver", driver];
}

function options({ file, platform, args = {}, target }: BuildRequest): string[] {
  const buildArgs = Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  const stage = target === undefined ? [] : ["--target", target];
  return ["--file", file, "--platform", platform, ...buildArgs, ...stage];
}
