import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { privateApt } from "./apt.ts";
import { cached, recipe } from "./cache.ts";
import { runOk } from "./run.ts";
import { findTool } from "./tools.ts";

/**
 * small: C library, busybox and python3 with the standard library, 50 MB, made in seconds, for tests.
 * full: what debootstrap calls minbase and all of python3, about as large as the images of Docker Hub, for the bench.
 */
export type BaseSize = "small" | "full";

/** A gzip'd layer as a file. Sizes are in bytes; `diffId` is of the plain tar. */
export interface LayerFile {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly plainSize: number;
}

export interface BaseLayers {
  /** Debian, python3 on top of it, and a small layer with whiteouts. */
  readonly python: readonly [LayerFile, LayerFile, LayerFile];
  readonly busybox: LayerFile;
  /** The host's own busybox, for what has to look like amd64. */
  readonly busyboxAmd64: LayerFile;
}

/** Tools that `arm64Base` runs. */
export const BASE_TOOLS = ["apt-get", "apt-cache", "dpkg-deb", "tar", "gzip", "busybox"] as const;

/** Modification time of every entry, seconds since 1970. */
export const LAYER_TIME = 1_700_000_000;

const PACKAGES = {
  small: {
    base: ["base-files", "base-passwd", "busybox-static", "libc6"],
    added: ["libpython3.11-stdlib", "python3-minimal"],
  },
  full: { base: ["apt", "usr-is-merged"], added: ["ca-certificates", "python3"] },
} as const;

/** What Debian's images for containers leave out; the small one goes without character sets of the C library, too. */
const LEFT_OUT = ["man", "doc", "info", "locale", "lintian", "bug"].map((name) => `usr/share/${name}`);
const CHARACTER_SETS = "usr/lib/aarch64-linux-gnu/gconv";

const APPLETS =
  "cat chmod cp date df echo env false grep head httpd id kill ls mkdir mv ps pwd rm sed sh sha256sum sleep sort tail tar test touch true uname wc wget";

/** Layers of real arm64 programs from Debian packages that are only unpacked. Needs no emulation, and no root. */
export async function arm64Base(size: BaseSize): Promise<BaseLayers> {
  const name = `layers-${size}-${await recipe([import.meta.url])}`;
  const dir = await cached(name, (work) => makeLayers(work, size));
  const layers = JSON.parse(await readFile(join(dir, "layers.json"), "utf8")) as Record<string, LayerFile>;
  const layer = (key: string) => ({ ...layers[key]!, path: join(dir, `${key}.tar.gz`) });
  return {
    python: [layer("debian"), layer("python"), layer("changes")],
    busybox: layer("busybox"),
    busyboxAmd64: layer("busybox-amd64"),
  };
}

async function makeLayers(dir: string, size: BaseSize): Promise<void> {
  const at = (...parts: string[]) => join(dir, ...parts);
  const apt = await privateApt(at("apt"), "arm64");
  const { base, added } = PACKAGES[size];
  const basePackages = size === "full" ? [...base, ...(await apt.required())] : base;
  const packages = [...basePackages, ...added, "busybox-static"];
  const baseDebs = await apt.resolve(basePackages);
  const debs = await apt.resolve(packages);
  const folder = await apt.download(packages);
  const paths = (wanted: (name: string) => boolean) => debs.filter(wanted).map((name) => join(folder, name));
  const isBusybox = (name: string) => name.startsWith("busybox-static_");
  const isBase = (name: string) => baseDebs.includes(name);
  const isAdded = (name: string) => !isBase(name) && !isBusybox(name);

  await unpack(paths(isBase), at("debian"));
  await finishBase(at("debian"), size);
  await unpack(paths(isAdded), at("python"));
  for (const name of MERGED) await rm(at("python", name));
  await runOk("find", [at("python/usr"), "-maxdepth", "1", "-type", "d", "-empty", "-delete"]);
  await changesTree(at("changes"));
  await unpack(paths(isBusybox), at("deb"));
  await busyboxTree(at("busybox"), at("deb/bin/busybox"));
  await busyboxTree(at("busybox-amd64"), findTool("busybox")!);

  const layers: Record<string, Omit<LayerFile, "path">> = {};
  for (const name of ["debian", "python", "changes", "busybox", "busybox-amd64"]) {
    layers[name] = await pack(at(name), at(`${name}.tar.gz`));
    await rm(at(name), { recursive: true });
  }
  for (const name of ["apt", "deb"]) await rm(at(name), { recursive: true });
  await writeFile(at("layers.json"), JSON.stringify(layers));
}

