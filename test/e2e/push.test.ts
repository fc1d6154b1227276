import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import { Index, Manifest } from "../../spec/oci.ts";
import { PushReport } from "../../spec/push-report.ts";
import { type Aircrate, aircrateFor, decodeText, dockerConfig, GALLERY, GALLERY_FACTS } from "../support/aircrate.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { PASSWORD, type Registry, type RegistryOptions, startRegistry, USER } from "../support/registry.ts";
import { runOk } from "../support/run.ts";
import { formsOf } from "../support/secrets.ts";
import { noise } from "../support/seeded.ts";
import { freePort, requireTool } from "../support/tools.ts";

const LOGIN = { user: USER, password: PASSWORD };

async function emptyRegistry(t: TestContext, options: Partial<RegistryOptions> = {}): Promise<Registry | undefined> {
  if (!requireTool(t, "docker-registry", "htpasswd", "openssl")) return undefined;
  const registry = await startRegistry({ dir: tempDir(t), ...options });
  onCleanup(t, registry.stop);
  return registry;
}

/** A store with images of one layer of noise each: `base:1`, or `app:1` that is built on another image. */
async function withImage(t: TestContext, name: "base" | "app", from = "scratch"): Promise<Aircrate> {
  const aircrate = aircrateFor(t);
  const dir = writeFiles(tempDir(t), {
    ...{ base: noise(1, 400_000), app: noise(2, 300_000) },
    Dockerfile: `FROM ${from}\nCOPY ${name} /\n`,
  });
  const { status, stderr } = await aircrate.run(["image", "build", "-t", `${name}:1`, dir]);
  assert.equal(status, 0, stderr);
  return aircrate;
}

async function push(aircrate: Aircrate, ...args: string[]): Promise<PushReport> {
  const { status, stdout, stderr } = await aircrate.run(["push", ...args, "--json"]);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return decodeText(PushReport, stdout);
}

test("a package goes to a registry with tokens: skopeo reads what inspect shows, and a second push sends nothing", async (t) => {
  const registry = await emptyRegistry(t, { mode: "token" });
  if (registry === undefined || !requireTool(t, "skopeo")) return;
  const DOCKER_CONFIG = dockerConfig(t, registry.host, LOGIN);
  const aircrate = aircrateFor(t, { env: { DOCKER_CONFIG, AIRCRATE_DEBUG: "1" } });
  const demo = await demoRegistry(t);
  const [file, layout] = ["app.auterionos", "app.oci"].map((name) => join(tempDir(t), name)) as [string, string];
  const { images } = await aircrate.build([GALLERY, "-o", file, ...mirror(demo)]);
  await aircrate.build([GALLERY, "-o", layout, "--format", "oci", "--offline"]);

  const place = `${registry.host}/team`;
  const first = await aircrate.run(["push", file, place]);
  assert.equal(first.status, 0, first.stderr);
  for (const secret of formsOf(PASSWORD)) assert.ok(!(first.stdout + first.stderr).includes(secret));
  assert.match(first.stdout, /^sent \d+ blobs .*, mounted \d+ blobs .*, 0 blobs \(0 B\) there already$/m);
  const again = await push(aircrate, file, place);
  assert.equal(again.sent.count + again.mounted.count, 0);
  assert.deepEqual(
    again.images.map(({ name, reference, known }) => [name, reference, known]),
    [GALLERY_FACTS.tags.camera, GALLERY_FACTS.tags.gallery, GALLERY_FACTS.tags.janitor].map((tag) => [
      tag.includes("/") ? `docker.io/${tag}` : `docker.io/library/${tag}`,
      `${place}/${tag}`,
      true,
    ]),
  );
  // The same manifests, with the layers of the base's own registry, as in an image layout that is built.
  const tar = await runOk("tar", ["-xOf", layout, "index.json"]);
  const built = decodeText(Index, tar).manifests.map(({ digest }) => digest);
  assert.deepEqual(again.images.map(({ digest }) => digest).sort(), [...built].sort());
  assert.equal(images.length, again.images.length);

  for (const { reference, pinned, digest } of again.images) {
    const skopeo = ["--tls-verify=false", `--creds=${USER}:${PASSWORD}`];
    const raw = await runOk("skopeo", ["inspect", "--raw", ...skopeo, `docker://${reference}`]);
    assert.equal(digestOf(raw), digest);
    decodeText(Manifest, raw);
    assert.equal(pinned, `${reference.replace(/:[^:/]*$/, "")}@${digest}`);
  }
  const copy = join(tempDir(t), "copy");
  const source = ["--src-tls-verify=false", `--src-creds=${USER}:${PASSWORD}`, `docker://${again.images[0]!.pinned}`];
  await runOk("skopeo", ["copy", "--quiet", ...source, `oci:${copy}:x`]);
  assert.equal(
    decodeText(Index, readFileSync(join(copy, "index.json"), "utf8")).manifests[0]?.digest,
    again.images[0]?.digest,
  );
});

