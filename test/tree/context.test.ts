import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { openContext, openFolder } from "../../lib/tree/context.ts";
import type { SourceTree } from "../../lib/tree/source.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { throwsWith } from "../support/faults.ts";
import { asNobody } from "../support/nobody.ts";

const WHERE = "Dockerfile:4";

/** `path/` is a folder, `path -> target` a symbolic link, else a file with its name in it. */
function makeTree(t: TestContext, paths: readonly string[]): string {
  const dir = join(tempDir(t), "context");
  mkdirSync(dir);
  for (const line of paths) {
    const [name = "", target] = line.split(" -> ");
    mkdirSync(name.endsWith("/") ? join(dir, name) : dirname(join(dir, name)), { recursive: true });
    if (target !== undefined) symlinkSync(target, join(dir, name));
    else if (!name.endsWith("/")) writeFileSync(join(dir, name), name);
  }
  return dir;
}

/** The context of a tree with these lines in its `.dockerignore`. */
function contextOf(t: TestContext, paths: readonly string[], ignore?: string): SourceTree {
  const dir = makeTree(t, paths);
  if (ignore !== undefined) writeFileSync(join(dir, ".dockerignore"), ignore);
  return openContext(dir, "project", join(dir, "Dockerfile"));
}

function selected(context: SourceTree, source: string): string[] {
  return context.select(source, WHERE).map(({ path, kind }) => `${kind} ${path}`);
}

function walked(context: SourceTree, source: string): string[] {
  const [item] = context.select(source, WHERE);
  return context
    .walk(item!, WHERE)
    .map(({ path, kind, target }) => `${kind} ${path}${target === undefined ? "" : ` -> ${target}`}`);
}

test("what an item tells", (t) => {
  const dir = makeTree(t, ["src/run.sh", "src/link -> run.sh", "src/dir/"]);
  chmodSync(join(dir, "src/run.sh"), 0o710);
  const context = openFolder(dir, "project");
  const [file] = context.select("src/run.sh", WHERE);
  const { size, mtimeMs } = statSync(join(dir, "src/run.sh"));
  const where = { path: "src/run.sh", real: "src/run.sh", uid: 0, gid: 0 };
  const content = { file: join(dir, "src/run.sh"), offset: 0, size, mtimeMs };
  assert.deepEqual(file, { ...where, kind: "file", mode: 0o755, content });
  const [folder] = context.select("src", WHERE);
  assert.deepEqual(context.walk(folder!, WHERE), [
    { path: "dir", real: "src/dir", uid: 0, gid: 0, kind: "directory", mode: 0o755 },
    { path: "link", real: "src/link", uid: 0, gid: 0, kind: "symlink", mode: 0o777, target: "run.sh" },
    { ...where, path: "run.sh", kind: "file", mode: 0o755, content },
  ]);
});

test("names of one file are told from files that are equal", (t) => {
  const dir = makeTree(t, ["a", "b", "sub/"]);
  linkSync(join(dir, "a"), join(dir, "sub/c"));
  linkSync(join(dir, "a"), join(dir, "d"));
  const context = openFolder(dir, "project");
  const items = context.walk(context.select(".", WHERE)[0]!, WHERE);
  const inodes = new Map(items.map(({ path, inode }) => [path, inode]));
  assert.match(inodes.get("a")!, /^\d+:\d+$/);
  assert.deepEqual(
    [...inodes].map(([path, inode]) => [path, inode === inodes.get("a")]),
    [
      ["a", true],
      ["b", false],
      ["d", true],
      ["sub", false],
      ["sub/c", true],
    ],
  );
  assert.equal(inodes.get("b"), undefined);
});

