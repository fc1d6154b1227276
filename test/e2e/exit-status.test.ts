import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import {
  type Aircrate,
  type AircrateOptions,
  aircrateFor,
  copyGallery,
  dockerConfig,
  PROGRAM,
} from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { makeImage } from "../support/image-content.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { run } from "../support/run.ts";
import { freePort } from "../support/tools.ts";

interface Case {
  /** What is wrong, for the name of the test. */
  readonly name: string;
  readonly status: number;
  /** All of the first line on standard error after `aircrate: `. */
  readonly first: string | RegExp;
  /** What a later line has to say: the reason or what to do. */
  readonly rest?: RegExp;
  readonly args: readonly string[];
  readonly options?: AircrateOptions;
}

const AMD64_IMAGE = makeImage({ platform: { os: "linux", architecture: "amd64" }, layers: [] });

/** A stack frame as V8 prints it. */
const FRAME = /^\s+at .+:\d+:\d+\)?$/m;

/** A connection that is cut is told by the one code or the other, as it was read from or written to at that time. */
function masked(text: string): string {
  return text.replace(/the connection was cut \([A-Z_]+\)/g, "the connection was cut (CODE)");
}

/** Runs a case as a user would, and once more for whoever looks for the cause. */
function check(t: TestContext, aircrate: Aircrate, one: Case): Promise<void> {
  return t.test(`${one.status}: ${one.name}`, async () => {
    const env = { ...one.options?.env, AIRCRATE_DEBUG: "1" };
    const [done, debugged] = await Promise.all([
      aircrate.run(one.args, one.options),
      aircrate.run(one.args, { ...one.options, env }),
    ]);
    assert.equal(done.status, one.status, done.stderr);
    assert.equal(done.stdout, "", "errors go to standard error");
    const [first = "", ...later] = done.stderr.split("\n");
    if (typeof one.first === "string") assert.equal(first, `aircrate: ${one.first}`);
    else assert.match(first, new RegExp(`^aircrate: ${one.first.source}$`));
    if (one.rest !== undefined) assert.match(later.join("\n"), one.rest);
    assert.doesNotMatch(done.stderr, FRAME);

    assert.equal(debugged.status, one.status);
    assert.equal(debugged.stdout, "");
    const [more, same] = [masked(debugged.stderr), masked(done.stderr)];
    assert.ok(more.startsWith(same), `the same, and more:\n${more}\nis not the same as:\n${same}`);
    assert.match(debugged.stderr, FRAME);
    assert.doesNotMatch(debugged.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
}

test("exit status 0: what only asks", async (t) => {
  const aircrate = aircrateFor(t, { cwd: tempDir(t) });
  const version = await aircrate.run(["--version"]);
  assert.deepEqual(version, { status: 0, stdout: "0.1.0\n", stderr: "" });
  const help = await aircrate.run(["--help"]);
  assert.equal(help.status, 0);
  assert.equal(help.stderr, "");
  for (const status of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.match(help.stdout, new RegExp(`(^| ) ${status}  \\w`, "m"));
  assert.match(help.stdout, /AIRCRATE_STORE/);
  const build = await aircrate.run(["build", "--help"]);
  assert.equal(build.status, 0);
  assert.deepEqual(await aircrate.run(["help", "build"]), build);
  for (const option of [
    "output",
    "format",
    "mirror",
    "offline",
    "locked",
    "simulation",
    "app-version",
    "max-layer-size",
    "json",
  ]) {
    assert.match(build.stdout, new RegExp(`--${option}\\b`));
  }
});

test("exit status 1: a fault of the program", async (t) => {
  const preload = join(tempDir(t), "broken.mjs");
  writeFileSync(
    preload,
    `import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
crypto.createHash = () => { throw new TypeError("no such luck"); };
syncBuiltinESMExports();
`,
  );
  const project = writeFiles(tempDir(t), {
    "aircrate.yml": "images:\n  app: { context: . }\n",
    Dockerfile: "FROM scratch\nCOPY Dockerfile /\n",
  });
  await check(t, aircrateFor(t), {
    name: "a TypeError",
    status: 1,
    first: "internal fault: no such luck",
    rest: /report it with the output of AIRCRATE_DEBUG=1/,
    args: ["build", project],
    options: { env: { NODE_OPTIONS: `--import=${preload}` } },
  });
});

test("exit status 2: the command line is wrong", async (t) => {
  const dir = writeFiles(tempDir(t), { "images/aircrate.yml": "images:\n  app: { from: scratch }\n" });
  const aircrate = aircrateFor(t, { cwd: dir });
  const cases: Omit<Case, "status">[] = [
    { name: "no command", first: "name a command", rest: /-> aircrate --help/, args: [] },
    {
      name: "unknown command",
      first: 'unknown command "frobnicate"',
      rest: /-> aircrate --help/,
      args: ["frobnicate"],
    },
    { name: "misspelt command", first: 'unknown command "biuld": did you mean `build`?', args: ["biuld", "--help"] },
    {
      name: "unknown option",
      first: "unknown option --frob",
      rest: /-> aircrate build --help/,
      args: ["build", "--frob"],
    },
    {
      name: "misspelt option",
      first: /unknown option --miror: did you mean `--mirror`\?/,
      args: ["lock", "--miror=a=b"],
    },
    { name: "an option of another command", first: "unknown option --offline", args: ["plan", "--offline"] },
    {
      name: "help of no command",
      first: /unknown command "biuld".*/,
      rest: /-> aircrate help --help/,
      args: ["help", "biuld"],
    },
    { name: "two folders", first: 'unexpected argument "b"', args: ["build", "a", "b"] },
    { name: "no value", first: "-o needs a value", args: ["build", "-o"] },
    { name: "unknown format", first: /--format takes .*, not "tgz"/, args: ["build", "--format", "tgz"] },
    { name: "no mirror", first: '"docker.io" is not a mirror', args: ["build", "--mirror", "docker.io"] },
    {
      name: "a mirror with a scheme",
      first: '"docker.io=https://x/y" is not a mirror',
      rest: /REGISTRY\[\/PREFIX\]=HOST\[:PORT\]\[\/PATH\]/,
      args: ["build", "--mirror", "docker.io=https://x/y"],
    },
    {
      name: "a limit that is no size",
      first: '"much" is no size',
      rest: /500MB, 5GB or 5GiB/,
      args: ["build", "--max-layer-size", "much"],
    },
    { name: "a version that is no tag", first: /the version "1 0" is .*/, args: ["build", "--app-version", "1 0"] },
    {
      name: "a version without application",
      first: "images: --app-version is for projects with auterion-app.yml",
      args: ["build", "images", "--app-version", "1"],
    },
    {
      name: "a package without application",
      first: "images: an .auterionos file needs an auterion-app.yml",
      args: ["build", "images", "--format", "auterionos"],
    },
    {
      name: "a time that is no number",
      first: "SOURCE_DATE_EPOCH is not a number of seconds since 1970",
      args: ["build", "images"],
      options: { env: { SOURCE_DATE_EPOCH: "yesterday" } },
    },
  ];
  writeFiles(dir, { "auterion-app.yml": manifestOf(), "one/Dockerfile": "FROM scratch\n" });
  for (const one of cases) await check(t, aircrate, { status: 2, ...one });
});

test("exit status 3: the input is wrong", async (t) => {
  const dir = tempDir(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const registry = await demoRegistry(t);
  const project = (name: string, files: Record<string, string>) =>
    writeFiles(join(dir, name), { "auterion-app.yml": manifestOf(), "one/Dockerfile": "FROM scratch\n", ...files });
  project("float", { "auterion-app.yml": manifestOf().replace("1.0.0", "1.0") });
  project("key", { "aircrate.yml": "image: {}\n" });
  project("yaml", { "auterion-app.yml": `${manifestOf()}  two: [\n` });
  project("circle", {
    "auterion-app.yml": `${manifestOf()}compose-override:
  services:
    one: { depends_on: [one] }
`,
  });
  project("run", { "one/Dockerfile": "FROM arm64v8/python:3.11-slim\nENV A=b\nRUN pip install x\n" });
  project("missing", { "one/Dockerfile": "FROM scratch\n# A comment.\nCOPY nothing /\n" });
  project("escape", { "one/Dockerfile": "FROM scratch\nCOPY ../../secret /\n" });
  project("amd64", { "one/Dockerfile": "FROM amd64only:1\n" });
  project("none", {});
  writeFiles(dir, { "empty/README": "" });
  registry.addImage("library/amd64only", "1", AMD64_IMAGE);

  const build = (name: string) => ["build", name, ...mirror(registry)];
  const cases: Omit<Case, "status">[] = [
    { name: "a number for a text", first: /float\/auterion-app\.yml:5: .*app-version.*/, args: build("float") },
    {
      name: "an unknown key",
      first: /key\/aircrate\.yml:1: unknown key `image`.*`images`.*/,
      args: build("key"),
    },
    { name: "no YAML", first: /yaml\/auterion-app\.yml:1[01]: .*/, args: build("yaml") },
    { name: "a circle", first: /circle\/auterion-app\.yml:12: .*one -> one/, args: build("circle") },
    {
      name: "RUN",
      first: /run\/one\/Dockerfile:3: .*RUN.*/,
      rest: / {2}-> .*COPY/,
      args: build("run"),
    },
    { name: "no such file to copy", first: /missing\/one\/Dockerfile:3: .*nothing.*/, args: build("missing") },
    { name: "a file outside", first: /escape\/one\/Dockerfile:2: .*/, args: build("escape") },
    {
      name: "an image for another platform",
      first: "docker.io/library/amd64only:1: the image is not for linux/arm64",
      rest: /it is for linux\/amd64/,
      args: build("amd64"),
    },
    { name: "nothing to build", first: "empty: there is nothing to build", args: build("empty") },
  ];
  for (const one of cases) await check(t, aircrate, { status: 3, ...one });
  // What is wrong with the files is found by plan, too, with the same words.
  for (const name of ["float", "run"]) {
    const planned = await aircrate.run(["plan", name]);
    const built = await aircrate.run(build(name));
    assert.deepEqual(planned, built);
    assert.equal(planned.status, 3);
  }
});

test("exit status 4: a registry or file cannot be reached or does not exist", async (t) => {
  const dir = tempDir(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const registry = await demoRegistry(t);
  const gone = `127.0.0.1:${await freePort()}`;
  writeFiles(dir, {
    "app/auterion-app.yml": manifestOf(),
    "app/one/Dockerfile": "FROM arm64v8/python:3.11-slim\n",
    "typo/auterion-app.yml": manifestOf(),
    "typo/one/Dockerfile": "FROM arm64v8/python:3.12-slim\n",
    file: "",
  });
  const cases: Omit<Case, "status">[] = [
    {
      name: "connection refused",
      first: `docker.io/arm64v8/python:3.11-slim: ${gone} cannot be reached`,
      rest: /ECONNREFUSED.*\n {2}tried 3 times\n {2}-> .*--offline/,
      args: ["build", "app", ...mirror({ host: gone })],
    },
    {
      name: "no such image",
      first: "docker.io/arm64v8/python:3.12-slim: there is no such image",
      rest: new RegExp(`${registry.host} answers 404`),
      args: ["build", "typo", ...mirror(registry)],
    },
    { name: "no such folder", first: "nowhere: there is no such folder", args: ["build", "nowhere"] },
    { name: "a name that steers terminals", first: "\\x1b[1m: there is no such folder", args: ["build", "\x1b[1m"] },
    { name: "no folder", first: "file: that is not a folder", args: ["plan", "file"] },
    {
      name: "an output below a file",
      first: "file/out.auterionos: the file cannot be written",
      rest: /-o/,
      args: ["build", "app", "-o", "file/out.auterionos", ...mirror(registry)],
    },
    {
      name: "a store that is a file",
      first: "file: the store cannot be used",
      rest: /AIRCRATE_STORE/,
      args: ["build", "app", ...mirror(registry)],
      options: { env: { AIRCRATE_STORE: "file" } },
    },
  ];
  for (const one of cases) await check(t, aircrate, { status: 4, ...one });
  const full = await run("sh", ["-c", `'${process.execPath}' '${PROGRAM}' schema > /dev/full`]);
  assert.equal(full.status, 4);
  assert.match(full.stderr, /^aircrate: stdout: it cannot be written to\n {2}.*ENOSPC.*\n$/);
});

test("exit status 4: a registry that answers, but does not deliver", async (t) => {
  const aircrate = aircrateFor(t, { cwd: copyGallery(t) });
  const registry = await demoRegistry(t);
  const args = ["build", "-o", join(tempDir(t), "out"), "--retries", "2", ...mirror(registry)];
  registry.setFault(() => ({ answer: { status: 503, body: "<html>" } }));
  await check(t, aircrate, {
    name: "503",
    status: 4,
    first: "docker.io/arm64v8/python:3.11-slim: the registry does not deliver",
    rest: /answers 503\n {2}tried 2 times/,
    args,
  });
  registry.setFault(({ kind }) => (kind === "blob" ? { cutAfter: 100, reset: true } : undefined));
  await check(t, aircrate, {
    name: "a connection that is cut",
    status: 4,
    first: `docker.io/arm64v8/python:3.11-slim: ${registry.host} cannot be reached`,
    rest: /cut.*\n {2}tried 2 times/,
    args,
  });
});

test("exit status 5: not allowed", async (t) => {
  const user = { username: "user", password: "right" };
  const dir = copyGallery(t);
  for (const mode of ["basic", "token"] as const) {
    const registry = await demoRegistry(t, { auth: { mode, ...user } });
    const args = ["build", dir, "-o", join(tempDir(t), "out"), ...mirror(registry)];
    const first = `docker.io/arm64v8/python:3.11-slim: ${registry.host} does not allow it`;
    const aircrate = aircrateFor(t);
    const wrong = dockerConfig(t, registry.host, { user: "user", password: "wrong" });
    await check(t, aircrate, { name: `${mode}, no password`, status: 5, first, rest: /config\.json/, args });
    await check(t, aircrate, {
      name: `${mode}, wrong password`,
      status: 5,
      first,
      rest: mode === "basic" ? /answers 401/ : /refuses the credentials/,
      args,
      options: { env: { DOCKER_CONFIG: wrong } },
    });
    const right = dockerConfig(t, registry.host, { user: "user", password: "right" });
    const done = await aircrate.run(args, { env: { DOCKER_CONFIG: right } });
    assert.equal(done.status, 0, done.stderr);
  }
});

test("exit status 6: what came is not what was announced", async (t) => {
  const dir = copyGallery(t);
  const registry = await demoRegistry(t);
  // No config of the demo has so many bytes; every layer of the base has more.
  for (const [what, kind, corruptAt] of [
    ["manifest", "manifest", 50],
    ["config", "blob", 50],
    ["layer", "blob", 5000],
  ] as const) {
    registry.setFault((request) => (request.kind === kind ? { corruptAt } : undefined));
    const aircrate = aircrateFor(t);
    const args = ["build", dir, "-o", join(tempDir(t), "out"), ...mirror(registry)];
    await check(t, aircrate, {
      name: `a byte of a ${what} turned over`,
      status: 6,
      first: /docker\.io\/arm64v8\/python:3\.11-slim: .*/,
      rest: /wanted sha256:[0-9a-f]{64}\n {2}received sha256:[0-9a-f]{64}/,
      args,
    });
    registry.setFault(undefined);
    const done = await aircrate.run(args);
    assert.equal(done.status, 0, `nothing wrong was kept: ${done.stderr}`);
    // A limit holds for what is in the store as well.
    await check(t, aircrate, {
      name: "a layer that is larger than is allowed",
      status: 6,
      first: /docker\.io\/arm64v8\/python:3\.11-slim: a layer unpacks to more than is allowed/,
      rest: /--max-layer-size/,
      args: [...args, "--max-layer-size", "10kB"],
    });
  }
});

test("exit status 7: refused by --offline or --locked", async (t) => {
  const dir = copyGallery(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const registry = await demoRegistry(t);
  await check(t, aircrate, {
    name: "nothing in the store",
    status: 7,
    first: "2 images are not in the store, and --offline allows no registry",
    rest: /python:3\.11-slim: the store lacks its manifest\n.*busybox:1\.36: the store lacks.*\n {2}-> build once without --offline/,
    args: ["build", "--offline", ...mirror(registry)],
  });
  assert.deepEqual(registry.requests, [], "not even asked");
  await check(t, aircrate, {
    name: "no lock file",
    status: 7,
    first: "aircrate.lock: there is no lock file",
    rest: /Dockerfile\.base:2: docker\.io\/arm64v8\/python:3\.11-slim .*\n.*auterion-app\.yml:\d+: docker\.io\/arm64v8\/busybox:1\.36 .*\n {2}-> write it: aircrate lock$/m,
    args: ["build", "--locked", ...mirror(registry)],
  });
  assert.deepEqual(registry.requests, []);
  await check(t, aircrate, {
    name: "nothing to vendor",
    status: 7,
    first: "aircrate.lock: there is no lock file",
    args: ["vendor", ...mirror(registry)],
  });
});
