import type { TestContext } from "node:test";
import { ARM64, type Platform, parsePlatform } from "../../lib/platform.ts";
import { resolveImage } from "../../lib/registry/resolve.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { type ImageContent, type ImagePlatform, makeImage, makeIndex, TYPES } from "../support/image-content.ts";
import { clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";

export function image(platform: Partial<ImagePlatform> = {}, form: "oci" | "docker" = "oci"): ImageContent {
  const { architecture = "arm64", os = "linux", variant } = platform;
  const name = `${os}/${architecture}/${variant}`;
  const layers = [tarOf([{ path: "etc/" }, { path: "etc/name", data: name }]), tarOf([{ path: "second" }])];
  return makeImage({ platform: { os, architecture, ...(variant !== undefined && { variant }) }, layers, form });
}

export function indexOf(platforms: readonly string[], form: "oci" | "docker" = "oci"): ImageContent {
  return makeIndex(
    platforms.map((name) => {
      const platform = parsePlatform(name) as ImagePlatform;
      return { image: image(platform, form), platform };
    }),
    form,
  );
}

export function resolve(t: TestContext, registry: EmbeddedRegistry, name = "app:1", platform: Platform = ARM64) {
  return resolveImage(clientWith(t).sources(referenceIn(registry, name))[0]!, referenceIn(registry, name), {
    platform,
  });
}

export async function registryOf(t: TestContext, content: ImageContent): Promise<EmbeddedRegistry> {
  const registry = await registryWith(t);
  registry.addImage("app", "1", content);
  return registry;
}

/** A registry whose tag leads to this document, whatever it is. */
export async function registryWithManifest(t: TestContext, document: unknown, mediaType: string = TYPES.oci.manifest) {
  const registry = await registryOf(t, image());
  const bytes = document instanceof Uint8Array ? document : Buffer.from(JSON.stringify(document));
  registry.putManifest("app", { mediaType, bytes: Buffer.from(bytes) }, "1");
  return registry;
}
