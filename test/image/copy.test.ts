import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Choice } from "../../lib/image/choose.ts";
import { applyCopy, type Copy } from "../../lib/image/copy.ts";
import { layerEntries } from "../../lib/image/difference.ts";
import { createRootFs, type RootFs } from "../../lib/image/rootfs.ts";
import { parseMode } from "../../lib/mode.ts";
import { openFolder } from "../../lib/tree/context.ts";
import { patternRules } from "../../lib/tree/dockerignore.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { FILE, folder, link } from "../support/root.ts";

/** `path/` is a folder, `path -> target` a symbolic link, `path*` an executable file, else a file with its name in it. */
function makeTree(t: TestContext, paths: readonly string[]): string {
  const dir = tempDir(t);
  for (const line of paths) {
    const [name = "", target] = line.split(" -> ");
    const file = join(dir, name.replace(/\*$/, ""));
    mkdirSync(name.endsWith("/") ? file : dirname(file), { recursive: true });
    if (target !== undefined) symlinkSync(target, file);
    else if (!name.endsWith("/")) writeFileSync(file, name);
    if (name.endsWith("*")) chmodSync(file, 0o700);
  }
  return dir;
}

function baseRoot(): RootFs {
  const root = createRootFs();
  root.put("tmp", folder(0o1777, 0, 0));
  root.put("srv", folder(0o755, 0, 0));
  root.put("srv/data", folder(0o750, 10, 20));
  root.put("etc/conf", FILE);
  root.put("usr/bin", folder(0o755, 0, 0));
  root.put("usr/bin/sh", FILE);
  root.put("bin", link("usr/bin"));
  root.put("opt", link("/srv/data"));
  root.put("conf-link", link("etc/conf"));
  root.put("loop", link("loop"));
  return root;
}

const CONTEXT = [
  "a.py",
  "b.py",
  "run.sh*",
  "src/main.py",
  "src/lib/util.py",
  "src/lib/deep/x",
  "src/link -> ../a.py",
  "src/dangling -> /nowhere",
  "empty/",
  "rootfs/bin/tool*",
  "rootfs/tmp/x",
  "rootfs/usr/bin/y*",
  "over/etc/conf/x",
  "over2/usr/bin/sh/",
  "tree1/same",
  "tree1/only1",
  "tree2/same",
  "to-file -> a.py",
  "to-folder -> src/lib",
  "file-as-folder/etc",
  "names/-dash",
  "names/with space",
  "names/größe",
  "names/[x].txt",
  "names/x.txt",
];

/** What a COPY puts into the layer: `path mode owner`, links with their targets. */
function copied(t: TestContext, sources: readonly string[], destination: string, rest: Partial<Copy> = {}): string[] {
  const tree = openFolder(makeTree(t, CONTEXT), ".");
  const root = baseRoot();
  const before = root.snapshot();
  const patterns = sources.map((pattern) => ({ tree, pattern }));
  applyCopy({ sources: patterns, destination, where: "Dockerfile:7", ...rest }, root);
  return layerEntries(before, root.snapshot(), 0).map(({ path, type, mode, uid, gid, link }) => {
    assert.equal(root.find(path)?.kind, type, "the root knows it");
    const suffix = type === "directory" ? "/" : type === "symlink" ? ` -> ${link}` : "";
    return `${path}${suffix} ${mode.toString(8)}${uid + gid === 0 ? "" : ` ${uid}:${gid}`}`;
  });
}

