/** `aircrate.yml`: what the application manifest has no word for. Optional, beside the manifest. */
import { type Static, Type } from "@sinclair/typebox";
import { TAG } from "./auterion-app.ts";
import { ArgValue } from "./compose.ts";
import { closed, dict } from "./keywords.ts";
import { RegistryRules } from "./registries.ts";

const ImagePath = Type.String({ pattern: "^/[^\\0]*$", form: "an absolute path in the image" });
const Words = Type.Array(Type.String(), { form: "a list of words such as [python3, main.py]" });

/** An image made by a Dockerfile: a local base, or a service whose Dockerfile the manifest cannot name. */
export const DockerfileImage = closed({
  context: Type.String({ minLength: 1, description: "Folder, relative to this file." }),
  dockerfile: Type.Optional(Type.String({ minLength: 1, description: "Relative to the context; else `Dockerfile`." })),
  args: Type.Optional(
    dict(ArgValue, { keys: "^[A-Za-z_][A-Za-z0-9_]*$", keyForm: "letters, digits and `_`, not a digit first" }),
  ),
  target: Type.Optional(Type.String({ minLength: 1, description: "Stage of the Dockerfile to stop at." })),
});

export const TreeCopy = closed({
  from: Type.String({ minLength: 1, description: "File or folder, relative to this file." }),
  to: ImagePath,
});

export const TreeLayer = closed({
  name: Type.Optional(Type.String({ minLength: 1, description: "For reports." })),
  copy: Type.Array(TreeCopy, { minItems: 1 }),
});

/** Run settings that are laid over those of the base (OCI image-spec config.md, `config`). */
export const TreeConfig = closed({
  entrypoint: Type.Optional(Words),
  cmd: Type.Optional(Words),
  env: Type.Optional(dict(Type.String(), { keys: "^[^=\\0]+$", keyForm: "a name without `=`" })),
  workdir: Type.Optional(ImagePath),
  user: Type.Optional(Type.String({ minLength: 1, description: "Name or number, with a group after a colon." })),
  expose: Type.Optional(
    Type.Array(
      Type.Union(
        [
          Type.Integer({ minimum: 1, maximum: 65_535 }),
          Type.String({ pattern: "^[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?$" }),
        ],
        { form: "a port such as 8080 or 14550/udp" },
      ),
    ),
  ),
  volumes: Type.Optional(Type.Array(ImagePath)),
  labels: Type.Optional(dict(Type.String(), { keys: "^[^\\0]+$", keyForm: "a name" })),
});

/** An image made of file trees on a base, without any Dockerfile. */
export const TreeImage = closed({
  from: Type.String({ minLength: 1, description: "Another image of this file, a reference, or `scratch`." }),
  layers: Type.Optional(Type.Array(TreeLayer)),
  config: Type.Optional(TreeConfig),
});

export const AircrateYml = closed({
  images: Type.Optional(
    dict(Type.Union([DockerfileImage, TreeImage], { form: "a mapping with `context`, or one with `from`" }), {
      keys: "^(?!scratch$)[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*$",
      keyForm: "lower-case letters and digits with `.`, `_` or `-` between them, and not `scratch`",
      description: "Local images. One with the name of a service says how that service is made.",
    }),
  ),
  registries: Type.Optional(RegistryRules),
  tag: Type.Optional(
    Type.String({
      pattern: TAG,
      form: "a text of up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
      description: "Tag of every image in a project without auterion-app.yml.",
    }),
  ),
});
export type AircrateYml = Static<typeof AircrateYml>;
