import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { aircrateFor } from "../support/aircrate.ts";
import { openArtifact } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { projectDir, requireTool } from "../support/tools.ts";

const FIXTURES = join(projectDir(), "test/app/fixtures");

/** What Auterion's tool writes for a target that has another name on devices. */
const ALIASES: Readonly<Record<string, string>> = { ainode: "jetson" };

test("every public manifest becomes a package with the header and names of Auterion's tool", async (t) => {
  if (!requireTool(t, "mender-artifact", "tar", "gzip")) return;
  const aircrate = aircrateFor(t, { cwd: tempDir(t) });
  const names = readdirSync(FIXTURES).filter((name) => name !== "zerotier-bare");
  assert.equal(names.length, 15);
  for (const name of names) {
    const manifest = parse(readFileSync(join(FIXTURES, name, "auterion-app.yml"), "utf8"));
    const slug = `${manifest["app-author"]}.${manifest["app-name"]}`;
    const version = manifest["app-version"];
    const devices = [manifest["target-platform"]].flat().map((target: string) => ALIASES[target] ?? target);
    const file = join(tempDir(t), `${name}.auterionos`);
    await aircrate.build([join(FIXTURES, name), "-o", file]);
    await runOk("mender-artifact", ["validate", file]);
    const { header, payload } = await openArtifact(file, join(tempDir(t), "open"));
    assert.equal(
      header.get("header-info"),
      JSON.stringify({
        payloads: [{ type: "docker" }],
        artifact_provides: { artifact_name: `${slug}:${version}` },
        artifact_depends: { device_type: devices },
      }),
    );
    assert.equal(
      header.get("headers/0000/type-info"),
      JSON.stringify({
        type: "docker",
        artifact_provides: { [`docker-app.${slug}.version`]: version },
        clears_artifact_provides: [`docker-app.${slug}.*`],
      }),
    );
    const metaData = JSON.parse(header.get("headers/0000/meta-data")!);
    assert.deepEqual(JSON.parse(metaData["auterion-metadata"])["auterion-app-yml"], manifest);
    assert.deepEqual(payload, [
      ...["auterion-app.yml", `${slug}.image`, "version", "settings.default.env", "settings.user.env"],
      ...(manifest["auterion-api-version"] <= 1 ? ["app.yml"] : []),
    ]);
  }
});