/** Folders of / that are links into /usr on Debian; packages of Debian 12 still carry files below the old names. */
const MERGED = ["bin", "lib", "sbin"] as const;

async function unpack(debs: readonly string[], root: string): Promise<void> {
  for (const name of MERGED) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  const script = `dpkg-deb --fsys-tarfile "$1" | tar -x --preserve-permissions --keep-directory-symlink -C "$2"`;
  for (const deb of debs) await runOk("bash", ["-o", "pipefail", "-c", script, "bash", deb, root]);
  for (const path of LEFT_OUT) await rm(join(root, path), { recursive: true, force: true });
}

/** What the packages' own scripts would have done: accounts, and for the small one a shell. */
async function finishBase(root: string, size: BaseSize): Promise<void> {
  for (const name of ["passwd", "group"]) {
    await copyFile(join(root, `usr/share/base-passwd/${name}.master`), join(root, "etc", name));
    await chmod(join(root, "etc", name), 0o644);
  }
  if (size === "small") {
    await links(join(root, "usr/bin"));
    await rm(join(root, CHARACTER_SETS), { recursive: true });
  }
}

async function links(bin: string): Promise<void> {
  for (const name of APPLETS.split(" ")) {
    const path = join(bin, name);
    await rm(path, { force: true });
    await symlink("busybox", path);
  }
}

/** The third layer: a file and a folder of the first one deleted, a folder's content replaced, links to python3. */
async function changesTree(root: string): Promise<void> {
  const empty = ["etc/.wh.issue.net", "usr/share/.wh.common-licenses", "usr/share/base-files/.wh..wh..opq"];
  const files = [...empty.map((path) => [path, ""]), ["usr/share/base-files/motd", "Python 3.11\n"]] as const;
  for (const [path = "", text = ""] of files) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await mkdir(join(root, "usr/local/bin"), { recursive: true });
  for (const name of ["python", "python3"]) await symlink("/usr/bin/python3", join(root, "usr/local/bin", name));
  await plainModes(root);
}

async function busyboxTree(root: string, program: string): Promise<void> {
  for (const name of ["bin", "etc", "root", "tmp", "var"]) await mkdir(join(root, name), { recursive: true });
  await copyFile(program, join(root, "bin/busybox"));
  await links(join(root, "bin"));
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  await writeFile(join(root, "etc/group"), "root:x:0:\n");
  await plainModes(root);
  await chmod(join(root, "bin/busybox"), 0o755);
  await chmod(join(root, "root"), 0o700);
  await chmod(join(root, "tmp"), 0o1777);
}

/** Modes of a tree that we wrote ourselves, whatever the umask. */
async function plainModes(root: string): Promise<void> {
  await runOk("find", [root, "-type", "d", "-exec", "chmod", "755", "{}", "+"]);
  await runOk("find", [root, "-type", "f", "-exec", "chmod", "644", "{}", "+"]);
}

/** GNU tar and gzip, with nothing in it of clock, user or order of folders; names without a leading `./`. */
async function pack(root: string, path: string): Promise<Omit<LayerFile, "path">> {
  const names = (await readdir(root)).sort();
  const tar = `tar --sort=name --mtime=@${LAYER_TIME} --owner=0 --group=0 --numeric-owner -C "$root" -c -- "$@"`;
  await runOk("bash", ["-o", "pipefail", "-c", `${tar} | gzip -n -6 > "$path"`, "bash", ...names], {
    env: { root, path },
  });
  const digest = createHash("sha256");
  const diffId = createHash("sha256");
  const sizes = { size: 0, plainSize: 0 };
  await pipeline(
    createReadStream(path),
    async function* (chunks) {
      for await (const chunk of chunks) {
        digest.update(chunk);
        sizes.size += chunk.length;
        yield chunk;
      }
    },
    createGunzip(),
    async (chunks) => {
      for await (const chunk of chunks) {
        diffId.update(chunk);
        sizes.plainSize += chunk.length;
      }
    },
  );
  return { digest: `sha256:${digest.digest("hex")}`, diffId: `sha256:${diffId.digest("hex")}`, ...sizes };
}
