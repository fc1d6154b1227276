import { accessSync, constants, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";

/** The part of a test's context that is needed here. */
export interface Skippable {
  skip(reason: string): void;
}

/** Tools that tests use and the Debian 12 packages that bring them; `.ci/run` installs every one. */
export const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["apt-cache", "apt"],
  ["apt-get", "apt"],
  ["bash", "bash"],
  ["bsdtar", "libarchive-tools"],
  ["buildah", "buildah"],
  ["busybox", "busybox-static"],
  ["bzip2", "bzip2"],
  ["capsh", "libcap2-bin"],
  ["containerd", "containerd"],
  ["ctr", "containerd"],
  ["chromium", "chromium"],
  ["chroot", "coreutils"],
  ["curl", "curl"],
  ["dash", "dash"],
  ["docker", "docker.io"],
  ["docker-registry", "docker-registry"],
  ["dockerd", "docker.io"],
  ["dpkg-deb", "dpkg"],
  ["fish", "fish"],
  ["getcap", "libcap2-bin"],
  ["getfattr", "attr"],
  ["gzip", "gzip"],
  ["htpasswd", "apache2-utils"],
  ["ldd", "libc-bin"],
  ["make", "make"],
  ["mender", "mender-client"],
  ["mender-artifact", "mender-artifact"],
  ["mke2fs", "e2fsprogs"],
  ["mount", "mount"],
  ["openssl", "openssl"],
  ["pigz", "pigz"],
  ["podman", "podman"],
  ["python3", "python3"],
  ["qemu-aarch64-static", "qemu-user-static"],
  ["runc", "runc"],
  ["script", "bsdutils"],
  ["setcap", "libcap2-bin"],
  ["setpriv", "util-linux"],
  ["skopeo", "skopeo"],
  ["tar", "tar"],
  ["tinyproxy", "tinyproxy-bin"],
  ["umoci", "umoci"],
  ["unshare", "util-linux"],
  ["xz", "xz-utils"],
  ["zsh", "zsh"],
  ["zstd", "zstd"],
]);

/** Debian's docker client: a newer one earlier in PATH would not be what CI tests with. */
export const DOCKER = "/usr/bin/docker";

/** Path of a tool of the table above, if it is installed. Folders of administration tools count, in PATH or not. */
export function findTool(name: string): string | undefined {
  if (!PACKAGES.has(name)) throw new Error(`${name}: not in the table of tools and packages`);
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/sbin", "/sbin");
  const paths = name === "docker" ? [DOCKER] : folders.filter((dir) => dir !== "").map((dir) => join(dir, name));
  return paths.find(isExecutable);
}

/**
 * True when every tool is installed. Else the test is skipped with a reason that names tool and package, and the
 * caller returns: `if (!requireTool(t, "skopeo")) return;`. With AIRCRATE_REQUIRE_TOOLS=1 it throws instead, so the
 * test fails.
 */
export function requireTool(t: Skippable, ...names: string[]): boolean {
  const missing = names.filter((name) => findTool(name) === undefined);
  const list = missing.map((name) => `${name} (Debian package ${PACKAGES.get(name)})`).join(", ");
  return requireThat(t, missing.length === 0 ? undefined : `not installed: ${list}`);
}

/** As `requireTool`, for tests that mount or start containers. */
export function requireRoot(t: Skippable): boolean {
  const root = process.platform === "linux" && process.getuid?.() === 0;
  return requireThat(t, root ? undefined : "needs Linux and root (mounts, containers)");
}

/** True without a reason; with one the test is skipped, or fails with AIRCRATE_REQUIRE_TOOLS=1. */
export function requireThat(t: Skippable, reason: string | undefined): boolean {
  if (reason === undefined) return true;
  if (process.env.AIRCRATE_REQUIRE_TOOLS === "1") throw new Error(`AIRCRATE_REQUIRE_TOOLS=1, but ${reason}`);
  t.skip(reason);
  return false;
}

/** A loopback TCP port that was free just now. Whoever can listen on port 0 should do that instead. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** The project's folder, found upwards from where the tests were started (compiled tests lie elsewhere). */
export function projectDir(): string {
  for (let dir = process.cwd(); ; dir = dirname(dir)) {
    const name = packageName(join(dir, "package.json"));
    if (name === "aircrate") return dir;
    if (dir === dirname(dir)) throw new Error(`${process.cwd()}: not in the project's folder; start the tests there`);
  }
}

function packageName(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8")).name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