describe("where things go", () => {
  const table: readonly (readonly [name: string, sources: readonly string[], to: string, layer: readonly string[]])[] =
    [
      ["a file to a new name", ["a.py"], "/new", ["new 644"]],
      ["a file to a new name in new folders", ["a.py"], "/x/y/new", ["x/ 755", "x/y/ 755", "x/y/new 644"]],
      ["a file to a new folder", ["a.py"], "/x/", ["x/ 755", "x/a.py 644"]],
      ["a file to a new folder, with a dot", ["a.py"], "/x/.", ["x/ 755", "x/a.py 644"]],
      [
        "a file to a folder of the image",
        ["a.py"],
        "/srv/data",
        ["srv/ 755", "srv/data/ 750 10:20", "srv/data/a.py 644"],
      ],
      ["a file to the root", ["a.py"], "/", ["a.py 644"]],
      ["a file onto a file", ["a.py"], "/etc/conf", ["etc/ 755", "etc/conf 644"]],
      ["a program stays one", ["run.sh"], "/tmp/", ["tmp/ 1777", "tmp/run.sh 755"]],
      ["several files", ["a.py", "b.py"], "/x/", ["x/ 755", "x/a.py 644", "x/b.py 644"]],
      [
        "several files to a folder without slash",
        ["a.py", "b.py"],
        "/tmp",
        ["tmp/ 1777", "tmp/a.py 644", "tmp/b.py 644"],
      ],
      ["a pattern", ["*.py"], "/x/", ["x/ 755", "x/a.py 644", "x/b.py 644"]],
      ["a pattern that matches one file", ["a*.py"], "/one", ["one 644"]],
      ["a pattern in a folder", ["src/*/u*"], "/x/", ["x/ 755", "x/util.py 644"]],
      [
        "a folder's content, not the folder",
        ["src"],
        "/app",
        [
          "app/ 755",
          "app/dangling -> /nowhere 777",
          "app/lib/ 755",
          "app/lib/deep/ 755",
          "app/lib/deep/x 644",
          "app/lib/util.py 644",
          "app/link -> ../a.py 777",
          "app/main.py 644",
        ],
      ],
      [
        "a folder with a slash is the same",
        ["src/lib/"],
        "/app/",
        ["app/ 755", "app/deep/ 755", "app/deep/x 644", "app/util.py 644"],
      ],
      ["an empty folder", ["empty"], "/app", ["app/ 755"]],
      ["an empty folder to one that is there", ["empty"], "/tmp", ["tmp/ 1777"]],
      [
        "a folder to one that is there, which stays as it is",
        ["tree1"],
        "/srv/data",
        ["srv/ 755", "srv/data/ 750 10:20", "srv/data/only1 644", "srv/data/same 644"],
      ],
      ["folders one over the other", ["tree1", "tree2"], "/x", ["x/ 755", "x/only1 644", "x/same 644"]],
      ["a folder and a file", ["tree2", "a.py"], "/x/", ["x/ 755", "x/a.py 644", "x/same 644"]],
      ["a link that is named is followed", ["to-file"], "/x/", ["x/ 755", "x/to-file 644"]],
      [
        "a link to a folder that is named, too",
        ["to-folder"],
        "/x",
        ["x/ 755", "x/deep/ 755", "x/deep/x 644", "x/util.py 644"],
      ],
      ["through a link in the image", ["a.py"], "/bin/", ["usr/ 755", "usr/bin/ 755", "usr/bin/a.py 644"]],
      [
        "to a link in the image that leads to a folder",
        ["a.py"],
        "/opt",
        ["srv/ 755", "srv/data/ 750 10:20", "srv/data/a.py 644"],
      ],
      [
        "a folder through a link",
        ["tree2"],
        "/opt/new",
        ["srv/ 755", "srv/data/ 750 10:20", "srv/data/new/ 755", "srv/data/new/same 644"],
      ],
      ["to a link that leads to a file", ["a.py"], "/conf-link", ["etc/ 755", "etc/conf 644"]],
      ["up in the image", ["a.py"], "/../../x", ["x 644"]],
      [
        "all of the context's folder",
        ["names/."],
        "/n",
        ["n/ 755", "n/-dash 644", "n/[x].txt 644", "n/größe 644", "n/with space 644", "n/x.txt 644"].sort(),
      ],
      ["a name with brackets, escaped", ["names/\\[x\\].txt"], "/n/", ["n/ 755", "n/[x].txt 644"]],
      ["a class", ["names/[wx]*"], "/n/", ["n/ 755", "n/with space 644", "n/x.txt 644"]],
      ["with a slash in front and dots", ["/./src/../a.py"], "/x", ["x 644"]],
    ];
  for (const [name, sources, to, layer] of table) {
    test(name, (t) => {
      const found = copied(t, sources, to);
      assert.deepEqual([...found].sort(), [...layer].sort());
      assert.equal(new Set(found).size, found.length);
    });
  }

  test("a tree over the root replaces the attributes of the folders in it, as BuildKit does", (t) => {
    assert.deepEqual(copied(t, ["rootfs/tmp/", "rootfs/usr"], "/tmp"), [
      "tmp/ 1777",
      "tmp/bin/ 755",
      "tmp/bin/y 755",
      "tmp/x 644",
    ]);
    assert.deepEqual(copied(t, ["tree1"], "/tmp/"), ["tmp/ 1777", "tmp/only1 644", "tmp/same 644"]);
  });
});

