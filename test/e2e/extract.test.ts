import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { archiveOf, nastyArchive } from "../extract/nasty.ts";
import { aircrateFor, GALLERY, PROGRAM, readText } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { listTar } from "../support/gnu-tar.ts";
import { makeImage } from "../support/image-content.ts";
import { runOk } from "../support/run.ts";
import { projectDir, requireRoot, requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

test("files, folders and lists of a service of a package", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const file = join(dir, "app.auterionos");
  await aircrateFor(t).build([GALLERY, "-o", file, ...mirror(registry)]);
  const aircrate = aircrateFor(t, { cwd: dir });
  const extract = async (...args: string[]) => {
    const { status, stdout, stderr } = await aircrate.run(["extract", file, ...args]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    return stdout;
  };
  const source = readText(projectDir(), GALLERY, "src/camera-control/main.py");
  assert.match(await extract("camera-control", "/app/main.py"), /^main\.py {2}1 file, 1\.\d kB\n$/);
  assert.equal(readText(dir, "main.py"), source);
  assert.equal(await extract("camera-control", "/app/main.py", "-o", "-"), source);
  assert.equal(
    await extract("com.example.photo-gallery.camera-control:1.0.0", "/app", "-l"),
    "-rw-r--r--  0:0  1733  main.py\n-rw-r--r--  0:0  2843  picture.py\n",
  );
  assert.match(await extract("camera-control", "--list"), /^lrwxrwxrwx {2}0:0 +0 {2}bin -> usr\/bin$/m);
  if (!requireTool(t, "tar")) return;
  await extract("camera-control", "/app", "-o", "app.tar");
  const members = (await listTar(join(dir, "app.tar"))).map(({ path, mode, time }) => [path, mode, time]);
  const time = "1970-01-01 00:00:00";
  assert.deepEqual(members, [
    ["app/", "drwxr-xr-x", time],
    ["app/main.py", "-rw-r--r--", time],
    ["app/picture.py", "-rw-r--r--", time],
  ]);
  const command = `'${process.execPath}' '${PROGRAM}' extract '${file}' camera-control /app -o -`;
  const piped = await runOk("sh", ["-c", `${command} | cmp - '${join(dir, "app.tar")}' && echo same`], {
    env: { AIRCRATE_STORE: aircrate.store },
  });
  assert.equal(piped, "same\n");
});

test("a list shows modes and owners as ls does, and its names steer no terminal", async (t) => {
  const dir = tempDir(t);
  const layer = tarOf([
    { path: "d/" },
    { path: "d/a\u001b[31m\nb", data: "x" },
    { path: "d/l", symlink: "\u0007" },
    { path: "e/c\u009b1m" },
  ]);
  const image = makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [layer] });
  writeFileSync(join(dir, "hostile.tar"), archiveOf(image, [layer], null));
  writeFileSync(join(dir, "nasty.tar"), nastyArchive());
  const aircrate = aircrateFor(t, { cwd: dir });
  const { stdout } = await aircrate.run(["extract", "nasty.tar", "/data", "--list"]);
  assert.match(stdout, /^-rwsr-sr-x {2}0:0 +70000 {2}tool$/m);
  assert.match(stdout, /^drwxrwxrwt {2}0:0 +0 {2}sticky$/m);
  assert.match(stdout, /^-rw-r----- {2}7:8 +4 {2}twin$/m);
  assert.match(stdout, /^lrwxrwxrwx {2}0:0 +0 {2}out -> \.\.\/\.\.\/\.\.\/\.\.\/\.\.\/etc$/m);
  const hostile = await aircrate.run(["extract", "hostile.tar", "/d", "--list"]);
  assert.equal(hostile.stdout, "-rw-r--r--  0:0  1  a\\x1b[31m\\x0ab\nlrwxrwxrwx  0:0  0  l -> \\x07\n");
  const missing = await aircrate.run(["extract", "hostile.tar", "/d/none\naircrate: \u009bfake"]);
  assert.match(
    missing.stderr,
    /^aircrate: \S+ \/d\/none\\x0aaircrate: \\x9bfake: there is no such file.*\n {2}-> .*\n$/,
  );
  const { stdout: json } = await aircrate.run(["report", "hostile.tar", "--json"]);
  assert.deepEqual(JSON.parse(json).layers[0].folders[1].names, ["c\u009b1m"]);
  assert.doesNotMatch(json, /[\u007f-\u009f]/);
});

test("owners only for root, and only when that is asked for", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "setpriv")) return;
  const dir = tempDir(t);
  writeFileSync(join(dir, "nasty.tar"), nastyArchive());
  const aircrate = aircrateFor(t, { cwd: dir });
  const owner = (name: string) => {
    const { uid, gid, mode } = lstatSync(join(dir, name));
    return [uid, gid, (mode & 0o7777).toString(8)];
  };
  for (const [options, expected] of [
    [[], [0, 0, "640"]],
    [
      ["--same-owner", "-f"],
      [7, 8, "640"],
    ],
  ] as const) {
    const { status, stderr } = await aircrate.run(["extract", "nasty.tar", "/data/twin", ...options]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(owner("twin"), expected);
  }
  await aircrate.run(["extract", "nasty.tar", "/data/tool", "--same-owner"]);
  assert.deepEqual(owner("tool"), [0, 0, "6755"]);
  mkdirSync(join(dir, "home"), { mode: 0o777 });
  const refused = await aircrate.run(["extract", "nasty.tar", "/data/twin", "--same-owner"], { user: 12345 });
  assert.equal(refused.status, 2, refused.stderr);
  assert.match(refused.stderr, /--same-owner is for root/);
  assert.equal(readFileSync(join(dir, "twin"), "utf8"), "one\n");
});