describe("sources", () => {
  const paths = ["a.py", "b.py", "c.txt", "src/d.py", "src/e/f.py", "src/e/g.py", ".hidden", "[x].py"];
  const table: readonly (readonly [source: string, found: readonly string[]])[] = [
    ["a.py", ["file a.py"]],
    ["./a.py", ["file a.py"]],
    ["/a.py", ["file a.py"]],
    ["//a.py", ["file a.py"]],
    ["src/../a.py", ["file a.py"]],
    ["src", ["directory src"]],
    ["src/", ["directory src"]],
    ["src/.", ["directory src"]],
    [".", ["directory "]],
    ["/", ["directory "]],
    ["./", ["directory "]],
    ["src/d.py/", ["file src/d.py"]],
    ["src/..", ["directory "]],
    ["*.py", ["file [x].py", "file a.py", "file b.py"]],
    ["*", ["file .hidden", "file [x].py", "file a.py", "file b.py", "file c.txt", "directory src"]],
    ["?.py", ["file a.py", "file b.py"]],
    ["[ac].*", ["file a.py", "file c.txt"]],
    ["[[]x].py", ["file [x].py"]],
    ["\\[x\\].py", ["file [x].py"]],
    ["*/*.py", ["file src/d.py"]],
    ["src/*/*.py", ["file src/e/f.py", "file src/e/g.py"]],
    ["s*/e", ["directory src/e"]],
    ["s?c/d.py", ["file src/d.py"]],
  ];
  for (const [source, found] of table) {
    test(source, (t) => assert.deepEqual(selected(contextOf(t, paths), source), found));
  }
  test("in the order of the bytes of the names, not of the folder", (t) => {
    const names = ["～", "😀", "ä", "z", "B", "a", "a-", "a0", "_"];
    assert.deepEqual(
      selected(contextOf(t, names), "*"),
      ["B", "_", "a", "a-", "a0", "z", "ä", "～", "😀"].map((name) => `file ${name}`),
    );
  });
});

describe("what is not there", () => {
  const paths = ["a.py", "src/d.py"];
  for (const source of ["b.py", "src/x", "a.py/x", "a.py/*", "*.js", "src/*/x", "*/d.py/x", "n".repeat(300)]) {
    test(source.slice(0, 20), (t) => {
      const context = contextOf(t, paths);
      throwsWith(() => context.select(source, WHERE), "input", /there is no .* in the build context/, /relative/);
    });
  }
  test("outside of the context", (t) => {
    const context = contextOf(t, paths);
    for (const source of ["..", "../x", "a/../../x", "/..", "/../a.py", "../context/a.py"]) {
      const error = throwsWith(() => context.select(source, WHERE), "input", /lies outside the build context/);
      assert.equal(error.where, WHERE);
    }
    assert.deepEqual(selected(contextOf(t, ["..a/b.."]), "..a/b.."), ["file ..a/b.."]);
  });
  test("a pattern that is none", (t) => {
    throwsWith(() => contextOf(t, paths).select("a[", WHERE), "input", /pattern "a\[" is malformed/);
  });
});

describe("links", () => {
  const paths = [
    "real/file",
    "real/deep/x",
    "to-file -> real/file",
    "to-folder -> real",
    "chain -> to-folder",
    "inner/up -> ../real/deep",
    "inner/round -> ../inner/../real",
    "dangling -> nowhere",
    "out -> ../outside",
    "inner/out -> ../../outside",
    "absolute -> /etc/hostname",
    "loop -> loop",
    "ping -> pong",
    "pong -> ping",
  ];
  test("one that is named, or lies on the way, is followed", (t) => {
    const context = contextOf(t, paths);
    for (const [source, found, file] of [
      ["to-file", "file to-file", "real/file"],
      ["to-folder", "directory to-folder", "real"],
      ["to-folder/file", "file to-folder/file", "real/file"],
      ["chain/deep/x", "file chain/deep/x", "real/deep/x"],
      ["inner/up/x", "file inner/up/x", "real/deep/x"],
      ["inner/round/file", "file inner/round/file", "real/file"],
    ] as const) {
      const [item] = context.select(source, WHERE);
      assert.equal(`${item!.kind} ${item!.path}`, found);
      assert.equal(item!.real, file);
    }
    assert.deepEqual(walked(context, "chain"), ["directory deep", "file deep/x", "file file"]);
    assert.deepEqual(selected(context, "to-folder/f*"), ["file to-folder/file"]);
  });
  test("from the first wildcard on, folders that are links are not entered", (t) => {
    const context = contextOf(t, paths);
    assert.deepEqual(selected(context, "*/file"), ["file real/file"]);
    assert.deepEqual(selected(context, "to-fi*"), ["file to-file"]);
  });
  test("one that leaves the context, or leads nowhere", (t) => {
    const dir = makeTree(t, paths);
    const context = openFolder(dir, "project");
    writeFileSync(join(dir, "../outside"), "secret");
    for (const source of ["out", "inner/out", "absolute", "loop", "ping/x", "inner/o*"]) {
      throwsWith(() => context.select(source, WHERE), "input", /leads out of the build context/, /replace the link/);
    }
    throwsWith(() => context.select("dangling", WHERE), "input", /there is no dangling/);
  });
  test("those in a folder are left as they are", (t) => {
    const found = walked(contextOf(t, paths), ".");
    for (const line of ["symlink out -> ../outside", "symlink loop -> loop", "symlink absolute -> /etc/hostname"]) {
      assert.ok(found.includes(line), line);
    }
    assert.ok(!found.some((line) => line.startsWith("file to-folder/")));
  });
});

