import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { aircrateFor, copyGallery } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { writeFiles } from "../support/project.ts";
import { environment, killGroup, run, runOk, spawnGroup } from "../support/run.ts";
import { projectDir, requireThat } from "../support/tools.ts";

const { version } = JSON.parse(readFileSync(join(projectDir(), "package.json"), "utf8"));

test("the package holds the program, the library and their papers, and its bytes follow from them", async (t) => {
  if (!(await requireNpm(t))) return;
  const tarball = await pack(t, projectDir());
  const names = (await runOk("tar", ["tzf", tarball])).trim().split("\n").sort();
  const others = names.filter((name) => !/^package\/dist\/bin\/([\w.-]+\.js|page\.(html|css))$/.test(name));
  assert.deepEqual(others, [
    "package/CHANGELOG.md",
    "package/LICENSE",
    "package/README.md",
    "package/dist/bin/THIRD-PARTY-NOTICES.txt",
    "package/dist/bin/index.d.ts",
    "package/package.json",
  ]);
  for (const name of ["aircrate", "index", "worker"]) assert.ok(names.includes(`package/dist/bin/${name}.js`));

  await t.test("made again from the same sources it is the same", async (t) => {
    const copy = tempDir(t);
    for (const name of ["package.json", "README.md", "CHANGELOG.md", "LICENSE"]) {
      copyFileSync(join(projectDir(), name), join(copy, name));
      utimesSync(join(copy, name), 0, 0);
    }
    const bundle = join(projectDir(), "dist/.build/bundle.js");
    await runOk("sh", ["-c", 'umask 077 && exec "$@"', "sh", process.execPath, bundle, join(copy, "dist/bin")]);
    assert.equal(await sha256Of(await pack(t, copy)), await sha256Of(tarball));
  });

  await t.test("it names the licence of everything in it, and no registry", async () => {
    const notices = readFileSync(join(projectDir(), "dist/bin/THIRD-PARTY-NOTICES.txt"), "utf8");
    const packages = new Set<string>();
    for (const file of readdirSync(join(projectDir(), "dist/bin")).filter((name) => name.endsWith(".js"))) {
      // The bundler writes where the code below comes from.
      const code = readFileSync(join(projectDir(), "dist/bin", file), "utf8");
      for (const [, name] of code.matchAll(/^\s*\/\/ .*node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm))
        packages.add(name!);
    }
    assert.ok(packages.has("undici") && packages.has("@sinclair/typebox"), [...packages].join());
    for (const name of packages) assert.ok(notices.includes(`\n${name} `), name);
    assert.doesNotMatch(readFileSync(join(projectDir(), "package-lock.json"), "utf8"), /"resolved"/);
  });
});

test("it is installed where there is no network and no cache, and does its work there", async (t) => {
  if (!(await requireNpm(t))) return;
  const tarball = await pack(t, projectDir());
  const home = tempDir(t);
  const env = npmEnvironment(t);
  writeFiles(home, { "package.json": '{ "name": "consumer", "type": "module", "private": true }' });
  await runOk("npm", ["install", "--offline", tarball], { cwd: home, env });
  const installed = join(home, "node_modules/aircrate");
  assert.deepEqual(
    readdirSync(join(home, "node_modules")).filter((name) => !name.startsWith(".")),
    ["aircrate"],
  );
  assert.equal(await runOk("npx", ["--offline", "aircrate", "--version"], { cwd: home, env }), `${version}\n`);

  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const project = copyGallery(t);
  const place = tempDir(t);
  const expected = join(place, "by the checkout");
  await aircrate.build([project, "-o", expected, ...mirror(registry)]);
  const settings = { ...env, AIRCRATE_STORE: join(place, "store"), DOCKER_CONFIG: home, XDG_CONFIG_HOME: home };

  await t.test("as a command for everybody", async (t) => {
    const prefix = tempDir(t);
    await runOk("npm", ["install", "--offline", "--global", "--prefix", prefix, tarball], { cwd: home, env });
    const program = process.platform === "win32" ? join(prefix, "aircrate.cmd") : join(prefix, "bin/aircrate");
    const output = join(place, "by the command");
    await runOk(program, ["build", project, "-o", output, ...mirror(registry)], { cwd: home, env: settings });
    assert.equal(await sha256Of(output), await sha256Of(expected));
  });

  await t.test("as a library, in the example", async () => {
    copyFileSync(join(projectDir(), "examples/library.mjs"), join(home, "library.mjs"));
    const output = join(place, "by the library");
    const args = ["library.mjs", project, output, `docker.io=${registry.host}`];
    const { status, stdout, stderr } = await run(process.execPath, args, { cwd: home, env: settings });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^verified: \d+ layers, 0 problems$/m);
    assert.equal(await sha256Of(output), await sha256Of(expected));
    const failed = await run(process.execPath, ["library.mjs", place, output], { cwd: home, env: settings });
    assert.equal(failed.status, 3, failed.stderr);
    assert.match(failed.stderr, /there is nothing to build/);
  });

  await t.test("which stops on Ctrl-C", async (t) => {
    const asked = new Promise<void>((resolve) => {
      registry.setFault(({ kind }) => {
        if (kind !== "blob") return undefined;
        resolve();
        return { stallAfter: 1 };
      });
    });
    const output = join(place, "stopped");
    const args = ["library.mjs", project, output, `docker.io=${registry.host}`];
    const own = environment({ ...settings, AIRCRATE_STORE: join(place, "another store") });
    const child = spawnGroup(process.execPath, args, { cwd: home, env: own, stdio: ["ignore", "ignore", "pipe"] });
    onCleanup(t, () => killGroup(child, "SIGKILL"));
    const ended = once(child, "close");
    await Promise.race([asked, ended]);
    child.kill("SIGINT");
    assert.equal(await text(child.stderr!), "stopped\n");
    assert.deepEqual(await ended, [130, null]);
    assert.ok(!readdirSync(place).some((name) => name.includes("stopped")));
  });

  await t.test("and leaves the process that loads it as it was", async () => {
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", GUEST], {
      cwd: home,
      env: settings,
    });
    assert.deepEqual(JSON.parse(stdout), { listeners: [], gc: "undefined", problems: 0 });
  });

  for (const [resolution, { include, ...options }] of Object.entries(CONSUMERS)) {
    await t.test(`with types, for ${resolution}`, async (t) => {
      const dir = tempDir(t);
      mkdirSync(join(dir, "node_modules"));
      cpSync(installed, join(dir, "node_modules/aircrate"), { recursive: true });
      copyFileSync(join(projectDir(), "examples/library.mjs"), join(dir, "library.mjs"));
      writeFiles(dir, {
        "package.json": '{ "type": "module" }',
        "consumer.ts": CONSUMER,
        "tsconfig.json": JSON.stringify({
          compilerOptions: { ...STRICT, ...options, typeRoots: [join(projectDir(), "node_modules/@types")] },
          include,
        }),
      });
      const tsc = join(projectDir(), "node_modules/typescript/bin/tsc");
      const { status, stdout } = await run(process.execPath, [tsc, "-p", dir]);
      assert.equal(status, 0, stdout);
    });
  }
});

