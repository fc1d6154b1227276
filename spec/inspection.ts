/**
 * What `aircrate inspect --json` prints about a finished file. Scripts depend on it: keys are only added, never renamed
 * or given another meaning. Sizes are bytes. A key that is absent was not in the file or could not be read; what could
 * not be read is named in `faults`.
 */
import { type Static, Type } from "@sinclair/typebox";
import { SignatureKind } from "./mender.ts";
import { Digest, Size } from "./oci.ts";
import { ThinRecord } from "./thin.ts";

const Text = Type.String();
const Texts = Type.Array(Text);
const Names = Type.Record(Text, Text);
const optional = Type.Optional;

/** One thing that is wrong: the member, image or layer, and what about it. */
export const Finding = Type.Object({ where: Text, message: Text }, { additionalProperties: false });
export type Finding = Static<typeof Finding>;

/** Told by the first bytes, not by what the media type or file name says. */
export const Encoding = Type.Union([
  Type.Literal("plain"),
  Type.Literal("gzip"),
  Type.Literal("zstd"),
  Type.Literal("bzip2"),
  Type.Literal("xz"),
]);
export type Encoding = Static<typeof Encoding>;

export const InspectedFile = Type.Object({ name: Text, size: Size }, { additionalProperties: false });

export const InspectedPayload = Type.Object(
  { name: Text, size: Size, sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }) },
  { additionalProperties: false },
);