test("a walk lists parents first, each folder in the order of bytes, and once a build", (t) => {
  const dir = makeTree(t, ["b/x", "b-/x", "a/2", "a/10", "a/ä", "a/B", "c"]);
  const context = openFolder(dir, ".");
  const expected = [
    ...["directory a", "file a/10", "file a/2", "file a/B", "file a/ä"],
    ...["directory b", "file b/x", "directory b-", "file b-/x", "file c"],
  ];
  assert.deepEqual(walked(context, "."), expected);
  rmSync(join(dir, "c"));
  assert.deepEqual(walked(context, "."), expected);
  assert.deepEqual(walked(context, "a"), ["file 10", "file 2", "file B", "file ä"]);
});

describe("what .dockerignore excludes", () => {
  const paths = ["a.py", "keep.txt", "src/x.py", "src/x.pyc", "src/sub/y.pyc", "src/sub/keep.pyc", "build/out/z"];
  test("is not found by name, by pattern or by a walk", (t) => {
    const context = contextOf(t, paths, "*.py\n**/*.pyc\nbuild\n.dockerignore\n");
    throwsWith(() => context.select("a.py", WHERE), "input", /there is no a\.py/, /\.dockerignore excludes it/, /!/);
    throwsWith(() => context.select("build/out/z", WHERE), "input", /excludes it/);
    throwsWith(() => context.select("build", WHERE), "input", /excludes it/);
    throwsWith(() => context.select("*.py", WHERE), "input", /excludes it/);
    assert.deepEqual(selected(context, "*"), ["file keep.txt", "directory src"]);
    assert.deepEqual(walked(context, "."), ["file keep.txt", "directory src", "directory src/sub", "file src/x.py"]);
  });
  test("exceptions bring their folders with them, those without any stay away", (t) => {
    const context = contextOf(t, paths, "*\n!src/sub/keep.pyc\n!keep.txt\n");
    const expected = ["file keep.txt", "directory src", "directory src/sub", "file src/sub/keep.pyc"];
    assert.deepEqual(walked(context, "."), expected);
    assert.deepEqual(selected(context, "src"), ["directory src"]);
    assert.deepEqual(walked(context, "src"), ["directory sub", "file sub/keep.pyc"]);
    // Measured with BuildKit: a pattern finds the folder, too, and an excluded one without exceptions is not there.
    assert.deepEqual(selected(context, "*"), ["file keep.txt", "directory src"]);
    throwsWith(() => context.select("build", WHERE), "input", /excludes it/);
    throwsWith(() => context.select("src/x.py", WHERE), "input", /excludes it/);
  });
  test("counts for a link and for what it leads to", (t) => {
    const tree = ["real", "secret", "to-real -> real", "to-secret -> secret", "bad -> /etc/passwd"];
    const context = contextOf(t, tree, "secret\nto-real\nbad\n");
    for (const source of ["to-real", "to-secret", "bad", "b*"]) {
      throwsWith(() => context.select(source, WHERE), "input", /there is no/);
    }
    assert.deepEqual(selected(contextOf(t, tree, "bad\n"), "*"), [
      "file .dockerignore",
      "file real",
      "file secret",
      "file to-real",
      "file to-secret",
    ]);
  });
  test("a file beside the Dockerfile comes first, and none is needed", (t) => {
    const dir = makeTree(t, ["a", "b", "docker/Dockerfile.dev"]);
    writeFileSync(join(dir, ".dockerignore"), "a\n");
    writeFileSync(join(dir, "docker/Dockerfile.dev.dockerignore"), "b\n");
    const withOwn = openContext(dir, ".", join(dir, "docker/Dockerfile.dev"));
    assert.deepEqual(selected(withOwn, "[ab]"), ["file a"]);
    const without = openContext(dir, ".", join(dir, "Dockerfile"));
    assert.deepEqual(selected(without, "[ab]"), ["file b"]);
    assert.deepEqual(selected(openFolder(dir, "."), "[ab]"), ["file a", "file b"]);
  });
  test("one that cannot be read is named", (t) => {
    const dir = makeTree(t, [".dockerignore/"]);
    const error = throwsWith(() => openContext(dir, "project", join(dir, "Dockerfile")), "input", /cannot be read/);
    assert.equal(error.where, "project/.dockerignore");
  });
});

