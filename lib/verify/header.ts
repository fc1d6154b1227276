import type { Static, TSchema } from "@sinclair/typebox";
import { HeaderInfo, TypeInfo } from "../../spec/mender.ts";
import type { ArtifactScan } from "../inspect/artifact.ts";
import { checkDocument, type Read } from "../inspect/documents.ts";
import { type HeaderDocuments, headerFaults } from "../inspect/header.ts";
import { isMap } from "../yaml/value.ts";
import type { Findings } from "./findings.ts";

/** Members of the header in the order that every reader takes; C++ clients refuse another one. */
const ORDER = ["header-info", "headers/0000/type-info", "headers/0000/meta-data"];
const OPTIONAL = "headers/0000/meta-data";

/** Mender's limit for names and device types, and that they can be printed. */
const MAX_NAME = 256;
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** `header.tar.gz`: its members, the form of its documents, and that they agree. */
export function checkHeader(artifact: ArtifactScan, documents: HeaderDocuments, findings: Findings): void {
  const [header, second] = artifact.headers;
  if (header === undefined) return;
  if (second !== undefined) findings.problem(second.name, "is a second header");
  checkMembers(header.members, header.name, findings);
  const { info, typeInfo, metaData } = documents;
  findings.problems(headerFaults(documents));
  const checkedInfo = checked(HeaderInfo, info, `${header.name}/${ORDER[0]}`, findings);
  const checkedType = checked(TypeInfo, typeInfo, `${header.name}/${ORDER[1]}`, findings);
  if (metaData !== undefined && "value" in metaData && !isMap(metaData.value)) {
    findings.problem(`${header.name}/${OPTIONAL}`, "is not a JSON object");
  }
  if (checkedInfo === undefined) return;
  const where = `${header.name}/header-info`;
  const { payloads, artifact_provides, artifact_depends } = checkedInfo;
  const [payload] = payloads;
  if (payload === undefined || payloads.length > 1) {
    findings.problem(where, `has ${payloads.length} payloads, where clients install exactly one`);
  } else if (checkedType !== undefined && payload.type !== checkedType.type) {
    findings.problem(where, `the payload's type is ${payload.type}, but ${checkedType.type} in type-info`);
  }
  for (const [what, text] of [
    ["artifact_name", artifact_provides.artifact_name],
    ...artifact_depends.device_type.map((type) => ["device_type", type] as const),
  ] as const) {
    if (!PRINTABLE.test(text) || Buffer.byteLength(text) > MAX_NAME) {
      findings.problem(where, `${what} "${text}" is not 1 to ${MAX_NAME} bytes of printable text`);
    }
  }
  if (new Set(artifact_depends.device_type).size < artifact_depends.device_type.length) {
    findings.warning(where, "names a device type twice");
  }
}

function checkMembers(members: ArtifactScan["members"], header: string, findings: Findings): void {
  let highest = -1;
  const seen = new Set<string>();
  for (const { name, type, size } of members) {
    const where = `${header}/${name}`;
    const place = ORDER.indexOf(name);
    if (place < 0) findings.problem(where, `is no member of a header, which has ${ORDER.join(", ")} and nothing else`);
    else if (type !== "file") findings.problem(where, "is not a regular file");
    else if (seen.has(name)) findings.problem(where, "occurs twice");
    else if (place < highest) findings.problem(where, `stands behind ${ORDER[highest]}: some clients refuse that`);
    else if (name === OPTIONAL && size === 0) findings.problem(where, "is empty: some clients refuse that");
    seen.add(name);
    highest = Math.max(highest, place);
  }
  for (const name of ORDER) {
    if (name !== OPTIONAL && !seen.has(name)) findings.problem(header, `has no ${name}`);
  }
}

function checked<S extends TSchema>(
  schema: S,
  document: Read<unknown>,
  where: string,
  findings: Findings,
): Static<S> | undefined {
  if ("faults" in document) return undefined;
  const result = checkDocument(schema, document.value, where);
  if ("value" in result) return result.value;
  findings.problems(result.faults);
  return undefined;
}