test("a base that was pulled from the registry is mounted there", async (t) => {
  const registry = await emptyRegistry(t);
  if (registry === undefined) return;
  const base = await push(await withImage(t, "base"), "base:1", `${registry.host}/library/base:1`);
  const elsewhere = await withImage(t, "app", `${registry.host}/library/base:1`);
  const app = await push(elsewhere, "app:1", `${registry.host}/team/app:1`);
  const layer = base.images[0]!.blobs[1]!;
  assert.deepEqual(
    app.images[0]?.blobs.map(({ digest, how, from }) => [digest === layer.digest, how, from]),
    [
      [false, "sent", undefined],
      [true, "mounted", "library/base"],
      [false, "sent", undefined],
    ],
  );
  const lines = [...registry.log().matchAll(/"(POST|PUT) (\/v2\/team\/app\/blobs\/\S*) HTTP\/1.1" (\d+)/g)];
  const mounts = lines.filter(([, , path]) => path?.includes("mount="));
  assert.deepEqual(
    mounts.map(([, method, , status]) => [method, status]),
    [["POST", "201"]],
  );
  assert.equal(lines.filter(([, method]) => method === "PUT").length, 2, "config and own layer");

  const docker = await dockerdFor(t);
  if (docker === undefined) return;
  const { pinned, reference, blobs } = app.images[0]!;
  for (const name of [reference, pinned]) await docker.docker(["pull", "--quiet", "--platform", "linux/arm64", name]);
  assert.equal((await docker.docker(["image", "inspect", "--format", "{{.Id}}", pinned])).trim(), blobs[0]!.digest);
});

test("what cannot be pushed: exit statuses and words", async (t) => {
  const aircrate = await withImage(t, "base");
  const expect = async (args: readonly string[], status: number, ...patterns: readonly RegExp[]) => {
    const done = await aircrate.run(["push", ...args]);
    assert.equal(done.status, status, done.stderr);
    for (const pattern of patterns) assert.match(done.stderr, pattern);
    assert.equal(done.stdout, "");
  };
  await expect(["base:1"], 2, /no registry to push to/, /aircrate push base:1 REGISTRY/);
  await expect(["base:2", "r.example/a"], 4, /no such image in the store/);
  const nobody = `127.0.0.1:${await freePort()}`;
  await expect(["base:1", `${nobody}/a:1`, "--retries", "1"], 4, /cannot be reached/, /name of the registry/);
  const registry = await emptyRegistry(t, { mode: "basic" });
  if (registry === undefined) return;
  await expect(["base:1", `${registry.host}/a:1`], 5, /does not allow it/, /aircrate login 127/);
  const readonly = await emptyRegistry(t, { readonly: true });
  await expect(["base:1", `${readonly!.host}/a:1`], 5, /takes no pushes/, /read-only, or a cache/);
});

test("a push that a signal stops ends at once and leaves nothing in the store", async (t) => {
  const aircrate = await withImage(t, "base");
  const file = join(tempDir(t), "base.tar");
  assert.equal((await aircrate.run(["save", "base:1", "-o", file])).status, 0);
  const registry = await registryWith(t, { push: {} });
  const asked = new Promise<void>((resolve) => {
    registry.setFault(({ kind, method }) => {
      if (kind !== "upload" || method !== "PUT") return undefined;
      resolve();
      return { stallAfter: "request" };
    });
  });
  const running = aircrate.start(["push", file, registry.host]);
  await asked;
  running.kill("SIGINT");
  const { status, stdout } = await running.ended;
  assert.deepEqual([status, stdout], [130, ""]);
  assert.deepEqual(readdirSync(join(aircrate.store, "aircrate/tmp")), []);
  assert.ok(registry.requests.every(({ kind, method }) => kind !== "manifest" || method === "HEAD"));
});
