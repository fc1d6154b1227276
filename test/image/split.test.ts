import assert from "node:assert/strict";
import { test } from "node:test";
import { splitLayer } from "../../lib/image/split.ts";
import type { TarEntry } from "../../lib/tar/sequence.ts";

/** `path/` is a folder, `path -> target` a hard link. */
function entries(...paths: readonly string[]): TarEntry[] {
  return paths.map((line) => {
    const [path = "", link] = line.split(" -> ");
    const attributes = { path: path.replace(/\/$/, ""), mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 };
    if (link !== undefined) return { ...attributes, type: "hardlink", link };
    return { ...attributes, type: path.endsWith("/") ? "directory" : "file" };
  });
}

function parts(...paths: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(
    splitLayer(entries(...paths)).map((part) => [part.comment ?? "", part.entries.map(({ path }) => path)]),
  );
}

test("what installers fill goes first, each with the folders above it", () => {
  assert.deepEqual(
    parts("app/", "app/empty/", "app/main.py", "app/node_modules/", "app/node_modules/x/", "app/node_modules/x/i.js"),
    {
      dependencies: ["app", "app/node_modules", "app/node_modules/x", "app/node_modules/x/i.js"],
      application: ["app", "app/empty", "app/main.py"],
    },
  );
  for (const folder of ["usr/lib/python3/dist-packages", "v/site-packages", "opt/vendor", "usr/lib", "usr/lib64"]) {
    const found = parts(`${folder}/`, `${folder}/a`, "main");
    assert.deepEqual(found, { dependencies: [folder, `${folder}/a`], application: ["main"] }, folder);
  }
});

test("one kind alone stays one layer", () => {
  for (const paths of [
    ["app/", "app/main.py"],
    ["lib/", "lib/a.so"],
    ["libs/a", "mylib/b"],
    ["app/", "app/lib/"],
    [".wh.x", "app/.wh..wh..opq"],
    [],
  ]) {
    assert.deepEqual(parts(...paths), { "": paths.map((path) => path.replace(/\/$/, "")) });
  }
});

test("what hides something comes before what takes its place", () => {
  assert.deepEqual(parts("a/", "a/.wh..wh..opq", "a/.wh.old", "a/lib/", "a/lib/x", "a/new"), {
    dependencies: ["a", "a/.wh..wh..opq", "a/.wh.old", "a/lib", "a/lib/x"],
    application: ["a", "a/new"],
  });
});

test("all names of one file stay together", () => {
  assert.deepEqual(parts("a", "b -> a", "lib/", "lib/c -> a", "main"), {
    dependencies: ["a", "b", "lib", "lib/c"],
    application: ["main"],
  });
  assert.deepEqual(parts("lib/", "lib/a", "x -> lib/a", "main"), {
    dependencies: ["lib", "lib/a", "x"],
    application: ["main"],
  });
});
