import type { Inspection } from "../../spec/inspection.ts";
import { LayoutMarker } from "../../spec/oci.ts";
import type { ArchiveScan, Member } from "../inspect/archive.ts";
import { documentOf, readDocument } from "../inspect/documents.ts";
import { digestInName } from "../inspect/lookup.ts";
import { checkEnd } from "./artifact.ts";
import type { Findings } from "./findings.ts";

/** The archive of images as a container: its end, the kinds of its members, blobs named by their digest. */
export function checkArchive(archive: ArchiveScan, kind: Inspection["kind"], findings: Findings): void {
  const { prefix, members, encoding, end } = archive;
  const own = prefix === "" ? "archive" : prefix.slice(0, -1);
  findings.problems(archive.faults);
  checkEnd(own, end, findings);
  for (const member of members.values()) checkMember(archive, member, findings);
  for (const name of archive.repeated) findings.warning(`${prefix}${name}`, "occurs twice with the same content");
  const marker = members.get("oci-layout");
  if (marker !== undefined) {
    const read = readDocument(LayoutMarker, documentOf(marker), `${prefix}oci-layout`);
    if ("faults" in read) findings.problems(read.faults);
  } else if (kind === "oci") findings.problem(own, "has no oci-layout, so it is no image layout");
  else if (members.has("index.json")) {
    findings.warning(own, "has index.json but no oci-layout: containerd goes by manifest.json then");
  }
  if (!members.has("manifest.json")) {
    const message =
      "has no manifest.json: Docker with a graph driver does not load it, podman only with one image in it";
    if (kind === "auterionos") findings.problem(own, message);
    else findings.warning(own, message);
  }
  if (kind !== "auterionos" && encoding === "gzip") {
    findings.warning(own, "is packed with gzip as a whole: podman 4 and ctr do not load that");
  }
}

const TYPES = ["file", "directory", "symlink", "hardlink"];

function checkMember({ prefix }: ArchiveScan, member: Member, findings: Findings): void {
  const where = `${prefix}${member.name}`;
  if (!TYPES.includes(member.type)) findings.problem(where, `is a ${member.type}, which no archive of images holds`);
  if (!member.name.startsWith("blobs/") || member.blob === undefined) return;
  const named = digestInName(member.name);
  if (named !== undefined && named !== member.blob.digest) {
    findings.problem(where, `does not have the digest that it is named by: it is ${member.blob.digest}`);
  }
}
