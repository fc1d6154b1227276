import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RootDirectory, RootNode } from "../../lib/image/node.ts";
import { createRootFs, type RootFs } from "../../lib/image/rootfs.ts";
import type { LayerTree } from "../../spec/store.ts";
import { FILE, folder } from "../support/root.ts";

function tree(parts: Partial<Omit<LayerTree, "files">> & { files?: readonly string[] }): LayerTree {
  const { files = [], ...rest } = parts;
  return {
    ...{ version: 1, directories: [], symlinks: [], whiteouts: [], opaque: [], accounts: {} },
    ...rest,
    files: files.join("\0"),
  };
}

function rootOf(...trees: readonly LayerTree[]): RootFs {
  const root = createRootFs();
  for (const layer of trees) root.apply(layer);
  return root;
}

/** Every path with what lies there. */
function listing(root: RootFs): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string, node: RootNode) => {
    if (node.kind !== "directory") {
      found[path] = node.kind === "symlink" ? `-> ${node.target}` : "file";
      return;
    }
    found[`${path}/`] = `${node.mode.toString(8)} ${node.uid}:${node.gid}`;
    for (const [name, child] of node.children) visit(path === "" ? name : `${path}/${name}`, child);
  };
  visit("", root.find("")!);
  return found;
}

const BASE = tree({
  directories: [
    ["etc", "755", 0, 0],
    ["usr", "755", 0, 0],
    ["usr/bin", "755", 0, 0],
    ["tmp", "1777", 0, 0],
    ["home/user", "700", 1000, 100],
  ],
  symlinks: [
    ["bin", "usr/bin"],
    ["etc/mtab", "/proc/mounts"],
  ],
  files: ["etc/passwd", "etc/group", "usr/bin/sh", "home/user/.profile"],
  accounts: { passwd: "root:x:0:0::/:\n", group: "root:x:0:\n" },
});

test("one layer; folders that it leaves out are made", () => {
  assert.deepEqual(listing(rootOf(BASE)), {
    "/": "755 0:0",
    "etc/": "755 0:0",
    "etc/mtab": "-> /proc/mounts",
    "etc/passwd": "file",
    "etc/group": "file",
    "usr/": "755 0:0",
    "usr/bin/": "755 0:0",
    "usr/bin/sh": "file",
    "tmp/": "1777 0:0",
    "home/": "755 0:0",
    "home/user/": "700 1000:100",
    "home/user/.profile": "file",
    bin: "-> usr/bin",
  });
});

describe("layers on top of it", () => {
  const after = (...trees: readonly LayerTree[]) => listing(rootOf(BASE, ...trees));
  test("a folder that comes again keeps its content and takes the new attributes", () => {
    const found = after(tree({ directories: [["home/user", "755", 5, 6]] }));
    assert.equal(found["home/user/"], "755 5:6");
    assert.equal(found["home/user/.profile"], "file");
  });
  test("the attributes of the root", () => {
    assert.equal(after(tree({ directories: [["", "700", 1, 2]] }))["/"], "700 1:2");
    assert.equal(after(tree({ directories: [["", "700", 1, 2]] }))["etc/passwd"], "file");
  });
  test("a file in place of a folder hides what was in it, also when the folder comes back", () => {
    const gone = after(tree({ files: ["home/user"] }));
    assert.equal(gone["home/user"], "file");
    assert.equal(gone["home/user/.profile"], undefined);
    const back = after(tree({ files: ["home/user"] }), tree({ directories: [["home/user", "755", 0, 0]] }));
    assert.equal(back["home/user/"], "755 0:0");
    assert.equal(back["home/user/.profile"], undefined);
    assert.equal(after(tree({ symlinks: [["home", "usr"]] })).home, "-> usr");
  });
  test("a folder in place of a link", () => {
    const found = after(tree({ directories: [["bin", "755", 0, 0]], files: ["bin/tool"] }));
    assert.equal(found["bin/"], "755 0:0");
    assert.equal(found["bin/tool"], "file");
    assert.equal(found["usr/bin/tool"], undefined);
  });
  test("whiteouts hide what lies below, not what comes with them", () => {
    const found = after(
      tree({ whiteouts: ["etc/passwd", "home", "absent", "usr/absent/x"], files: ["home/new"], directories: [] }),
    );
    assert.equal(found["etc/passwd"], undefined);
    assert.equal(found["etc/group"], "file");
    assert.equal(found["home/user/"], undefined);
    assert.equal(found["home/new"], "file");
    assert.equal(found.absent, undefined);
  });
  test("an opaque folder is emptied, and keeps what the same layer puts into it", () => {
    const found = after(tree({ opaque: ["usr", "absent"], directories: [["usr", "750", 0, 0]], files: ["usr/own"] }));
    assert.equal(found["usr/"], "750 0:0");
    assert.equal(found["usr/bin/"], undefined);
    assert.equal(found["usr/own"], "file");
    assert.deepEqual(Object.keys(after(tree({ opaque: [""] }))), ["/"]);
  });
  test("nothing is hidden through a link or a file", () => {
    const found = after(tree({ whiteouts: ["bin/sh", "etc/passwd/x"], opaque: ["bin"] }));
    assert.equal(found["usr/bin/sh"], "file");
    assert.equal(found.bin, "-> usr/bin");
  });
  test("names that JavaScript's objects know", () => {
    const found = rootOf(tree({ files: ["__proto__", "constructor/prototype", "toString"] }));
    assert.equal(found.find("__proto__")?.kind, "file");
    assert.equal(found.find("constructor")?.kind, "directory");
    assert.equal(found.find("hasOwnProperty"), undefined);
    assert.equal(found.find("toString/length"), undefined);
  });
});

