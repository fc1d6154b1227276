import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PACKING } from "../../lib/gzip/deflate.ts";
import { LocalBuildReport } from "../../spec/local-reports.ts";
import { BuildReport } from "../../spec/report.ts";
import { aircrateFor, decodeText, dockerConfig } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { writeFiles } from "../support/project.ts";
import { PASSWORD, type Registry, type RegistryOptions, startRegistry, USER } from "../support/registry.ts";
import { runOk } from "../support/run.ts";
import { formsOf } from "../support/secrets.ts";
import { prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

async function emptyRegistry(t: TestContext, options: Partial<RegistryOptions> = {}): Promise<Registry | undefined> {
  if (!requireTool(t, "docker-registry", "htpasswd", "openssl")) return undefined;
  const registry = await startRegistry({ dir: tempDir(t), ...options });
  onCleanup(t, registry.stop);
  return registry;
}

const LIBRARY = Buffer.concat([prose(1, 400_000), Buffer.alloc(6_000_000)]);

/** A project with a large layer and a small one; `rest` goes into its aircrate.yml. */
function projectIn(dir: string, rest = ""): string {
  return writeFiles(dir, {
    "aircrate.yml": `${rest}images:
  app:
    from: scratch
    layers:
      - copy: [{ from: vendor/, to: /app/vendor }]
      - copy: [{ from: main.py, to: /app/main.py }]
`,
    "vendor/library": LIBRARY,
    "vendor/notes": prose(2, 200_000),
    "main.py": "print(1)\n",
  });
}

function sourcesOf({ images }: Pick<BuildReport, "images">): string[] {
  return images.flatMap(({ layers }) => layers.map(({ source }) => source));
}

/** Machines with a store each that build one project. */
function fleetFor(t: TestContext, project: string) {
  const aircrate = aircrateFor(t);
  const place = tempDir(t);
  let count = 0;
  return async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    count += 1;
    const file = join(place, `${count}.tar`);
    const options = { store: join(place, String(count)), env };
    const { status, stdout, stderr } = await aircrate.run(["build", project, "-o", file, "--json", ...args], options);
    assert.deepEqual([status, stderr], [0, ""]);
    return { ...decodeText(BuildReport, stdout), text: stdout, sha256: await sha256Of(file) };
  };
}

