import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import { type Aircrate, aircrateFor, copyGallery, GALLERY_FACTS, PROGRAM } from "../support/aircrate.ts";
import { sha256Of, unpackTar } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { run, runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const { camera, gallery, janitor } = GALLERY_FACTS.tags;
const TAGS = [camera, gallery, janitor];

interface Built {
  readonly aircrate: Aircrate;
  /** A new folder, in which it runs. */
  readonly dir: string;
  readonly project: string;
  /** By format: `app.auterionos`, `app.docker-archive`, `app.oci`. */
  readonly files: ReadonlyMap<string, string>;
  readonly report: BuildReport;
  build(name: string, ...options: string[]): Promise<string>;
}

/** The example, built in these formats; what is exported has a store that knows nothing of that. */
async function builtGallery(t: TestContext, ...formats: string[]): Promise<Built> {
  const registry = await demoRegistry(t);
  const [dir, project] = [tempDir(t), copyGallery(t)];
  const builder = aircrateFor(t);
  const build = async (name: string, ...options: string[]) => {
    const report = await builder.build([project, "-o", join(dir, name), ...mirror(registry), ...options]);
    reports.push(report);
    return report.file;
  };
  const reports: BuildReport[] = [];
  const files = new Map<string, string>();
  for (const format of formats) {
    files.set(format, await build(`app.${format}`, "--format", format));
  }
  return { aircrate: aircrateFor(t, { cwd: dir }), dir, project, files, report: reports[0]!, build };
}

test("the export of a package is what the build writes in that form, and engines load it", async (t) => {
  const built = await builtGallery(t, "auterionos", "docker-archive", "oci");
  const { aircrate, dir, files, report, project, build } = built;
  const [file, archive] = [files.get("auterionos")!, files.get("docker-archive")!];
  for (const format of ["docker-archive", "oci"]) {
    const out = join(dir, `exported.${format}`);
    const { status, stdout, stderr } = await aircrate.run(["export", file, "--format", format, "-o", out]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.match(stdout, /exported\..* {2}[0-9.]+ kB\n$/);
    assert.equal(await sha256Of(out), await sha256Of(files.get(format)!));
  }
  assert.deepEqual(readdirSync(join(aircrate.store, "blobs/sha256")), []);

  await t.test("also of a thin one, with what it goes onto", async () => {
    writeFileSync(join(project, "src/camera-control/main.py"), "print(2)\n");
    const thin = await build("thin.auterionos", "--app-version", "2.0.0", "--since", file);
    const full = await build("full.tar", "--app-version", "2.0.0", "--format", "oci");
    const refused = await aircrate.run(["export", thin, "-o", "none.tar"]);
    assert.equal(refused.status, 3, refused.stderr);
    assert.match(refused.stderr, /it leaves out layers.*\n {2}sha256:[0-9a-f]{64} is in version 1\.0\.0\n/);
    assert.match(refused.stderr, / {2}-> .*--with.*\n {2}-> .*aircrate thicken\n$/);
    assert.ok(!existsSync(join(dir, "none.tar")));
    const done = await aircrate.run(["export", thin, "--with", file, "--format", "oci", "-o", "thick.tar"]);
    assert.equal(done.status, 0, done.stderr);
    assert.equal(await sha256Of(join(dir, "thick.tar")), await sha256Of(full));
    const missing = await aircrate.run(["extract", thin, "camera-control", "/etc/passwd"]);
    assert.equal(missing.status, 3, missing.stderr);
    assert.match(missing.stderr, /is in version 1\.0\.0\n {2}-> .*--with/);
    const taken = await aircrate.run(["extract", thin, "camera-control", "/app/main.py", "--with", file]);
    assert.equal(taken.status, 0, taken.stderr);
    assert.equal(readFileSync(join(dir, "main.py"), "utf8"), "print(2)\n");
  });
  await t.test("a layout in a folder, for umoci and skopeo", async (t) => {
    if (!requireTool(t, "umoci", "skopeo", "tar")) return;
    const { status, stderr } = await aircrate.run(["export", file, "--format", "oci", "-o", "layout/"]);
    assert.equal(status, 0, stderr);
    const same = join(dir, "unpacked");
    mkdirSync(same);
    await unpackTar(files.get("oci")!, same);
    assert.equal(await runOk("diff", ["-r", join(dir, "layout"), same]), "");
    const layout = join(dir, "layout");
    const listed = await runOk("umoci", ["list", "--layout", layout]);
    assert.deepEqual(listed.trim().split("\n").sort(), report.images.flatMap(({ tags }) => tags).sort());
    for (const { tags, layers } of report.images) {
      const found = JSON.parse(await runOk("skopeo", ["inspect", `oci:${layout}:${tags[0]}`]));
      assert.deepEqual(
        found.Layers,
        layers.map(({ digest }) => digest),
      );
    }
    await runOk("umoci", [
      "unpack",
      "--rootless",
      "--image",
      `${layout}:${report.images[0]!.tags[0]}`,
      join(dir, "bundle"),
    ]);
    assert.ok(existsSync(join(dir, "bundle/rootfs/app/main.py")));
  });
  await t.test("podman loads one service of it", async (t) => {
    const podman = await podmanFor(t);
    if (podman === undefined) return;
    const { status, stderr } = await aircrate.run(["export", file, "--service", "camera-control", "-o", "camera.tar"]);
    assert.equal(status, 0, stderr);
    await podman.podman(["load", "-i", join(dir, "camera.tar")]);
    const images = await podman.podman(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    assert.equal(images, `docker.io/library/${camera}\n`);
  });
  await t.test("docker loads it from a pipe; what docker saves is exported, too", async (t) => {
    const dockerd = await dockerdFor(t);
    if (dockerd === undefined) return;
    const program = [process.execPath, PROGRAM, "export"].join(" ");
    const env = { AIRCRATE_STORE: aircrate.store };
    const load = await runOk("sh", ["-c", `${program} '${file}' | ${dockerd.client.join(" ")} load`], { env });
    assert.deepEqual(
      load.split("\n").filter(Boolean),
      TAGS.map((tag) => `Loaded image: ${tag}`),
    );
    const ids = await dockerd.docker(["image", "inspect", "--format", "{{.Id}}", ...TAGS]);
    assert.deepEqual(
      ids.trim().split("\n"),
      report.images.map(({ configDigest }) => configDigest),
    );
    const saved = join(dir, "saved.tar");
    await dockerd.docker(["save", "-o", saved, ...TAGS]);
    const sums = new Set<string>();
    for (const name of ["first.tar", "second.tar"]) {
      const { status, stderr } = await aircrateFor(t).run(["export", saved, "-o", join(dir, name)]);
      assert.equal(status, 0, stderr);
      sums.add(await sha256Of(join(dir, name)));
    }
    assert.equal(sums.size, 1, "always the same");
    const read = async (name: string) => JSON.parse(await runOk("tar", ["-xOf", name, "manifest.json"]));
    const items = (found: { Config: string; RepoTags: string[] }[]) =>
      found.map(({ Config, RepoTags }) => `${Config} ${RepoTags.join()}`).sort();
    assert.deepEqual(items(await read(join(dir, "first.tar"))), items(await read(archive)), "every name and config");
  });
});

test("export writes to no terminal, a pipe may end early, and what it cannot do is said", async (t) => {
  const { aircrate, dir, files } = await builtGallery(t, "auterionos");
  const file = files.get("auterionos")!;
  const env = { AIRCRATE_STORE: aircrate.store };
  const command = `${process.execPath} ${PROGRAM}`;
  const early = await run("sh", ["-c", `${command} export '${file}' | head -c 1000 | wc -c`], { env });
  assert.deepEqual([early.status, early.stdout.trim(), early.stderr], [0, "1000", ""]);
  const full = await run("sh", ["-c", `${command} export '${file}' > /dev/full`], { env });
  assert.equal(full.status, 4);
  assert.match(full.stderr, /^aircrate: stdout: it cannot be written to\n {2}.*ENOSPC.*\n$/);
  for (const room of ["tmp", "leases"]) assert.deepEqual(readdirSync(join(aircrate.store, "aircrate", room)), [], room);
  const part = `${command} extract '${file}' camera-control / -o - | head -c 1000 | wc -c`;
  assert.equal((await runOk("sh", ["-c", part], { env })).trim(), "1000");
  for (const folder of ["tmp", "leases"]) {
    assert.deepEqual(readdirSync(join(aircrate.store, "aircrate", folder)), [], "nothing stays in the store");
  }
  await runOk("sh", ["-c", `${command} export '${file}' -o - > piped && ${command} export '${file}' -o whole`], {
    ...{ env, cwd: dir },
  });
  assert.equal(await sha256Of(join(dir, "piped")), await sha256Of(join(dir, "whole")));
  if (requireTool(t, "script")) {
    const others = [`export '${file}' -o -`, `report '${file}' -o -`];
    for (const words of [...others, `export '${file}'`, `extract '${file}' camera-control /app -o -`]) {
      const seen = await run("script", ["--quiet", "--return", "--command", `${command} ${words}`, "/dev/null"], {
        env,
      });
      assert.equal(seen.status, 2);
      assert.match(seen.stdout, /is not written to a terminal/);
    }
  }
  const damaged = join(dir, "damaged");
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(damaged, bytes);
  const cases: readonly (readonly [status: number, text: RegExp, ...args: string[]])[] = [
    [2, /--format takes docker-archive or oci/, "export", file, "--format", "auterionos"],
    [2, /only an image layout can be a folder/, "export", file, "-o", "out/"],
    [
      2,
      /the file holds 3 images: name one\n {2}there are camera-control, gallery-service, janitor/,
      "extract",
      file,
      "/app",
    ],
    [2, /name the folder to write to with -o/, "extract", file, "camera-control", "/"],
    [4, /no service camera in the file/, "export", file, "--service", "camera", "-o", "out"],
    [
      4,
      /no service camera-kontrol in the file: did you mean `camera-control`/,
      "extract",
      file,
      "camera-kontrol",
      "/app",
    ],
    [4, /\/none: there is no such file or folder in the image/, "extract", file, "camera-control", "/none"],
    [6, /damaged or incomplete/, "export", damaged, "-o", "out"],
  ];
  const before = readdirSync(dir);
  for (const [status, text, ...args] of cases) {
    const done = await aircrate.run(args);
    assert.equal(done.status, status, done.stderr);
    assert.match(done.stderr, text);
    assert.equal(done.stdout, "");
  }
  assert.deepEqual(readdirSync(dir), before, "and leaves nothing");
});
