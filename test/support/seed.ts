import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { arm64Base, BASE_TOOLS, type BaseLayers, type BaseSize } from "./arm64-base.ts";
import { cached, recipe } from "./cache.ts";
import { onCleanup, tempDir } from "./cleanup.ts";
import type { PushedDescriptor } from "./push.ts";
import { type Registry, type RegistryOptions, startRegistry } from "./registry.ts";
import {
  AMD64,
  ARM64,
  attest,
  BUSYBOX,
  DEBIAN,
  type Platform,
  PYTHON,
  pushImage,
  pushIndex,
  type SeededImage,
  SOURCE,
} from "./seed-images.ts";
import { requireThat, requireTool } from "./tools.ts";

/** A registry's storage folder with real images in it, shared by every test: start registries on it `readonly`. */
export interface Seed {
  readonly storage: string;
  /** What each `repository:tag` leads to, and with an index its entries. */
  readonly images: Readonly<Record<string, SeededImage>>;
  readonly layers: BaseLayers;
}

/**
 * The seeded storage, made once and kept in the cache. Images:
 *
 * - `library/python:3.11-slim`: Docker manifest list, amd64 and arm64/v8; three layers, the last with whiteouts
 * - `arm64v8/python:3.11-slim`: the same arm64 image as a single Docker manifest, `variant` v8 in its config
 * - `library/debian:bookworm-slim`: OCI index, amd64 and arm64/v8, the first layer of python
 * - `library/busybox:1.36`, `arm64v8/busybox:1.36`, `public/busybox:1.36`: OCI index, amd64, arm64/v8 and an
 *   attestation for `unknown/unknown`; one layer
 * - `library/arm32only:1`: OCI index with arm/v7 and arm/v6 and nothing else
 * - `library/single-amd64:1`: a single OCI manifest for amd64
 *
 * Entries for amd64 are a busybox image of the host's own program.
 */
export async function seed(size: BaseSize = "small"): Promise<Seed> {
  const layers = await arm64Base(size);
  const content = await recipe([import.meta.url, SOURCE], JSON.stringify(layers));
  const dir = await cached(`registry-${size}-${content}`, async (work) => {
    const registry = await startRegistry({ dir: join(work, "server"), storage: join(work, "storage") });
    try {
      await writeFile(join(work, "images.json"), JSON.stringify(await pushAll(registry.url, layers)));
    } finally {
      await registry.stop();
    }
  });
  const images = JSON.parse(await readFile(join(dir, "images.json"), "utf8"));
  return { storage: join(dir, "storage"), images, layers };
}

/** `seed` for a test; undefined when the test has been skipped for lack of a tool. */
export async function requireSeed(t: TestContext, size: BaseSize = "small"): Promise<Seed | undefined> {
  if (!requireTool(t, ...BASE_TOOLS, "docker-registry")) return undefined;
  try {
    return await seed(size);
  } catch (error) {
    requireThat(t, `cannot make arm64 images of Debian's packages: ${(error as Error).message}`);
    return undefined;
  }
}

/** A registry with the seeded images, stopped after the test; undefined when the test has been skipped. */
export async function registryFor(
  t: TestContext,
  options: Partial<RegistryOptions> & { readonly size?: BaseSize } = {},
): Promise<(Registry & { readonly seed: Seed }) | undefined> {
  if (!requireTool(t, "docker-registry", "htpasswd", "openssl")) return undefined;
  const { size, ...rest } = options;
  const seed = await requireSeed(t, size);
  if (seed === undefined) return undefined;
  const registry = await startRegistry({ dir: tempDir(t), storage: seed.storage, readonly: true, ...rest });
  onCleanup(t, registry.stop);
  return { ...registry, seed };
}

type Images = Record<string, SeededImage>;

async function pushAll(url: string, layers: BaseLayers): Promise<Images> {
  const images: Images = {};
  const python = { ...PYTHON, layers: layers.python };
  const debian = { ...DEBIAN, layers: layers.python.slice(0, 1) };
  const busybox = { ...BUSYBOX, layers: [layers.busybox] };
  const amd64 = { ...BUSYBOX, layers: [layers.busyboxAmd64] };

  images["arm64v8/python:3.11-slim"] = await pushImage({ url, repository: "arm64v8/python" }, python, ARM64, {
    kind: "docker",
    tag: "3.11-slim",
  });
  for (const [name, tag, image, kind] of [
    ["library/python", "3.11-slim", python, "docker"],
    ["library/debian", "bookworm-slim", debian, "oci"],
    ["library/busybox", "1.36", busybox, "oci"],
    ["arm64v8/busybox", "1.36", busybox, "oci"],
    ["public/busybox", "1.36", busybox, "oci"],
  ] as const) {
    const target = { url, repository: name };
    const entries = new Map([[AMD64, await pushImage(target, amd64, AMD64, { kind })]]);
    entries.set(ARM64, await pushImage(target, image, ARM64, { kind }));
    const attestation = image === busybox ? await attest(target, entries.get(ARM64)!) : undefined;
    images[`${name}:${tag}`] = await pushIndex(target, entries, { kind, tag, attestation });
  }
  const arm32 = { url, repository: "library/arm32only" };
  const entries = new Map<Platform, PushedDescriptor>();
  for (const variant of ["v7", "v6"]) {
    const platform = { os: "linux", architecture: "arm", variant };
    entries.set(platform, await pushImage(arm32, busybox, platform, { kind: "oci" }));
  }
  images["library/arm32only:1"] = await pushIndex(arm32, entries, { kind: "oci", tag: "1" });
  const single = { url, repository: "library/single-amd64" };
  images["library/single-amd64:1"] = await pushImage(single, amd64, AMD64, { kind: "oci", tag: "1" });
  return images;
}