/** What a program may ask of the library, and what it must not. */
const CONSUMER = `
import { AircrateError, build, type BuildReport, type Fault, inspect, plan, verify } from "aircrate";

export async function use(signal: AbortSignal): Promise<number> {
  const report: BuildReport = await build("app", { mirrors: ["docker.io=localhost:5000"], signal, onEvent(event) {
    if (event.kind === "pull-bytes") console.log(event.layer.length + event.size);
  } });
  const [image] = report.images;
  const names: string[] = image?.tags ?? [];
  const { app } = await plan("app");
  const { kind, images } = await inspect(report.file, { signal });
  const { problems } = await verify(report.file);
  const fault: Fault = new AircrateError("input", names.join() + kind + app?.slug).fault;
  // @ts-expect-error: there is no such option
  await build("app", { mirror: [] });
  // @ts-expect-error: a number is no version
  await plan("app", { appVersion: 1 });
  return fault.length + images.length + problems.length;
}
`;

const STRICT = {
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
  ...{ allowJs: true, checkJs: true, noEmit: true, target: "es2022" },
};

const CONSUMERS = {
  Node: { module: "node16", types: ["node"], include: ["consumer.ts", "library.mjs"] },
  "a bundler, and without those of Node": {
    ...{ module: "esnext", moduleResolution: "bundler", types: [], lib: ["es2023", "dom"] },
    include: ["consumer.ts"],
  },
};

/** Loads the library, works with it, and tells what it did to the process. */
const GUEST = `
const count = () => process.eventNames().map((name) => String(name) + process.listenerCount(name));
const before = count();
const { check } = await import("aircrate");
const { problems } = await check(${JSON.stringify(join(projectDir(), "examples/photo-gallery"))});
const listeners = count().filter((event) => !before.includes(event));
console.log(JSON.stringify({ listeners, gc: typeof gc, problems }));
`;

async function pack(t: TestContext, folder: string): Promise<string> {
  const target = tempDir(t);
  await runOk("npm", ["pack", "--ignore-scripts", "--pack-destination", target], {
    cwd: folder,
    env: npmEnvironment(t),
  });
  return join(target, `aircrate-${version}.tgz`);
}

/** npm with an empty cache and nobody's settings. */
function npmEnvironment(t: TestContext): Record<string, string | undefined> {
  const dir = tempDir(t);
  const own = Object.keys(process.env).filter((name) => /^npm_/i.test(name));
  return {
    ...Object.fromEntries(own.map((name) => [name, undefined])),
    ...{
      npm_config_cache: join(dir, "cache"),
      npm_config_userconfig: join(dir, "npmrc"),
      npm_config_update_notifier: "false",
    },
  };
}

async function requireNpm(t: TestContext): Promise<boolean> {
  const found = await run("npm", ["--version"]).catch(() => undefined);
  return requireThat(t, found?.status === 0 ? undefined : "npm is not installed");
}
