import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { aircrateFor } from "../support/aircrate.ts";
import { type OpenedArtifact, openArtifact, sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { writeFiles } from "../support/project.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const SLUG = "com.example.payload";
const FILES = ["auterion-app.yml", `${SLUG}.image`, "version", "settings.default.env", "settings.user.env"];

/** What an API version has in its package, by Auterion's own tool; messages come with a key that 3 brought. */
const MORE: Readonly<Record<number, readonly string[]>> = {
  0: ["app.yml"],
  1: ["app.yml"],
  2: [],
  3: ["logging-msg-files.tar"],
  4: ["logging-msg-files.tar"],
  5: ["logging-msg-files.tar"],
  6: ["logging-msg-files.tar"],
  7: ["logging-msg-files.tar"],
};

for (let api = 0; api <= 7; api += 1) {
  test(`a package of API version ${api} is what mender-artifact makes of its payload`, async (t) => {
    if (!requireTool(t, "mender-artifact", "tar", "gzip")) return;
    const dir = tempDir(t);
    const file = join(dir, "ours.auterionos");
    const report = await aircrateFor(t).build([writeProject(join(dir, "project"), api), "-o", file]);
    const names = [...FILES, ...MORE[api]!];
    const ours = await openArtifact(file, join(dir, "ours"));
    assert.deepEqual(ours.payload, names);
    assert.deepEqual(
      report.payload.map(({ name }) => name),
      names,
    );

    // The targets of the project with the alias resolved and the repetition gone.
    const devices = ["jetson", "skynode", "skynode-s"];
    const theirFile = join(dir, "theirs.auterionos");
    const meta = join(dir, "meta.json");
    writeFileSync(meta, ours.header.get("headers/0000/meta-data")!);
    await runOk("mender-artifact", [
      ...["write", "module-image", "-T", "docker", "-n", `${SLUG}:1.2.3-rc.1`],
      ...["--software-filesystem", "docker-app", "--software-name", SLUG, "--software-version", "1.2.3-rc.1"],
      ...["--meta-data", meta, "-o", theirFile],
      ...devices.flatMap((device) => ["-t", device]),
      ...names.flatMap((name) => ["-f", join(ours.payloadDir, name)]),
    ]);
    const theirs = await openArtifact(theirFile, join(dir, "theirs"));
    assert.deepEqual(ours.members, theirs.members);
    assert.deepEqual([...ours.header], [...theirs.header], "the same JSON, byte for byte, in the same order");
    assert.deepEqual(ours.payload, theirs.payload);
    assert.deepEqual(withoutHeader(ours), withoutHeader(theirs));
    assert.deepEqual(ours.manifest.slice(-3, -1).map(nameOf), ["header.tar.gz", "version"]);
    for (const [mine, other] of [
      [file, theirFile],
      [join(dir, "ours/header.tar.gz"), join(dir, "theirs/header.tar.gz")],
      [join(dir, "ours/data/0000.tar.gz"), join(dir, "theirs/data/0000.tar.gz")],
    ] as const) {
      assert.deepEqual(await modes(mine), await modes(other));
    }
    // What both say of the payload is true, so the comparison was not of one mistake with itself.
    for (const line of ours.manifest.slice(0, names.length)) {
      assert.equal(line.split("  ")[0], await sha256Of(join(ours.payloadDir, nameOf(line).slice("data/0000/".length))));
    }
  });
}

function withoutHeader({ manifest }: OpenedArtifact): string[] {
  return manifest.filter((line) => nameOf(line) !== "header.tar.gz");
}

function nameOf(line: string): string {
  return line.split("  ")[1] ?? "";
}

/** Mode and name of each member. */
async function modes(file: string): Promise<string[]> {
  const listed = await runOk("tar", ["--numeric-owner", "-tvf", file]);
  return listed
    .trim()
    .split("\n")
    .map((line) => `${line.split(" ")[0]} ${line.split(" ").at(-1)}`);
}

const LATER = `services:
  one: { build: one }
compose-override:
  services:
    one:`;

/** An application whose texts hold what Go's JSON escapes. */
function writeProject(dir: string, api: number): string {
  const logging = `logging:
  msg-paths: [msgs/example_msgs]
`;
  return writeFiles(dir, {
    "auterion-app.yml": `auterion-api-version: ${api}
auterion-app-base: none
app-name: payload
app-author: com.example
app-version: 1.2.3-rc.1
target-platform: [ainode, skynode, skynode-s, jetson]
${api === 0 ? "compose:\n  services:\n    one:\n      build: one" : LATER}
      environment: ["LESS=a < b && b > a", "QUOTE=\\"\\\\", "UNICODE=ä深🚁\\u2028\\u2029", "CONTROL=\\t\\x01\\x7f"]
      labels: { "10": ten, "9": nine, b: 1.5, a: 1.0e3 }
${api >= 3 ? logging : ""}`,
    "one/Dockerfile": "FROM scratch\nCOPY Dockerfile /\n",
    "settings.default.env": "A=1\n",
    "msgs/example_msgs/msg/Pose.msg": "float32 x\n",
  });
}
