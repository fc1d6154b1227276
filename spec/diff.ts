/**
 * What `aircrate diff --json` prints about two files or images, `from` the first and `to` the second. Scripts depend on
 * it: keys are only added. Sizes are bytes.
 */
import { type Static, Type } from "@sinclair/typebox";
import { Inspection } from "./inspection.ts";
import { BlobTotal } from "./lock-report.ts";
import { Digest, Size } from "./oci.ts";

const Text = Type.String();
const optional = Type.Optional;
const Count = Type.Integer({ minimum: 0 });

export const DiffSide = Type.Object(
  {
    /** The file or reference as it was given. */
    name: Text,
    kind: Inspection.properties.kind,
    form: Inspection.properties.form,
    /** The whole file; of a reference its manifest, config and layers. */
    size: Size,
    images: Count,
  },
  { additionalProperties: false },
);
export type DiffSide = Static<typeof DiffSide>;

const Value = Type.Union([Text, Type.Array(Text)]);

/** A setting that differs; absent on the side that does not have it. */
export const FieldChange = Type.Object(
  {
    /** `version`, `launchOrder` …, `entrypoint`, `env` …; of a setting with names, such as a variable, the name, too. */
    key: Text,
    name: optional(Text),
    from: optional(Value),
    to: optional(Value),
  },
  { additionalProperties: false },
);
export type FieldChange = Static<typeof FieldChange>;

/** A file of the payload that differs, but for the archive of images. */
export const PayloadChange = Type.Object(
  { name: Text, from: optional(Size), to: optional(Size) },
  { additionalProperties: false },
);
export type PayloadChange = Static<typeof PayloadChange>;

export const LayerChange = Type.Object(
  {
    change: Type.Union([Type.Literal("kept"), Type.Literal("new"), Type.Literal("gone")]),
    /** Absent when the image does not say. */
    diffId: optional(Digest),
    /** Place in the image, the lowest layer is 1. */
    from: optional(Type.Integer({ minimum: 1 })),
    to: optional(Type.Integer({ minimum: 1 })),
    /**
     * Bytes in the file when the archive was joined of packed layers, else in the archive, packed or not; absent where the
     * file does not hold it.
     */
    size: optional(Size),
    /** Bytes of the plain tar. */
    plainSize: optional(Size),
    createdBy: optional(Text),
  },
  { additionalProperties: false },
);
export type LayerChange = Static<typeof LayerChange>;

/** A file, folder or link of an image's final tree. */
export const FileState = Type.Object(
  {
    kind: Type.Union([
      Type.Literal("file"),
      Type.Literal("directory"),
      Type.Literal("symlink"),
      Type.Literal("hardlink"),
      Type.Literal("other"),
    ]),
    size: Size,
    /** Octal, four digits. */
    mode: Type.String({ pattern: "^[0-7]{4}$" }),
    uid: Count,
    gid: Count,
    link: optional(Text),
    digest: optional(Digest),
    /** Names of extended attributes. */
    xattrs: optional(Type.Array(Text)),
  },
  { additionalProperties: false },
);
export type FileState = Static<typeof FileState>;

export const FileChange = Type.Object(
  {
    path: Text,
    /** `changed`: the content or target; `attributes`: nothing but mode, owner or extended attributes; `type`: the kind. */
    change: Type.Union([
      Type.Literal("added"),
      Type.Literal("removed"),
      Type.Literal("changed"),
      Type.Literal("attributes"),
      Type.Literal("type"),
    ]),
    from: optional(FileState),
    to: optional(FileState),
  },
  { additionalProperties: false },
);
export type FileChange = Static<typeof FileChange>;

const FileTotal = Type.Object({ count: Count, from: Size, to: Size }, { additionalProperties: false });

export const FileChanges = Type.Object(
  {
    /** How many, and what they weigh on either side. */
    totals: Type.Object(
      { added: FileTotal, removed: FileTotal, changed: FileTotal, attributes: FileTotal, type: FileTotal },
      { additionalProperties: false },
    ),
    /** By path; the first ones, if there are very many. */
    list: Type.Array(FileChange),
    truncated: Type.Boolean(),
    /** Why the files could not be compared. */
    unknown: optional(Text),
  },
  { additionalProperties: false },
);
export type FileChanges = Static<typeof FileChanges>;

export const ImageDiff = Type.Object(
  {
    change: Type.Union([Type.Literal("same"), Type.Literal("changed"), Type.Literal("added"), Type.Literal("removed")]),
    /** Name of the service, else of the image; that of `to` where there is one. */
    name: Text,
    /** Index into the images of either side; absent where it has no such image. */
    from: optional(Count),
    to: optional(Count),
    /** Settings of the service and of the image's config. */
    config: Type.Array(FieldChange),
    layers: Type.Object(
      { kept: BlobTotal, new: BlobTotal, gone: BlobTotal, list: Type.Array(LayerChange) },
      { additionalProperties: false },
    ),
    files: FileChanges,
  },
  { additionalProperties: false },
);
export type ImageDiff = Static<typeof ImageDiff>;

/** Whether devices with the first version can be sent the second one as a thin update, and what that would weigh. */
export const ThinForecast = Type.Object(
  {
    possible: Type.Boolean(),
    /** Why not, a reason a line. */
    why: Type.Array(Text),
    /** Version that it would go onto. */
    since: optional(Text),
    /** The thin file. */
    size: optional(Size),
    /** Whether `size` is what a build would write to the byte; else it is an estimate. */
    exact: optional(Type.Boolean()),
    /** The full file. */
    fullSize: optional(Size),
    /** Layers that would be in it, and that would not, as they are packed, each once. */
    sent: optional(BlobTotal),
    leftOut: optional(BlobTotal),
  },
  { additionalProperties: false },
);
export type ThinForecast = Static<typeof ThinForecast>;

export const DiffReport = Type.Object(
  {
    version: Type.Literal(1),
    from: DiffSide,
    to: DiffSide,
    /** Whether anything of what follows differs. */
    different: Type.Boolean(),
    /** Facts of the application; compared where both are packages. */
    application: Type.Array(FieldChange),
    payload: Type.Array(PayloadChange),
    /** In the order of `to`, then those that it does not have. */
    images: Type.Array(ImageDiff),
    /** Absent where neither is a package. */
    thin: optional(ThinForecast),
  },
  { additionalProperties: false },
);
export type DiffReport = Static<typeof DiffReport>;