test("a folder that may not be read", (t) => {
  const dir = makeTree(t, ["src/locked/x", "src/file"]);
  chmodSync(join(dir, ".."), 0o755);
  chmodSync(join(dir, "src/locked"), 0o700);
  const context = openFolder(dir, "project");
  const [folder] = context.select("src", WHERE);
  const error = asNobody(t, () => throwsWith(() => context.walk(folder!, WHERE), "input", /cannot be read/, /EACCES/));
  if (error !== undefined) assert.equal(error.where, WHERE);
});

describe("what a layer cannot hold", () => {
  test("a named pipe and a socket, named or found, unless they are excluded", async (t) => {
    const dir = makeTree(t, ["src/file"]);
    execFileSync("mkfifo", [join(dir, "src/pipe")]);
    const context = openFolder(dir, "project");
    throwsWith(() => context.select("src/pipe", WHERE), "input", /src\/pipe is a named pipe/, /\.dockerignore/);
    throwsWith(() => walked(context, "src"), "input", /src\/pipe is a named pipe/);
    writeFileSync(join(dir, ".dockerignore"), "**/pipe\n**/socket");
    assert.deepEqual(walked(openContext(dir, "project", join(dir, "Dockerfile")), "src"), ["file file"]);
    rmSync(join(dir, "src/pipe"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(dir, "src/socket"), resolve));
    onCleanup(t, () => void server.close());
    throwsWith(() => walked(openFolder(dir, "project"), "src"), "input", /src\/socket is a socket/);
  });
  test("a name or a link that is not UTF-8; U+FFFD itself is fine", (t) => {
    const dir = makeTree(t, ["src/\ufffd", "src/link -> \ufffd"]);
    assert.deepEqual(walked(openFolder(dir, "."), "src"), ["symlink link -> \ufffd", "file \ufffd"]);
    symlinkSync(Buffer.from([0x61, 0xff]), join(dir, "src/bad-link"));
    throwsWith(() => walked(openFolder(dir, "."), "src"), "input", /src\/bad-link links to a name that is not UTF-8/);
    rmSync(join(dir, "src/bad-link"));
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/src/`), Buffer.from([0x62, 0xe4])]), "");
    throwsWith(() => walked(openFolder(dir, "."), "src"), "input", /not UTF-8/, /62e4/, /rename/);
    throwsWith(() => openFolder(dir, ".").select("src/*", WHERE), "input", /not UTF-8/);
  });
});
