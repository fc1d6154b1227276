import type { Finding, InspectedArtifact } from "../../spec/inspection.ts";
import { HeaderInfo, TypeInfo } from "../../spec/mender.ts";
import { THIN_KEY, ThinRecord } from "../../spec/thin.ts";
import { decodeSignature, kindOfSignature } from "../keys/signature.ts";
import { SIGNATURE_MEMBER } from "../mender/documents.ts";
import { isMap, mapOf } from "../yaml/value.ts";
import type { ArtifactScan, PayloadMember } from "./artifact.ts";
import { pickValid, type Read, readDocument, readJson } from "./documents.ts";

/** The documents of the header as they were found. */
export interface HeaderDocuments {
  readonly info: Read<unknown>;
  readonly typeInfo: Read<unknown>;
  /** Absent when the artifact has no meta-data. */
  readonly metaData?: Read<unknown>;
  /** `auterion-metadata`, decoded; absent when the meta-data have no such key. */
  readonly auterion?: Read<unknown>;
  /** `aircrate-thin`, decoded; absent when the artifact is not thin. */
  readonly thin?: Read<ThinRecord>;
}

/** @param artifact its first header counts; that there is one and no more is for verifying */
export function readHeaderDocuments({ headers }: ArtifactScan): HeaderDocuments {
  const [header] = headers;
  const name = header?.name ?? "header.tar.gz";
  const read = (path: string): Read<unknown> | undefined => {
    const member = header?.members.find((one) => one.name === path);
    return member === undefined ? undefined : readJson(member.bytes, `${name}/${path}`);
  };
  const missing = (path: string): Read<unknown> => ({ faults: [{ where: name, message: `has no ${path}` }] });
  const metaData = read("headers/0000/meta-data");
  const texts = metaData !== undefined && "value" in metaData && isMap(metaData.value) ? metaData.value : {};
  const { [AUTERION]: text, [THIN_KEY]: thin } = texts;
  const where = `${name}/headers/0000/meta-data`;
  return {
    info: read("header-info") ?? missing("header-info"),
    typeInfo: read("headers/0000/type-info") ?? missing("headers/0000/type-info"),
    ...(metaData !== undefined && { metaData }),
    ...(typeof text === "string" && {
      auterion: readJson(Buffer.from(text), `${where}/${AUTERION}`),
    }),
    ...(typeof thin === "string" && { thin: readDocument(ThinRecord, Buffer.from(thin), `${where}/${THIN_KEY}`) }),
  };
}

const AUTERION = "auterion-metadata";

/** Faults of documents that could not even be read. */
export function headerFaults({ info, typeInfo, metaData, auterion, thin }: HeaderDocuments): Finding[] {
  return [info, typeInfo, metaData, auterion, thin].flatMap((one) =>
    one !== undefined && "faults" in one ? one.faults : [],
  );
}

/** The Mender header as `inspect` shows it. */
export function describeArtifact(artifact: ArtifactScan, documents: HeaderDocuments): InspectedArtifact {
  const info = pickValid(HeaderInfo, readValue(documents.info));
  const typeInfo = pickValid(TypeInfo, readValue(documents.typeInfo));
  const { artifact_name: name, artifact_group: group } = info.artifact_provides ?? {};
  const payloadType = typeInfo.type ?? info.payloads?.[0]?.type;
  const metaData = decodeMetaData(documents);
  const signature = artifact.members.find((member) => member.name === SIGNATURE_MEMBER);
  const signed = signature?.bytes && decodeSignature(signature.bytes);
  return {
    ...(name !== undefined && { name }),
    ...(group !== undefined && { group }),
    deviceTypes: info.artifact_depends?.device_type ?? [],
    ...(payloadType !== undefined && { payloadType }),
    provides: typeInfo.artifact_provides ?? {},
    depends: typeInfo.artifact_depends ?? {},
    clears: typeInfo.clears_artifact_provides ?? [],
    signed: signature !== undefined,
    ...(signed !== undefined && { signature: kindOfSignature(signed) }),
    build: describeBuild(documents),
    ...(metaData !== undefined && { metaData }),
    ...(documents.thin !== undefined && "value" in documents.thin && { thin: describeThin(documents.thin.value) }),
    members: artifact.members.map(({ name, size }) => ({ name, size })),
    payload: payloadOf(artifact).flatMap(({ name, size, sha256 }) => (sha256 === "" ? [] : [{ name, size, sha256 }])),
  };
}

function describeThin({ full, since, layers }: ThinRecord): NonNullable<InspectedArtifact["thin"]> {
  const leftOut = layers.flatMap(({ from, ...layer }) => (from === undefined ? [] : { ...layer, from }));
  return { full, since, leftOut };
}

export function payloadOf(artifact: ArtifactScan): PayloadMember[] {
  return artifact.data.flatMap(({ members }) => members);
}

function readValue(document: Read<unknown> | undefined): unknown {
  return document !== undefined && "value" in document ? document.value : undefined;
}

function decodeMetaData({ metaData, auterion }: HeaderDocuments): unknown {
  const value = readValue(metaData);
  const inner = readValue(auterion);
  if (inner === undefined || !isMap(value)) return value;
  return mapOf<unknown>([...Object.entries(value), [AUTERION, inner]]);
}

/** Older packages have these keys in the meta-data themselves. */
function describeBuild({ metaData, auterion }: HeaderDocuments): InspectedArtifact["build"] {
  const source = readValue(auterion) ?? readValue(metaData);
  const text = (key: string) => {
    const value = isMap(source) ? source[key] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const time = text("build-time");
  const platform = text("build-platform");
  const toolVersion = text("cli-version");
  return {
    ...(time !== undefined && { time }),
    ...(platform !== undefined && { platform }),
    ...(toolVersion !== undefined && { toolVersion }),
  };
}
