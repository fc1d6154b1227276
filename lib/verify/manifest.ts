import type { ArtifactScan } from "../inspect/artifact.ts";
import { payloadFolder } from "../inspect/artifact.ts";
import type { Findings } from "./findings.ts";

/**
 * The checksums in `manifest`: every file of the artifact is listed once with the digest it has. The format is the one
 * that all readers agree on, which is narrower than what some take.
 *
 * @returns how many checksums were compared
 */
export function checkChecksums(artifact: ArtifactScan, findings: Findings): number {
  const manifest = artifact.members.find(({ name }) => name === "manifest");
  if (manifest === undefined) return 0;
  if (manifest.bytes === undefined) {
    findings.problem("manifest", "is too large for a list of checksums");
    return 0;
  }
  const listed = parseManifest(manifest.bytes, findings);
  const files = filesOf(artifact);
  let compared = 0;
  for (const [name, sha256] of listed) {
    const found = files.get(name);
    if (found === undefined) findings.problem("manifest", `lists ${name}, which is not in the artifact`);
    else if (found !== UNREAD) {
      compared += 1;
      if (found !== sha256) findings.problem(name, `does not match its checksum in the manifest (it is ${found})`);
    }
  }
  for (const name of files.keys()) if (!listed.has(name)) findings.problem(name, "is not listed in the manifest");
  return compared;
}

const LINE = /^([0-9a-f]{64}) {2}(\S[^\r]*)$/;

function parseManifest(bytes: Uint8Array, findings: Findings): Map<string, string> {
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  const listed = new Map<string, string>();
  if (lines.at(-1) === "") lines.pop();
  else findings.problem("manifest", "the last line does not end in a newline");
  for (const [i, line] of lines.entries()) {
    const where = `manifest:${i + 1}`;
    const match = LINE.exec(line);
    if (line === "") findings.problem(where, "is a blank line");
    else if (line.endsWith("\r")) findings.problem(where, "ends in CR LF instead of LF");
    else if (match === null) findings.problem(where, "is not 64 lower-case hex digits, two blanks and a name");
    else if (listed.has(match[2]!)) findings.problem(where, `lists ${match[2]} again`);
    else listed.set(match[2]!, match[1]!);
  }
  return listed;
}

/** A file that ended too early has no digest. */
const UNREAD = "";

/** What has to be listed, by the name it has there. */
function filesOf(artifact: ArtifactScan): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, members } of artifact.data) {
    for (const member of members) files.set(`${payloadFolder(name)}${member.name}`, member.sha256);
  }
  for (const { name, sha256 } of artifact.members) {
    if (name === "version" || artifact.headers.some((header) => header.name === name)) files.set(name, sha256);
  }
  return files;
}