describe("accounts", () => {
  const account = (...trees: readonly LayerTree[]) => rootOf(BASE, ...trees).account("passwd");
  test("the topmost file counts", () => {
    assert.equal(account(), "root:x:0:0::/:\n");
    assert.equal(account(tree({ files: ["etc/passwd"], accounts: { passwd: "new" } })), "new");
    assert.equal(account(tree({ files: ["etc/x"] })), "root:x:0:0::/:\n");
    assert.equal(rootOf(BASE).account("group"), "root:x:0:\n");
    assert.equal(createRootFs().account("passwd"), undefined);
  });
  test("one that is gone, replaced or unknown counts no more", () => {
    assert.equal(account(tree({ files: ["etc/passwd"] })), undefined);
    assert.equal(account(tree({ whiteouts: ["etc/passwd"] })), undefined);
    assert.equal(account(tree({ whiteouts: ["etc"] })), undefined);
    assert.equal(account(tree({ opaque: ["etc"] })), undefined);
    assert.equal(account(tree({ symlinks: [["etc/passwd", "/x"]] })), undefined);
    assert.equal(account(tree({ files: ["etc"] })), undefined);
    const root = rootOf(BASE);
    assert.equal(root.account("group"), "root:x:0:\n");
  });
});

describe("paths are followed inside the root", () => {
  const root = rootOf(
    BASE,
    tree({
      symlinks: [
        ["absolute", "/usr/bin"],
        ["chain", "absolute"],
        ["up", "../../../usr"],
        ["home/user/here", "."],
        ["home/user/parent", ".."],
        ["home/user/out", "../../../../etc"],
        ["dangling", "not/there"],
        ["loop", "loop"],
        ["ping", "pong/x"],
        ["pong", "/ping/y"],
        ["to-file", "etc/passwd"],
        ["slashes", "//usr//bin/"],
        ["to-root", "/"],
        ["empty", ""],
      ],
    }),
  );
  for (const [path, resolved] of [
    ["/", ""],
    ["", ""],
    ["/usr/bin/sh", "usr/bin/sh"],
    ["usr//./bin/", "usr/bin"],
    ["/bin/sh", "usr/bin/sh"],
    ["/bin", "usr/bin"],
    ["/bin/../lib", "usr/lib"],
    ["/chain/tool", "usr/bin/tool"],
    ["/up/x", "usr/x"],
    ["/../../etc", "etc"],
    ["/home/user/here/here/x", "home/user/x"],
    ["/home/user/parent/x", "home/x"],
    ["/home/user/out", "etc"],
    ["/dangling/x", "not/there/x"],
    ["/new/folder", "new/folder"],
    ["/new/../folder", "folder"],
    ["/to-file/x", "etc/passwd/x"],
    ["/slashes/x", "usr/bin/x"],
    ["/to-root/to-root/tmp", "tmp"],
    ["/empty/x", "x"],
  ] as const) {
    test(`${path} is ${resolved}`, () => assert.equal(root.resolve(path), resolved));
  }
  test("loops", () => {
    for (const path of ["/loop", "/loop/x", "/ping", "/pong/z"]) {
      assert.throws(() => root.resolve(path), /too many symbolic links/, path);
    }
  });
  test("40 links are followed, 41 are not", () => {
    const chain = Array.from({ length: 41 }, (_, i): [string, string] => [`l${i}`, i === 0 ? "end" : `l${i - 1}`]);
    const long = rootOf(tree({ symlinks: chain }));
    assert.equal(long.resolve("/l39"), "end");
    assert.throws(() => long.resolve("/l40"), /too many/);
  });
});

