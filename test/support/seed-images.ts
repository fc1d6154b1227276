import { readFile } from "node:fs/promises";
import { LAYER_TIME, type LayerFile } from "./arm64-base.ts";
import { jsonBytes, MEDIA, type PushedDescriptor, type PushTarget, pushBlob, pushManifest } from "./push.ts";

/** This file, for the name of the cache entry that is made with it. */
export const SOURCE = import.meta.url;

export interface SeededImage extends PushedDescriptor {
  /** Of an index, by platform such as `linux/arm64/v8`. */
  readonly entries?: Readonly<Record<string, PushedDescriptor>>;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export const AMD64: Platform = { architecture: "amd64", os: "linux" };
export const ARM64: Platform = { architecture: "arm64", os: "linux", variant: "v8" };

/** What a config says apart from layers and platform; `steps` are the lines of its history, `+` makes a layer. */
export interface Recipe {
  readonly env: readonly string[];
  readonly cmd: readonly string[];
  readonly steps: readonly string[];
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
export const BUSYBOX: Recipe = { env: [PATH], cmd: ["sh"], steps: ["+BusyBox, static", 'CMD ["sh"]'] };
export const DEBIAN: Recipe = { env: [PATH], cmd: ["bash"], steps: ["+# debian bookworm arm64", 'CMD ["bash"]'] };
export const PYTHON: Recipe = {
  env: [PATH, "LANG=C.UTF-8", "PYTHON_VERSION=3.11.2"],
  cmd: ["python3"],
  steps: [
    ...DEBIAN.steps.slice(0, 1),
    `ENV ${PATH}`,
    "ENV LANG=C.UTF-8",
    "+RUN /bin/sh -c install python3 # buildkit",
    "ENV PYTHON_VERSION=3.11.2",
    "+RUN /bin/sh -c link python3, drop what is not needed # buildkit",
    'CMD ["python3"]',
  ],
};

export interface Form {
  readonly kind: "docker" | "oci";
  readonly tag?: string;
}

/** Pushes layers, config and manifest of one image. */
export async function pushImage(
  target: PushTarget,
  image: Recipe & { readonly layers: readonly LayerFile[] },
  platform: Platform,
  { kind, tag }: Form,
): Promise<PushedDescriptor> {
  const types =
    kind === "docker"
      ? { manifest: MEDIA.dockerManifest, config: MEDIA.dockerConfig, layer: MEDIA.dockerLayer }
      : { manifest: MEDIA.ociManifest, config: MEDIA.ociConfig, layer: MEDIA.ociLayer };
  const created = new Date(LAYER_TIME * 1000).toISOString();
  const config = {
    ...platform,
    config: { Env: image.env, Cmd: image.cmd },
    created,
    history: image.steps.map((step) =>
      step.startsWith("+") ? { created, created_by: step.slice(1) } : { created, created_by: step, empty_layer: true },
    ),
    rootfs: { type: "layers", diff_ids: image.layers.map(({ diffId }) => diffId) },
  };
  const layers: PushedDescriptor[] = [];
  for (const layer of image.layers) {
    layers.push(await pushBlob(target, new Uint8Array(await readFile(layer.path)), types.layer));
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: await pushBlob(target, jsonBytes(config), types.config),
    layers,
  };
  return pushManifest(target, manifest, tag);
}

export async function pushIndex(
  target: PushTarget,
  entries: ReadonlyMap<Platform, PushedDescriptor>,
  { kind, tag, attestation }: Form & { readonly attestation?: object },
): Promise<SeededImage> {
  const manifests: object[] = [...entries].map(([platform, descriptor]) => ({ ...descriptor, platform }));
  if (attestation !== undefined) manifests.push(attestation);
  const mediaType = kind === "docker" ? MEDIA.dockerList : MEDIA.ociIndex;
  const descriptor = await pushManifest(target, { schemaVersion: 2, mediaType, manifests } as const, tag);
  const name = ({ os, architecture, variant }: Platform) => [os, architecture, variant].filter(Boolean).join("/");
  return { ...descriptor, entries: Object.fromEntries([...entries].map(([p, found]) => [name(p), found])) };
}

/** Pushes provenance of an image as BuildKit does; resolves to its entry for the index. */
export async function attest(target: PushTarget, image: PushedDescriptor): Promise<object> {
  const nowhere = { architecture: "unknown", os: "unknown" };
  const statement = { _type: "https://in-toto.io/Statement/v0.1", predicateType: "https://slsa.dev/provenance/v0.2" };
  const layer = await pushBlob(target, jsonBytes(statement), MEDIA.inToto);
  const config = { ...nowhere, config: {}, rootfs: { type: "layers", diff_ids: [layer.digest] } };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: await pushBlob(target, jsonBytes(config), MEDIA.ociConfig),
    layers: [{ ...layer, annotations: { "in-toto.io/predicate-type": statement.predicateType } }],
  };
  const annotations = {
    "vnd.docker.reference.digest": image.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  };
  return { ...(await pushManifest(target, manifest)), platform: nowhere, annotations };
}
