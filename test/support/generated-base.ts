import type { EmbeddedRegistry } from "./embedded-registry.ts";
import {
  digestOf,
  type ImageContent,
  type ImagePlatform,
  type IndexEntry,
  makeImage,
  makeIndex,
} from "./image-content.ts";
import { type TarEntry, tarOf } from "./ustar.ts";

export interface GeneratedBaseOptions {
  /** Adds an `unknown/unknown` attestation entry to the index, as BuildKit does. */
  readonly attestation?: boolean;
  /** Media types of the OCI image specification (the default) or of Docker's schema 2. */
  readonly form?: "oci" | "docker";
}

const AMD64: ImagePlatform = { os: "linux", architecture: "amd64" };
const ARM64: ImagePlatform = { os: "linux", architecture: "arm64", variant: "v8" };
const ENV = ["PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"];
const CREATED = "2024-01-01T00:00:00Z";

/** Adds the two images that the example application names: the base of its services and the prebuilt service. */
export function seedDemo(registry: EmbeddedRegistry): void {
  registry.addImage("arm64v8/python", "3.11-slim", generatedBase({ attestation: true }));
  registry.addImage("arm64v8/busybox", "1.36", generatedBusybox());
}

/**
 * A small stand-in for `python:3.11-slim`: an index with linux/amd64 and linux/arm64/v8, two layers each. It has the
 * shape of the real image (merged /usr, a sticky /tmp, a whiteout), but nothing in it can be executed.
 */
export function generatedBase(options: GeneratedBaseOptions = {}): ImageContent {
  const form = options.form ?? "oci";
  const arm64 = pythonImage(ARM64, form);
  const entries: IndexEntry[] = [
    { image: pythonImage(AMD64, form), platform: AMD64 },
    { image: arm64, platform: ARM64 },
  ];
  if (options.attestation === true) entries.push(attestationOf(arm64));
  return makeIndex(entries, form);
}

/** A stand-in for `arm64v8/busybox:1.36`: one layer, and a Docker schema 2 manifest without an index. */
export function generatedBusybox(): ImageContent {
  const applets = ["find", "ls", "sh", "sleep", "sort", "tail", "xargs"];
  const layer = tarOf([
    { path: "bin/" },
    { path: "bin/busybox", mode: 0o755, data: `stand-in for busybox\n${filler(7, 40_000)}` },
    ...applets.map((name): TarEntry => ({ path: `bin/${name}`, mode: 0o755, hardlink: "bin/busybox" })),
    { path: "etc/" },
    { path: "etc/passwd", data: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n" },
    { path: "etc/group", data: "root:x:0:\nnogroup:x:65534:\n" },
    { path: "tmp/", mode: 0o1777 },
  ]);
  return makeImage({
    platform: ARM64,
    layers: [layer],
    form: "docker",
    config: { Env: [ENV[0]], Cmd: ["sh"] },
    history: [
      { created: CREATED, created_by: "generated busybox root" },
      { created: CREATED, created_by: 'CMD ["sh"]', empty_layer: true },
    ],
  });
}

function pythonImage(platform: ImagePlatform, form: "oci" | "docker"): ImageContent {
  return makeImage({
    platform,
    layers: [rootLayer(platform), pythonLayer(platform)],
    form,
    config: { Env: ENV, Cmd: ["python3"] },
    history: [
      { created: CREATED, created_by: "generated root", comment: "stand-in for a distribution" },
      { created: CREATED, created_by: `ENV ${ENV.join(" ")}`, empty_layer: true },
      { created: CREATED, created_by: "generated python", comment: "stand-in for Python" },
      { created: CREATED, created_by: 'CMD ["python3"]', empty_layer: true },
    ],
  });
}

function rootLayer({ architecture }: ImagePlatform): Buffer {
  return tarOf([
    { path: "bin", symlink: "usr/bin" },
    { path: "etc/" },
    { path: "etc/group", data: "root:x:0:\nadm:x:4:\nwww-data:x:33:\nnogroup:x:65534:\n" },
    {
      path: "etc/passwd",
      data: [
        "root:x:0:0:root:/root:/bin/bash",
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
        "",
      ].join("\n"),
    },
    { path: "etc/shadow", mode: 0o640, gid: 42, data: "root:*:19000:0:99999:7:::\n" },
    { path: "lib", symlink: "usr/lib" },
    { path: "root/", mode: 0o700 },
    { path: "sbin", symlink: "usr/sbin" },
    { path: "tmp/", mode: 0o1777 },
    { path: "usr/" },
    { path: "usr/bin/" },
    { path: "usr/bin/env", mode: 0o755, data: `stand-in for env, ${architecture}\n` },
    { path: "usr/lib/" },
    { path: "usr/lib/os-release", data: 'PRETTY_NAME="Generated base"\nID=generated\n' },
    { path: "etc/os-release", symlink: "../usr/lib/os-release" },
    { path: "usr/lib/libc.so.6", mode: 0o755, data: `stand-in for libc, ${architecture}\n${filler(1, 300_000)}` },
    { path: "usr/local/" },
    { path: "usr/sbin/" },
    { path: "usr/share/" },
    { path: "usr/share/doc/" },
    { path: "usr/share/doc/base/" },
    { path: "usr/share/doc/base/README", data: "The next layer removes this file.\n" },
    { path: "usr/share/doc/base/copyright", data: "Generated, nobody's.\n" },
    { path: "var/" },
    { path: "var/tmp/", mode: 0o1777 },
  ]);
}

function pythonLayer({ architecture }: ImagePlatform): Buffer {
  const modules = ["json", "http", "socketserver", "struct", "zlib"];
  return tarOf([
    { path: "usr/" },
    { path: "usr/local/" },
    { path: "usr/local/bin/" },
    { path: "usr/local/bin/python", symlink: "python3" },
    {
      path: "usr/local/bin/python3",
      mode: 0o755,
      data: `stand-in for python3, ${architecture}\n${filler(2, 200_000)}`,
    },
    { path: "usr/local/lib/" },
    { path: "usr/local/lib/python3.11/" },
    ...modules.map((name, index): TarEntry => {
      return { path: `usr/local/lib/python3.11/${name}.py`, data: filler(3 + index, 20_000) };
    }),
    { path: "usr/share/" },
    { path: "usr/share/doc/" },
    { path: "usr/share/doc/base/" },
    { path: "usr/share/doc/base/.wh.README" },
  ]);
}

/** What BuildKit adds for each image: an entry that a client which looks for a platform has to skip. */
function attestationOf(subject: ImageContent): IndexEntry {
  const statement = '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2"}';
  const bytes = Buffer.from(statement);
  const unknown = { os: "unknown", architecture: "unknown" };
  return {
    image: makeImage({
      platform: unknown,
      layers: [{ mediaType: "application/vnd.in-toto+json", bytes, diffId: digestOf(bytes) }],
      history: [],
    }),
    platform: unknown,
    annotations: {
      "vnd.docker.reference.digest": digestOf(subject.root.bytes),
      "vnd.docker.reference.type": "attestation-manifest",
    },
  };
}

/** That many bytes of lines that compress about as well as code does; a seed always gives the same ones. */
function filler(seed: number, size: number): string {
  let state = seed;
  let text = "";
  while (text.length < size) {
    // The generator of "Numerical Recipes", in 32 bits.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state % 5 === 0 ? `${state.toString(36)}\n` : `line ${state % 97} of the stand-in\n`;
  }
  return text.slice(0, size);
}