test("machines that share a cache build each layer once, to the same bytes", async (t) => {
  const registry = await emptyRegistry(t);
  if (registry === undefined) return;
  const repository = `${registry.host}/team/cache`;
  const dir = tempDir(t);
  const build = fleetFor(t, projectIn(dir, `cache: ${repository}\n`));
  const alone = await build(["--no-cache"]);
  assert.deepEqual([sourcesOf(alone), alone.cache], [["packed", "packed"], undefined]);
  assert.doesNotMatch(registry.log(), /aircrate\//);

  const read = await build([]);
  assert.deepEqual(read.cache, { repository, mode: "read", asked: 1, taken: 0, pushed: 0, pushedSize: 0 });
  assert.doesNotMatch(registry.log(), /"(POST|PUT|PATCH) /);

  const write = ["--cache", repository, "--cache-mode", "read-write"];
  const pair = await Promise.all([
    build(write),
    build([], { AIRCRATE_CACHE: repository, AIRCRATE_CACHE_MODE: "read-write" }),
  ]);
  for (const { warnings, cache, stages } of pair) {
    assert.deepEqual([warnings, cache?.mode, stages.at(-1)?.name], [[], "read-write", "push layers"]);
  }
  assert.ok(pair.some(({ cache }) => cache?.pushed === 1));

  writeFiles(dir, { "aircrate.lock": "version: 1\nimages: {}\n" });
  const taken = await build(["--locked"]);
  assert.deepEqual(sourcesOf(taken), ["cache", "packed"], "a small layer is not asked for");
  assert.deepEqual(taken.cache, { repository, mode: "read", asked: 1, taken: 1, pushed: 0, pushedSize: 0 });
  for (const { sha256, warnings } of [read, ...pair, taken]) assert.deepEqual([sha256, warnings], [alone.sha256, []]);

  if (!requireTool(t, "skopeo")) return;
  const listed = await runOk("skopeo", ["list-tags", "--tls-verify=false", `docker://${repository}`]);
  const { Tags: tags }: { Tags: string[] } = JSON.parse(listed);
  assert.deepEqual(tags, [`${PACKING.name}-${taken.images[0]!.layers[0]!.diffId.slice("sha256:".length)}`]);
  const manifest = JSON.parse(
    await runOk("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${repository}:${tags[0]}`]),
  );
  assert.equal(manifest.layers[0].digest, taken.images[0]!.layers[0]!.digest);
});

test("credentials go to the cache alone, and one that refuses is told of", async (t) => {
  const registry = await emptyRegistry(t, { mode: "token" });
  if (registry === undefined) return;
  const repository = `${registry.host}/team/cache`;
  const build = fleetFor(t, projectIn(tempDir(t)));
  const login = { DOCKER_CONFIG: dockerConfig(t, registry.host, { user: USER, password: PASSWORD }) };
  const refused = await build(["--cache", repository, "--cache-mode", "read-write"]);
  assert.equal(refused.warnings.length, 1);
  assert.match(refused.warnings[0]!, /^the layer cache [^ ]+ was left alone: does not allow it: /);
  const pushed = await build(["--cache", repository, "--cache-mode", "read-write"], login);
  const taken = await build(["--cache", repository], login);
  assert.deepEqual([pushed.cache?.pushed, taken.cache?.taken], [1, 1]);
  const texts = [refused, pushed, taken].map(({ text }) => text).join("");
  for (const secret of formsOf(PASSWORD)) assert.ok(!texts.includes(secret));
});

test("a cache that takes no pushes, is gone or is not to be asked is no failure", async (t) => {
  const registry = await emptyRegistry(t, { readonly: true });
  if (registry === undefined) return;
  const cache = ["--cache", `${registry.host}/team/cache`];
  const build = fleetFor(t, projectIn(tempDir(t)));
  const readonly = await build([...cache, "--cache-mode", "read-write"]);
  assert.match(readonly.warnings.join("\n"), /^[^\n]*the registry takes no pushes[^\n]*$/);
  const offline = await build([...cache, "--offline"]);
  assert.deepEqual([offline.cache, offline.warnings], [undefined, []]);
  await registry.stop();
  const gone = await build([...cache, "--cache-mode", "read-write"]);
  assert.match(gone.warnings.join("\n"), /^[^\n]*cannot be reached: nothing listens there \(ECONNREFUSED\)$/);
  assert.deepEqual(new Set([readonly, offline, gone].map(({ sha256 }) => sha256)).size, 1);
});

test("image build shares layers, too, with builds of projects", async (t) => {
  const registry = await emptyRegistry(t);
  if (registry === undefined) return;
  const cache = ["--cache", `${registry.host}/team/cache`, "--cache-mode", "read-write"];
  const project = projectIn(tempDir(t));
  writeFiles(project, { Dockerfile: "FROM scratch\nCOPY vendor/ /app/vendor/\n" });
  const { cache: pushed } = await fleetFor(t, project)(cache);
  const { status, stdout } = await aircrateFor(t).run(["image", "build", "-t", "app:1", "--json", ...cache, project]);
  assert.equal(status, 0);
  const report = decodeText(LocalBuildReport, stdout);
  assert.deepEqual([pushed?.pushed, report.cache?.taken, report.layers.map(({ source }) => source)], [1, 1, ["cache"]]);
});

test("a plan names the cache of a project", async (t) => {
  const project = projectIn(tempDir(t), "cache: registry.example.com/team/cache\n");
  const { stdout } = await aircrateFor(t).run(["plan", project]);
  assert.match(stdout, /^layer cache: registry\.example\.com\/team\/cache$/m);
});
