import assert from "node:assert/strict";
import test from "node:test";
import { type ChangeList, compareTrees, createChangeList } from "../../lib/diff/files.ts";
import { treeOf } from "../../lib/diff/tree.ts";
import type { ContentEntry } from "../../lib/unpack/entry-list.ts";
import { decode } from "../../spec/decode.ts";
import { FileChanges } from "../../spec/diff.ts";

type Entry = Partial<ContentEntry> & Pick<ContentEntry, "path">;

function compare(
  from: readonly Entry[] | undefined,
  to: readonly Entry[] | undefined,
  listed: ChangeList = createChangeList(),
) {
  const [one, other] = [from, to].map((entries) => entries && treeOf([entries.map(entry)]));
  return decode(FileChanges, compareTrees(one, other, listed));
}

function entry({ path, digest, ...rest }: Entry): ContentEntry {
  return { path, kind: "file", size: 0, mode: 0o644, uid: 0, gid: 0, ...(digest && { digest: sha(digest) }), ...rest };
}

function sha(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

test("every kind of change is told, by path, with both sides and their sums", () => {
  const xattrs = (digit: string) => ({ xattrs: new Map([["user.x", sha(digit)]]) });
  const from: Entry[] = [
    { path: "same", digest: "1", size: 7 },
    { path: "content", digest: "1", size: 10 },
    { path: "gone", digest: "1", size: 3 },
    { path: "mode" },
    { path: "owner" },
    { path: "cap", ...xattrs("1") },
    { path: "kind", digest: "2", size: 4 },
    { path: "link", kind: "symlink", link: "a", mode: 0o777 },
    { path: "linkmode", kind: "symlink", link: "a", mode: 0o777 },
  ];
  const to: Entry[] = [
    { path: "linkmode", kind: "symlink", link: "a", mode: 0o755 },
    { path: "link", kind: "symlink", link: "b", mode: 0o777 },
    { path: "kind", kind: "directory", mode: 0o755 },
    { path: "kind/new", digest: "5", size: 5 },
    { path: "cap", ...xattrs("2") },
    { path: "owner", uid: 5 },
    { path: "mode", mode: 0o4755 },
    { path: "content", digest: "2", size: 11 },
    { path: "same", digest: "1", size: 7 },
  ];
  const { totals, list, truncated } = compare(from, to);
  assert.deepEqual(
    list.map(({ change, path }) => `${change} ${path}`),
    [
      "attributes cap",
      "changed content",
      "removed gone",
      "type kind",
      "added kind/new",
      "changed link",
      "attributes mode",
      "attributes owner",
    ],
  );
  assert.equal(truncated, false);
  assert.deepEqual(totals, {
    added: { count: 1, from: 0, to: 5 },
    removed: { count: 1, from: 3, to: 0 },
    changed: { count: 2, from: 10, to: 11 },
    attributes: { count: 3, from: 0, to: 0 },
    type: { count: 1, from: 4, to: 0 },
  });
  assert.deepEqual(list[0], {
    path: "cap",
    change: "attributes",
    from: { kind: "file", size: 0, mode: "0644", uid: 0, gid: 0, xattrs: ["user.x"] },
    to: { kind: "file", size: 0, mode: "0644", uid: 0, gid: 0, xattrs: ["user.x"] },
  });
  assert.equal(list[6]!.to!.mode, "4755");
});

test("names come in the order of their bytes, whatever the order of the layers", () => {
  const paths = ["b", "a/z", "a-b", "\u{1f600}", "\uffee", "a"];
  const found = compare(
    undefined,
    paths.map((path) => ({ path, kind: path === "a" ? "directory" : "file" })),
  );
  assert.deepEqual(
    found.list.map(({ path }) => path),
    ["a", "a/z", "a-b", "b", "\uffee", "\u{1f600}"],
  );
});

test("a root that only one side has is empty on the other, and its own attributes count where both have it", () => {
  const root: Entry = { path: "", kind: "directory", mode: 0o700 };
  assert.deepEqual(compare([root], undefined).list, []);
  assert.deepEqual(
    compare([root], []).list.map(({ change, path }) => `${change} ${path}`),
    ["attributes "],
  );
});

test("more changes than are kept are counted, of all images together", () => {
  const listed = { room: 3 };
  const many = (name: string) => Array.from({ length: 2 }, (_, i) => ({ path: `${name}${i}`, size: 1 }));
  assert.equal(compare(undefined, many("a"), listed).truncated, false);
  const { list, truncated, totals } = compare(undefined, many("b"), listed);
  assert.deepEqual([list.length, truncated], [1, true]);
  assert.deepEqual(totals.added, { count: 2, from: 0, to: 2 });
});
