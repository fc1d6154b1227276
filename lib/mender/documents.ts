import type { HeaderInfo, MetaData, TypeInfo } from "../../spec/mender.ts";

/** What the header of an artifact says. */
export interface ArtifactHeader {
  /** Update module that installs it: `docker` for applications. */
  readonly type: string;
  /** `<slug>:<version>`. */
  readonly name: string;
  /** Device types it may be installed on, in order. */
  readonly deviceTypes: readonly string[];
  /** `docker-app.<slug>`: what the device provides in a version, and what an update replaces. */
  readonly software: string;
  readonly version: string;
  /** What the device must provide already; lists are alternatives. */
  readonly depends?: Readonly<Record<string, string | string[]>>;
  readonly metaData: MetaData;
}

/** Member `version`: these 31 bytes in every artifact. */
export const VERSION_DOCUMENT = '{"format":"mender","version":3}';

/** Name of the signature of `manifest`. */
export const SIGNATURE_MEMBER = "manifest.sig";

/** Members of the header in their order; C++ clients refuse meta-data in front of type-info. */
export function headerMembers(header: ArtifactHeader): { path: string; text: string }[] {
  const info: HeaderInfo = {
    payloads: [{ type: header.type }],
    artifact_provides: { artifact_name: header.name },
    artifact_depends: { device_type: [...header.deviceTypes] },
  };
  const typeInfo: TypeInfo = {
    type: header.type,
    // In front of what it provides, as mender-artifact writes it.
    ...(header.depends !== undefined && { artifact_depends: header.depends }),
    artifact_provides: { [`${header.software}.version`]: header.version },
    clears_artifact_provides: [`${header.software}.*`],
  };
  return [
    { path: "header-info", text: goJson(info) },
    { path: "headers/0000/type-info", text: goJson(typeInfo) },
    { path: "headers/0000/meta-data", text: goJson(sortKeys(header.metaData)) },
  ];
}

/** JSON as Go's encoder writes it: no spaces, and characters that mean something to HTML or JavaScript escaped. */
function goJson(document: unknown): string {
  return JSON.stringify(document).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function sortKeys<T extends object>(document: T): T {
  return Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}

/**
 * Names of payload files that every reader takes: Go refuses other characters, C++ more than 100 with `data/0000/`. A
 * device stores the files under these names, so the two that mean folders are none.
 */
export const PAYLOAD_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.,-]{1,90}$/;

/** Member `manifest`: one line per file, the payload files in order, then header and version, each line ended. */
export function manifestDocument(lines: readonly { sha256: string; name: string }[]): string {
  return lines.map(({ sha256, name }) => `${sha256}  ${name}\n`).join("");
}
