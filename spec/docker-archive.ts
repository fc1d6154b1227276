/** `manifest.json` of a docker-archive: what `docker save` writes and `docker load` reads. */
import { type Static, Type } from "@sinclair/typebox";

export const DockerArchiveItem = Type.Object({
  /** Path of the image config in the archive. */
  Config: Type.String({ minLength: 1, maxLength: 4096 }),
  /** `NAME:TAG`; null or empty for an image without a name. */
  RepoTags: Type.Optional(Type.Union([Type.Array(Type.String(), { maxItems: 1_000 }), Type.Null()])),
  /** Paths of the layers, lowest first, as many as the config has diffIDs. */
  Layers: Type.Union([Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { maxItems: 1_000 }), Type.Null()]),
});
export type DockerArchiveItem = Static<typeof DockerArchiveItem>;

export const DockerArchiveManifest = Type.Array(DockerArchiveItem, { maxItems: 1_000 });
export type DockerArchiveManifest = Static<typeof DockerArchiveManifest>;
