/** `aircrate.yml`: what the application manifest has no word for. Optional, beside the manifest. */
import { type Static, Type } from "@sinclair/typebox";
import { TAG } from "./auterion-app.ts";
import { ArgValue } from "./compose.ts";
import { closed, dict } from "./keywords.ts";
import { REPOSITORY, REPOSITORY_FORM, RegistryRules } from "./registries.ts";

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

const Patterns = Type.Array(Type.String({ minLength: 1 }), {
  minItems: 1,
  form: 'a list of patterns such as ["**/*.py"]',
});
const RELATIVE = "^(?!\\.{0,2}(/|$))[^/\\0]+(?:/(?!\\.{0,2}(/|$))[^/\\0]+)*$";

/** One of `from` (perhaps with `image`), `archive` and `url` says what is copied. */
export const TreeCopy = closed({
  from: Type.Optional(
    Type.String({ minLength: 1, description: "File or folder, relative to this file; with `image` a path in that." }),
  ),
  image: Type.Optional(
    Type.String({ minLength: 1, description: "Another image, local or pulled, that `from` is copied out of." }),
  ),
  archive: Type.Optional(
    Type.String({ minLength: 1, description: "Tar file, relative to this file, plain or packed: it is unpacked." }),
  ),
  url: Type.Optional(
    Type.String({ pattern: "^https?://[^/]", form: "an http or https URL", description: "Remote file, fetched once." }),
  ),
  checksum: Type.Optional(
    Type.String({
      pattern: "^sha256:[0-9a-f]{64}$",
      form: "sha256: and 64 hex digits",
      description: "Of what `url` gives.",
    }),
  ),
  unpack: Type.Optional(Type.Boolean({ description: "Whether what `url` gives is an archive to unpack." })),
  to: ImagePath,
  owner: Type.Optional(
    Type.Union([
      Type.Integer({ minimum: 0, maximum: 0x7fff_ffff }),
      Type.String({
        pattern: "^[^:\\0]+(:[^:\\0]+)?$",
        form: "a name or number, perhaps with a group after a colon",
      }),
    ]),
  ),
  chmod: Type.Optional(Type.String({ minLength: 1, form: 'a text such as "0644" or "u=rwX,go=rX"' })),
  include: Type.Optional(Patterns),
  exclude: Type.Optional(Patterns),
  rename: Type.Optional(
    dict(Type.String({ pattern: RELATIVE, form: "a relative path" }), {
      keys: RELATIVE,
      keyForm: "a relative path",
      description: "New path for what lies below the folder that is copied.",
    }),
  ),
  capabilities: Type.Optional(
    Type.String({ minLength: 1, description: "For a single program, as for setcap(8): `cap_net_raw+ep`." }),
  ),
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
  remove: Type.Optional(
    Type.Array(ImagePath, {
      minItems: 1,
      description: "What of the base is hidden; patterns such as /usr/share/doc/*.",
    }),
  ),
  layers: Type.Optional(Type.Array(TreeLayer)),
  config: Type.Optional(TreeConfig),
});

/** What the package of a project is that has only an `app.yml`. */
export const LegacyApp = closed(
  {
    name: Type.String({
      pattern: "^[a-z0-9_-]{1,80}$",
      form: "up to 80 lower-case letters, digits, `-` and `_`",
      description: "Names the package, its archive of images and the application on the device.",
    }),
    author: Type.Optional(
      Type.String({ minLength: 1, description: "Reverse domain name; only goes into the packaged manifest." }),
    ),
    version: Type.String({
      pattern: TAG,
      form: "a text of up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
      trap: "AC004",
      description: "Takes the place of #VERSION# in app.yml, too.",
    }),
    target: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        form: "a device or a list of devices",
        description: "Devices the package is for, all of one architecture; default skynode.",
      }),
    ),
  },
  {
    description:
      "For a project with an `app.yml`, the Compose file of packages before `auterion-app.yml`: what that does not say.",
  },
);

export const AircrateYml = closed({
  app: Type.Optional(LegacyApp),
  images: Type.Optional(
    dict(Type.Union([DockerfileImage, TreeImage], { form: "a mapping with `context`, or one with `from`" }), {
      keys: "^(?!scratch$)[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*$",
      keyForm: "lower-case letters and digits with `.`, `_` or `-` between them, and not `scratch`",
      description: "Local images. One with the name of a service says how that service is made.",
    }),
  ),
  registries: Type.Optional(RegistryRules),
  cache: Type.Optional(
    Type.String({
      pattern: REPOSITORY,
      maxLength: 255,
      form: REPOSITORY_FORM,
      description:
        "Repository with layers that others have packed. What is built is pushed there by --cache-mode only.",
    }),
  ),
  tag: Type.Optional(
    Type.String({
      pattern: TAG,
      form: "a text of up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
      description: "Tag of every image in a project without auterion-app.yml.",
    }),
  ),
});
export type AircrateYml = Static<typeof AircrateYml>;