test("the content is the whole file, as it was when it was listed", (t) => {
  const dir = makeTree(t, ["a.py"]);
  const root = createRootFs();
  const before = root.snapshot();
  const sources = [{ tree: openFolder(dir, "."), pattern: "a.py" }];
  applyCopy({ sources, destination: "/x", where: "Dockerfile:7" }, root);
  const { mtimeMs } = statSync(join(dir, "a.py"));
  const content = { file: join(dir, "a.py"), offset: 0, size: 4, mtimeMs };
  assert.deepEqual(layerEntries(before, root.snapshot(), 5), [
    { path: "x", type: "file", mode: 0o644, uid: 0, gid: 0, size: 4, mtime: 5, content },
  ]);
});

test("--link follows no links at the destination, and looks for no folder there", async (t) => {
  const link = { link: true };
  assert.deepEqual(copied(t, ["a.py"], "/bin/", link), ["bin/ 755", "bin/a.py 644"]);
  assert.deepEqual(copied(t, ["a.py"], "/conf-link", link), ["conf-link 644"]);
  assert.deepEqual(copied(t, ["tree2"], "/opt/x/../new", link), ["opt/ 755", "opt/new/ 755", "opt/new/same 644"]);
  assert.deepEqual(copied(t, ["a.py"], "/etc/conf/x", link), ["etc/ 755", "etc/conf/ 755", "etc/conf/x 644"]);
  // What folders are like is not changed, in which BuildKit does less well.
  assert.deepEqual(copied(t, ["a.py"], "/srv/data/", link), ["srv/ 755", "srv/data/ 750 10:20", "srv/data/a.py 644"]);
  await rejectsWith((async () => copied(t, ["a.py"], "/tmp", link))(), "input", /with --link .* \/tmp\//);
});

describe("--parents", () => {
  for (const [sources, to, layer] of [
    [["src/lib/util.py"], "/x", ["x/", "x/src/", "x/src/lib/", "x/src/lib/util.py"]],
    [["src/./lib/util.py"], "/x/", ["x/", "x/lib/", "x/lib/util.py"]],
    [["src/./lib"], "/x", ["x/", "x/lib/", "x/lib/deep/", "x/lib/deep/x", "x/lib/util.py"]],
    [["./a.py", "tree1/./same"], "/x", ["x/", "x/a.py", "x/same"]],
    [["**/same"], "/x", ["x/", "x/tree1/", "x/tree1/same", "x/tree2/", "x/tree2/same"]],
    [["src/*/deep"], "/x", ["x/", "x/src/", "x/src/lib/", "x/src/lib/deep/", "x/src/lib/deep/x"]],
    [["src/li*/./*.py"], "/x", ["x/", "x/util.py"]],
    [["empty"], "/x", ["x/", "x/empty/"]],
    [["src/link"], "/x", ["x/", "x/src/", "x/src/link -> ../a.py"]],
  ] as const) {
    test(`${sources.join(" ")} to ${to}`, (t) => {
      const found = copied(t, sources, to, { parents: true }).map((line) => line.replace(/ \d+$/, ""));
      assert.deepEqual(found, layer);
    });
  }
  test("what is not there", async (t) => {
    for (const source of ["nope", "src/./nope", "nope/./x"]) {
      await rejectsWith((async () => copied(t, [source], "/x", { parents: true }))(), "input", /there is no/);
    }
  });
});

describe("what of a tree is copied", () => {
  const chosen = (t: TestContext, sources: readonly string[], choice: Choice) =>
    copied(t, sources, "/x/", { choice }).map((line) => line.replace(/ \d+$/, ""));
  test("what is excluded, with all below it, but for exceptions", (t) => {
    const { excludes } = patternRules(["lib", "!lib/deep/x", "*.py"], "Dockerfile:7");
    assert.deepEqual(chosen(t, ["src"], { excludes }), [
      "x/",
      "x/dangling -> /nowhere",
      ...["lib/", "lib/deep/", "lib/deep/x", "link -> ../a.py"].map((path) => `x/${path}`),
    ]);
    assert.deepEqual(chosen(t, ["*.py", "run.sh"], { excludes }), ["x/", "x/run.sh"]);
  });
  test("what is included, with all below it and the folders above", (t) => {
    const includes = (path: string) => path === "lib/deep" || path === "main.py";
    assert.deepEqual(chosen(t, ["src"], { includes }), ["x/", "x/lib/", "x/lib/deep/", "x/lib/deep/x", "x/main.py"]);
  });
  test("new names, of files and of folders", async (t) => {
    const rename = new Map([
      ["lib", "code/py"],
      ["main.py", "start"],
    ]);
    const includes = (path: string) => path === "lib" || path === "main.py";
    assert.deepEqual(chosen(t, ["src"], { includes, rename }), [
      ...["x/", "x/code/", "x/code/py/", "x/code/py/deep/", "x/code/py/deep/x", "x/code/py/util.py", "x/start"],
    ]);
    const missing = new Map([["nope", "x"]]);
    await rejectsWith((async () => chosen(t, ["src"], { rename: missing }))(), "input", /no nope to be renamed/);
  });
});

test("owner and mode", (t) => {
  const rest = { owner: { uid: 1000, gid: 100 }, mode: parseMode("4750")! };
  assert.deepEqual(copied(t, ["src/lib"], "/srv/new", rest), [
    "srv/ 755",
    "srv/new/ 755 1000:100",
    "srv/new/deep/ 4750 1000:100",
    "srv/new/deep/x 4750 1000:100",
    "srv/new/util.py 4750 1000:100",
  ]);
  assert.deepEqual(copied(t, ["src/link", "run.sh"], "/tmp/", { owner: { uid: 5, gid: 6 } }), [
    "tmp/ 1777",
    "tmp/link 644 5:6",
    "tmp/run.sh 755 5:6",
  ]);
});

describe("what cannot be copied is told with the line", () => {
  const table: readonly (readonly [name: string, sources: readonly string[], to: string, ...patterns: RegExp[]])[] = [
    ["several files to a name", ["a.py", "b.py"], "/new", /several files cannot become \/new/, /\/new\//],
    ["a pattern to a name", ["*.py"], "/new", /several files/],
    ["several files onto a file", ["a.py", "b.py"], "/etc/conf", /several files/],
    ["a file and a folder to a name", ["a.py", "src"], "/new", /several files/],
    ["a folder onto a file", ["src"], "/etc/conf", /cannot copy to \/etc\/conf/, /\/etc\/conf is no folder/],
    ["below a file", ["a.py"], "/etc/conf/x", /cannot copy/, /\/etc\/conf is no folder/],
    ["a folder onto a link", ["rootfs"], "/", /folder bin cannot replace \/bin/, /link to usr\/bin/, /\/usr\/bin\//],
    ["a folder in a tree onto a file", ["over"], "/", /folder etc\/conf cannot replace/, /that is a file/],
    ["another one", ["over2"], "/", /folder usr\/bin\/sh cannot replace/],
    ["a file onto a folder", ["file-as-folder"], "/", /file etc cannot replace the folder \/etc/],
    ["a file into a folder of its name", ["file-as-folder/etc"], "/", /file file-as-folder\/etc cannot replace/],
    ["through a loop", ["a.py"], "/loop/x", /too many symbolic links/],
    ["what is not there", ["nowhere"], "/x", /there is no nowhere/],
    ["a pattern without a match", ["*.js"], "/x/", /there is no \*\.js/],
    ["out of the context", ["../a.py"], "/x", /outside the build context/],
  ];
  for (const [name, sources, to, ...patterns] of table) {
    test(name, async (t) => {
      const error = await rejectsWith((async () => copied(t, sources, to))(), "input", ...patterns);
      assert.equal(error.where, "Dockerfile:7");
    });
  }
});
