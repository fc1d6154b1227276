import { ArtifactVersion } from "../../spec/mender.ts";
import type { ArtifactScan, InnerTar, PayloadMember } from "../inspect/artifact.ts";
import { payloadFolder } from "../inspect/artifact.ts";
import { readDocument } from "../inspect/documents.ts";
import { PAYLOAD_NAME, SIGNATURE_MEMBER } from "../mender/documents.ts";
import { TRAILER_SIZE } from "../tar/header.ts";
import type { Findings } from "./findings.ts";
import { checkChecksums } from "./manifest.ts";

/** Members of an artifact in the order that every reader takes (mender-artifact, artifact-format-v3.md). */
const ORDER = ["version", "manifest", SIGNATURE_MEMBER, "header.tar.gz", "data/0000.tar.gz"] as const;

/**
 * The Mender artifact as a container: its members and their order, `version`, the checksums of `manifest`, the names of
 * payload files.
 *
 * @returns how many checksums were compared
 */
export function checkArtifact(artifact: ArtifactScan, findings: Findings): number {
  checkMembers(artifact, findings);
  const version = artifact.members.find(({ name }) => name === "version");
  const document = version && readDocument(ArtifactVersion, version.bytes, "version");
  if (document !== undefined && "faults" in document) findings.problems(document.faults);
  for (const tar of artifact.data) checkPayloadFiles(tar, findings);
  checkEnd("artifact", artifact.end, findings);
  for (const { name, end } of [...artifact.headers, ...artifact.data]) checkEnd(name, end, findings);
  return checkChecksums(artifact, findings);
}

function checkMembers({ members }: ArtifactScan, findings: Findings): void {
  const places = new Map<string, number>();
  let highest = -1;
  for (const { name, type } of members) {
    const slot = slotOf(name);
    if (slot < 0) {
      findings.problem(name, `is no member of an artifact, which has ${ORDER.join(", ")} and nothing else`);
      continue;
    }
    const expected = ORDER[slot]!;
    if (type !== "file") findings.problem(name, `is not a regular file`);
    if (name !== expected) findings.warning(name, `Mender takes this name, but Auterion's tools look for ${expected}`);
    if (places.has(expected)) findings.problem(name, "occurs twice");
    else if (slot < highest)
      findings.problem(name, `stands behind ${ORDER[highest]}: the order is ${ORDER.join(", ")}`);
    places.set(expected, slot);
    highest = Math.max(highest, slot);
  }
  for (const name of ORDER) {
    if (name !== SIGNATURE_MEMBER && !places.has(name)) findings.problem("artifact", `has no member ${name}`);
  }
}

/** Header and data may be packed otherwise, and then have another suffix. */
function slotOf(name: string): number {
  return ORDER.indexOf(
    name.replace(/^(header|data\/0000)\.tar(?:\.xz|\.zst)?$/, "$1.tar.gz") as (typeof ORDER)[number],
  );
}

export function checkEnd(
  where: string,
  end: { readonly trailer: number; readonly clean: boolean } | undefined,
  findings: Findings,
): void {
  if (end === undefined) return;
  if (!end.clean) findings.problem(where, "other bytes follow the end of the tar file");
  if (end.trailer < TRAILER_SIZE)
    findings.warning(where, "the tar file has no whole end mark: it may have been cut off");
}

function checkPayloadFiles(tar: InnerTar<PayloadMember>, findings: Findings): void {
  const seen = new Set<string>();
  for (const { name, type } of tar.members) {
    const where = `${payloadFolder(tar.name)}${name}`;
    if (type !== "file") findings.problem(where, `is a ${type}: a payload has only regular files`);
    else if (!PAYLOAD_NAME.test(name)) {
      findings.problem(
        where,
        "is no legal name of a payload file: up to 90 letters, digits and the characters _ . , -",
      );
    }
    if (seen.has(name)) findings.problem(where, "occurs twice");
    seen.add(name);
  }
}
