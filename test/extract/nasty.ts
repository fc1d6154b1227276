import { type ImageContent, makeImage } from "../support/image-content.ts";
import { noise } from "../support/seeded.ts";
import { type TarEntry, tarOf } from "../support/ustar.ts";

/** What layers can do to one another. Everything is below `data`, since engines put files of their own into a root. */
const LAYERS: readonly (readonly TarEntry[])[] = [
  [
    { path: "data/", mode: 0o750, uid: 5, gid: 6 },
    { path: "data/one", data: "one\n", mode: 0o640, uid: 7, gid: 8 },
    { path: "data/twin", hardlink: "data/one", mode: 0o640, uid: 7, gid: 8 },
    { path: "data/third", hardlink: "data/twin", mode: 0o640, uid: 7, gid: 8 },
    { path: "data/tool", data: noise(1, 70_000), mode: 0o6755 },
    { path: "data/gone/" },
    { path: "data/gone/file", data: "gone" },
    { path: "data/cleared/" },
    { path: "data/cleared/old", data: "old" },
    { path: "data/cleared/below/" },
    { path: "data/cleared/below/old", data: "old" },
    { path: "data/kept/" },
    { path: "data/kept/here", data: "here" },
    { path: "data/link", symlink: "kept" },
    { path: "data/shelf/" },
    { path: "data/shelf/file", data: "in a folder" },
    { path: "data/empty", data: "" },
    { path: "data/a -> b [x]*", data: "a name" },
    { path: "data/grüße", data: "umlauts" },
  ],
  [
    { path: "data/", mode: 0o755, uid: 5, gid: 6 },
    // The other names of the file stay what they are.
    { path: "data/one", data: "another one\n", mode: 0o600 },
    { path: "data/.wh.gone" },
    { path: "data/cleared/" },
    { path: "data/cleared/.wh..wh..opq" },
    { path: "data/cleared/new", data: "new" },
    { path: "data/sticky/", mode: 0o1777 },
    { path: "data/shelf/", mode: 0o2775, gid: 50 },
    { path: "data/.wh.nothing" },
  ],
  [
    { path: "data/", mode: 0o755, uid: 5, gid: 6 },
    // A folder in the place of a link, a file in that of a folder.
    { path: "data/.wh.link" },
    { path: "data/link/" },
    { path: "data/link/inside", data: "inside" },
    { path: "data/.wh.shelf" },
    { path: "data/shelf", data: "a file now" },
    // Links that a container follows inside its root.
    { path: "data/chain", symlink: "chain2" },
    { path: "data/chain2", symlink: "/data/chain3" },
    { path: "data/chain3", symlink: "../../../data/kept" },
    { path: "data/circle", symlink: "circle2" },
    { path: "data/circle2", symlink: "circle" },
    { path: "data/nowhere", symlink: "/etc/no/such" },
    { path: "data/out", symlink: "../../../../../etc" },
  ],
];

export const NASTY_TAG = "docker.io/library/nasty:1";

export function nastyLayers(): Buffer[] {
  return LAYERS.map(tarOf);
}

export function nastyImage(): ImageContent {
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  return makeImage({ platform: { os: "linux", architecture }, layers: nastyLayers(), config: { Cmd: ["/x"] } });
}

/** As `docker save` of old wrote it, with plain layers. */
export function nastyArchive(tag: string | null = NASTY_TAG): Buffer {
  return archiveOf(nastyImage(), nastyLayers(), tag === null ? null : [tag]);
}

/** A docker-archive of one image with these layers. */
export function archiveOf(image: ImageContent, layers: readonly Buffer[], tags: readonly string[] | null): Buffer {
  const manifest = JSON.parse(image.root.bytes.toString());
  const config = Buffer.from(image.blobs.get(manifest.config.digest) as Uint8Array);
  const names = layers.map((_, i) => `${i}/layer.tar`);
  const items = [{ Config: "config.json", RepoTags: tags, Layers: names }];
  return tarOf([
    ...layers.map((data, i) => ({ path: names[i]!, data })),
    { path: "config.json", data: config },
    { path: "manifest.json", data: JSON.stringify(items) },
  ]);
}
