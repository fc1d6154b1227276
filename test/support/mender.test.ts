import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { tempDir } from "./cleanup.ts";
import { dockerdFor } from "./dockerd.ts";
import { menderInstall } from "./mender.ts";
import { run, runOk } from "./run.ts";
import { registryFor } from "./seed.ts";
import { requireRoot, requireTool } from "./tools.ts";

/** An artifact with a version file and an image, written by mender-artifact. */
async function makeArtifact(dir: string, image: string, ...options: string[]): Promise<string> {
  const file = join(dir, "sample.auterionos");
  writeFileSync(join(dir, "version"), "1.2.3");
  const names = ["-n", "com.example.sample:1.2.3", "-t", "skynode", "--software-filesystem", "docker-app"];
  const software = ["--software-name", "com.example.sample", "--software-version", "1.2.3"];
  const payload = ["-f", image, "-f", join(dir, "version"), "-o", file];
  await runOk("mender-artifact", [
    "write",
    "module-image",
    "-T",
    "docker",
    ...names,
    ...software,
    ...payload,
    ...options,
  ]);
  return file;
}

test("the Mender client installs an artifact whose image dockerd takes", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "mender-artifact")) return;
  const registry = await registryFor(t);
  const dockerd = registry && (await dockerdFor(t));
  if (registry === undefined || dockerd === undefined) return;
  const dir = tempDir(t);
  const image = `${registry.host}/library/busybox:1.36`;
  await dockerd.docker(["pull", "--quiet", "--platform", "linux/arm64", image]);
  await dockerd.docker(["tag", image, "com.example.sample:1.2.3"]);
  await dockerd.docker(["save", "-o", join(dir, "sample.image"), "com.example.sample:1.2.3"]);
  await dockerd.docker(["rmi", "--force", "com.example.sample:1.2.3", image]);

  const file = await makeArtifact(dir, join(dir, "sample.image"));
  const done = await menderInstall(t, file, { dockerd });
  assert.ok(done !== undefined);
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.artifactName, "com.example.sample:1.2.3");
  assert.equal(done.provides.get("docker-app.com.example.sample.version"), "1.2.3");
  assert.deepEqual(
    done.calls.map(({ state }) => state),
    ["Download", "SupportsRollback", "ArtifactInstall", "NeedsArtifactReboot", "ArtifactCommit", "Cleanup"],
  );
  assert.equal(done.calls[2]?.tree.get("files/version"), 5);
  assert.equal(readFileSync(join(done.payloadDir, "files/version"), "utf8"), "1.2.3");
  assert.equal(readFileSync(join(done.payloadDir, "header/payload_type"), "utf8"), "docker");
  const loaded = await dockerd.docker([
    "image",
    "inspect",
    "--format",
    "{{.Architecture}}",
    "com.example.sample:1.2.3",
  ]);
  assert.equal(loaded, "arm64\n");
});

test("the Mender client refuses another device's artifact and one without the right signature", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "mender", "mender-artifact", "openssl")) return;
  const dir = tempDir(t);
  writeFileSync(join(dir, "sample.image"), "no image");
  const keyFile = join(dir, "key.pem");
  await runOk("openssl", ["genrsa", "-traditional", "-out", keyFile, "3072"]);
  await runOk("openssl", ["rsa", "-in", keyFile, "-pubout", "-out", join(dir, "public.pem")]);
  const verifyKey = join(dir, "public.pem");

  const plain = await makeArtifact(dir, join(dir, "sample.image"));
  await refused(t, plain, { deviceType: "another" }, /device type/i);
  await refused(t, plain, { verifyKey }, /signature/i);
  const signed = await makeArtifact(dir, join(dir, "sample.image"), "-k", keyFile);
  const done = await menderInstall(t, signed, { verifyKey });
  assert.equal(done?.status, 0, done?.stderr);
  assert.equal(
    (await run("test", ["-e", "/etc/mender/artifact_info"])).status,
    1,
    "the host's /etc/mender is untouched",
  );
});

async function refused(t: TestContext, file: string, options: object, reason: RegExp): Promise<void> {
  const done = await menderInstall(t, file, options);
  if (done === undefined) return;
  assert.equal(done.status, 1);
  assert.match(done.stderr + done.stdout, reason);
  assert.equal(done.artifactName, "factory-image");
  assert.equal(done.calls.length, 0);
}