test("a clone goes its own way", () => {
  const root = rootOf(BASE);
  const before = listing(root);
  const clone = root.clone();
  assert.deepEqual(listing(clone), before);
  clone.put("usr/bin/tool", FILE);
  clone.put("home/user", FILE);
  clone.put("", folder(0o700, 1, 1));
  clone.apply(tree({ whiteouts: ["etc/passwd"], accounts: { group: "other" } }));
  assert.deepEqual(listing(root), before);
  assert.equal(root.account("passwd"), "root:x:0:0::/:\n");
  assert.equal(root.account("group"), "root:x:0:\n");
  assert.equal(clone.account("group"), "other");
  root.put("usr/bin/other", FILE);
  assert.equal(clone.find("usr/bin/other"), undefined);
});

test("names that come folder by folder, with folders replaced on the way", () => {
  const root = rootOf(tree({ files: ["a/b/c"] }), tree({ files: ["a", "a/b/d"] }));
  assert.equal(root.find("a/b/c"), undefined);
  assert.equal(root.find("a/b/d")?.kind, "file");
  root.apply(tree({ symlinks: [["a/b", "x"]], files: ["a/b/e"] }));
  assert.equal(root.find("a/b/d"), undefined);
  assert.equal(root.find("a/b/e")?.kind, "file");
  root.put("a/b", folder(0o700, 0, 0));
  root.put("a/b/f", FILE);
  assert.deepEqual([...(root.find("a/b") as RootDirectory).children.keys()], ["e", "f"]);
  root.put("", folder(0o711, 0, 0));
  root.put("g", FILE);
  assert.deepEqual(Object.keys(listing(root)), ["/", "a/", "a/b/", "a/b/e", "a/b/f", "g"]);
  assert.deepEqual([...(root.find("") as RootDirectory).children.keys()], ["a", "g"]);
});

test("a snapshot stays as it was", () => {
  const root = rootOf(BASE);
  const before = root.snapshot();
  const was = JSON.stringify(listing(root));
  root.put("usr/bin/tool", FILE);
  root.put("home/user", folder(0o711, 0, 0));
  root.remove("etc/passwd");
  root.put("", folder(0o711, 0, 0));
  root.makeDirectory("usr/new/deep", { uid: 1, gid: 1 });
  const now = JSON.stringify(listing(root));
  const replayed = createRootFs();
  replayed.apply(BASE);
  assert.equal(JSON.stringify(listing(replayed)), was);
  assert.deepEqual([...(before.children.get("usr") as RootDirectory).children.keys()], ["bin"]);
  assert.equal(before.mode, 0o755);
  const between = root.snapshot();
  assert.equal(root.snapshot(), between, "nothing changed in between");
  root.remove("usr");
  assert.ok(between.children.has("usr"));
  assert.notEqual(JSON.stringify(listing(root)), now);
});

test("the accounts that a file brings are read", () => {
  const root = rootOf(BASE);
  const text = "app:x:7:8::/:\n";
  root.put("etc/passwd", { kind: "file", mode: 0o644, uid: 0, gid: 0, content: { bytes: Buffer.from(text) } });
  assert.equal(root.account("passwd"), text);
  root.put("etc/passwd", { kind: "file", mode: 0o644, uid: 0, gid: 0 });
  assert.equal(root.account("passwd"), undefined);
});