/** What a thin artifact says of itself. */
export const InspectedThin = Type.Object(
  {
    full: ThinRecord.properties.full,
    /** Versions of the application, one of which the device must have; none: it needs none. */
    since: Texts,
    /** Layers that are not in the file, in their packed form, and who has them. */
    leftOut: Type.Array(
      Type.Object({ diffId: Digest, digest: Digest, size: Size, from: Text }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
);

/** The Mender header of the file. */
export const InspectedArtifact = Type.Object(
  {
    /** `artifact_name`: `<slug>:<version>` in applications. */
    name: optional(Text),
    group: optional(Text),
    deviceTypes: Texts,
    /** Update module that installs it: `docker` in applications. */
    payloadType: optional(Text),
    provides: Names,
    /** What a device must provide already; lists are alternatives. */
    depends: Type.Record(Text, Type.Union([Text, Texts])),
    clears: Texts,
    /** Whether it carries a signature; none is checked without a key. */
    signed: Type.Boolean(),
    /** What the signature was made with, by its size; absent when it is none. */
    signature: optional(SignatureKind),
    /** Who made it, from either form of the meta-data. */
    build: Type.Object(
      { time: optional(Text), platform: optional(Text), toolVersion: optional(Text) },
      { additionalProperties: false },
    ),
    /** The meta-data; the JSON text in `auterion-metadata` is decoded. */
    metaData: optional(Type.Unknown()),
    /** Of a thin artifact: the full one that it stands for. */
    thin: optional(InspectedThin),
    /** Members of the outer tar file in order. */
    members: Type.Array(InspectedFile),
    /** Files of the payload in order, with the checksum of their plain content. */
    payload: Type.Array(InspectedPayload),
  },
  { additionalProperties: false },
);
export type InspectedArtifact = Static<typeof InspectedArtifact>;

export const InspectedService = Type.Object(
  {
    name: Text,
    /** Name and tag under which the device looks for the image. */
    imageName: optional(Text),
    /** Index into `images`; absent when no image has that name. */
    image: optional(Type.Integer({ minimum: 0 })),
    dependsOn: Texts,
  },
  { additionalProperties: false },
);
export type InspectedService = Static<typeof InspectedService>;

/** The application as the packaged `auterion-app.yml` describes it. */
export const InspectedApp = Type.Object(
  {
    slug: optional(Text),
    author: optional(Text),
    name: optional(Text),
    version: optional(Text),
    apiVersion: optional(Type.Number()),
    appBase: optional(Text),
    targets: Texts,
    services: Type.Array(InspectedService),
    /** Services that start together, one wave after the other; absent when they wait for one another. */
    launchOrder: optional(Type.Array(Texts)),
  },
  { additionalProperties: false },
);
export type InspectedApp = Static<typeof InspectedApp>;

export const InspectedLayer = Type.Object(
  {
    /** Digest of the plain tar, as the config names it. */
    diffId: optional(Digest),
    /** Digest of the bytes that are in the archive. */
    digest: optional(Digest),
    /** Name of the member that holds it. */
    path: optional(Text),
    encoding: optional(Encoding),
    /** Bytes in the archive. */
    size: optional(Size),
    /** Bytes of the plain tar. Not known of encodings that cannot be unpacked here. */
    plainSize: optional(Size),
    /** Bytes in the file when the archive was joined of packed layers; absent when one gzip stream holds several. */
    packedSize: optional(Size),
    /** History of the image: the instruction that made it. */
    createdBy: optional(Text),
    /** Whether another image of the file has it too. */
    shared: Type.Boolean(),
    /** Indexes of those images. */
    sharedWith: Type.Array(Type.Integer({ minimum: 0 })),
    /** The archive does not hold it: the device must have it. */
    missing: optional(Type.Literal(true)),
    /** Of a layer that a thin artifact leaves out: who has it. */
    from: optional(Text),
  },
  { additionalProperties: false },
);
export type InspectedLayer = Static<typeof InspectedLayer>;

export const InspectedConfig = Type.Object(
  {
    entrypoint: optional(Texts),
    cmd: optional(Texts),
    env: Texts,
    user: optional(Text),
    workdir: optional(Text),
    ports: Texts,
    volumes: Texts,
    labels: Names,
    stopSignal: optional(Text),
  },
  { additionalProperties: false },
);
export type InspectedConfig = Static<typeof InspectedConfig>;

export const InspectedImage = Type.Object(
  {
    /** As the archive gives them. */
    tags: Texts,
    /** Image ID for engines with graph drivers. */
    configDigest: optional(Digest),
    /** Image ID for engines with the containerd store; only where the archive has an OCI manifest. */
    manifestDigest: optional(Digest),
    platform: optional(
      Type.Object({ os: Text, architecture: Text, variant: optional(Text) }, { additionalProperties: false }),
    ),
    created: optional(Text),
    config: optional(InspectedConfig),
    layers: Type.Array(InspectedLayer),
    /** Bytes in the archive of layers that only this image has, each counted once. */
    ownSize: Size,
    /** The same of layers that other images have too. */
    sharedSize: Size,
  },
  { additionalProperties: false },
);
export type InspectedImage = Static<typeof InspectedImage>;

export const InspectionTotals = Type.Object(
  {
    /** The whole file; of a folder, the files that belong to the layout. */
    file: Size,
    /** The archive of images as a plain tar file. */
    archive: optional(Size),
    /** Layers in the archive, each once. */
    layers: Size,
    /** The same if every image brought its own copy. */
    layersApart: Size,
  },
  { additionalProperties: false },
);

export const Inspection = Type.Object(
  {
    /** As the user gave it. */
    file: Text,
    /** `image`: of the store, by its reference. */
    kind: Type.Union([
      Type.Literal("auterionos"),
      Type.Literal("mender"),
      Type.Literal("docker-archive"),
      Type.Literal("oci"),
      Type.Literal("image"),
    ]),
    /** A tar file, one packed with gzip, a folder, or, of an image, the blobs of the store. */
    form: Type.Union([Type.Literal("tar"), Type.Literal("tar+gzip"), Type.Literal("folder"), Type.Literal("store")]),
    artifact: optional(InspectedArtifact),
    app: optional(InspectedApp),
    images: Type.Array(InspectedImage),
    totals: InspectionTotals,
    /** What could not be read. An empty list does not mean that the file is right: that is what verifying is for. */
    faults: Type.Array(Finding),
  },
  { additionalProperties: false },
);
export type Inspection = Static<typeof Inspection>;
