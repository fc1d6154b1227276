import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { digestOf } from "../support/image-content.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";
import { type Case, onBase } from "./case.ts";
import { checkGroups } from "./harness.ts";

const TREE = ["src/main*", "src/lib/util", "src/link -> lib/util", "src/none/"];

const FILES: readonly Case[] = [
  onBase("a file to a new name", "ADD a /new", { context: ["a"] }),
  onBase("a file to a folder", "ADD a b /new/", { context: ["a", "b*"] }),
  onBase("a folder", "ADD src /x", { context: TREE }),
  onBase("a pattern", "ADD *.py /x/", { context: ["a.py", "b.py", "c"] }),
  onBase("an owner", "ADD --chown=app:staff src /x", { context: TREE }),
  onBase("a mode", "ADD --chmod=640 a /x/", { context: ["a*"] }),
  onBase("in the working folder", "ADD a .", { context: ["a"] }),
  onBase("what is not there", "ADD nope /x", { refused: true }),
];

const ARCHIVE = tarOf([
  { path: "top", data: "top\n", mode: 0o640, uid: 3, gid: 4 },
  { path: "d/", mode: 0o710, uid: 5, gid: 6 },
  { path: "d/run", mode: 0o4755, data: "run\n" },
  { path: "d/link", symlink: "../top" },
  { path: "d/abs", symlink: "/etc/conf" },
  { path: "d/hard", hardlink: "top", mode: 0o640, uid: 3, gid: 4 },
  { path: "d/none/", mode: 0o1777 },
  { path: "made/up/file", data: "its folders are no members\n" },
]);
const DOTTED = tarOf([{ path: "./" }, { path: "./a", data: "a" }, { path: "./b/" }, { path: "./b/c", data: "c" }]);
const TWICE = tarOf([
  { path: "a", data: "first" },
  { path: "a", data: "second", mode: 0o600 },
]);
const LINKED = tarOf([
  { path: "a", data: "a", mode: 0o600, uid: 1, gid: 2 },
  { path: "b", hardlink: "a", mode: 0o640, uid: 3, gid: 4 },
]);
const OVER = tarOf([
  { path: "etc/", mode: 0o700, uid: 9, gid: 9 },
  { path: "etc/conf", data: "new\n" },
  { path: "etc/conf-link", data: "no link any more\n" },
  { path: "srv/data/sub/", mode: 0o700 },
  { path: "srv/data/sub/z", data: "z" },
]);

function archives(): Case[] {
  const xz = execFileSync("xz", ["--stdout"], { input: ARCHIVE });
  const unpack = (
    name: string,
    file: string,
    bytes: Uint8Array,
    instruction = `ADD ${file} /x/`,
    rest: Partial<Case> = {},
  ) => onBase(name, instruction, { files: { [file]: bytes }, ...rest });
  return [
    unpack("plain", "a.tar", ARCHIVE),
    unpack("gzip", "a.tar.gz", gzipSync(ARCHIVE)),
    unpack("xz", "a.tar.xz", xz),
    unpack("whatever its name", "archive", gzipSync(ARCHIVE)),
    unpack("to no slash", "a.tar", ARCHIVE, "ADD a.tar /x"),
    unpack("to the root", "a.tar", ARCHIVE, "ADD a.tar /"),
    unpack("to a folder of the base", "a.tar", ARCHIVE, "ADD a.tar /home/app"),
    unpack("through a link", "a.tar", DOTTED, "ADD a.tar /bin"),
    unpack("with dots", "a.tar", DOTTED),
    unpack("with a member twice", "a.tar", TWICE),
    unpack("over the base", "a.tar", OVER, "ADD a.tar /"),
    unpack("with an owner", "a.tar", ARCHIVE, "ADD --chown=7:8 a.tar /x/", {
      notBuildah: "folders that an archive lacks",
    }),
    unpack("one that is no archive", "a.tar", Buffer.from("no archive"), "ADD a.tar /x/"),
    unpack("gzip that is no archive", "a.gz", gzipSync("no archive"), "ADD a.gz /x/"),
    unpack("in a folder it stays packed", "d/a.tar", ARCHIVE, "ADD d /x/"),
    unpack("COPY leaves it packed", "a.tar", ARCHIVE, "COPY a.tar /x/"),
    onBase("two, and a file", "ADD a.tar b.tar c /x/", { files: { "a.tar": ARCHIVE, "b.tar": DOTTED, c: "c" } }),
    onBase("by a pattern", "ADD *.tar /x/", { files: { "a.tar": ARCHIVE, "b.tar": TWICE, c: "c" } }),
    unpack("with a hard link that has a mode of its own", "a.tar", LINKED, "ADD a.tar /x/"),
    unpack("an empty one", "a.tar", tarOf([])),
  ];
}

/** What the web server has: `@web/file`. */
const SERVED = Buffer.from("from afar\n");
const SUM = `--checksum=${digestOf(SERVED)}`;

const REMOTE: readonly Case[] = [
  onBase("to a new name", `ADD ${SUM} @web/file /x`, { inOldWords: "FROM @base\nADD @web/file /x\n" }),
  onBase("to a folder", `ADD ${SUM} @web/file /x/`, { inOldWords: "FROM @base\nADD @web/file /x/\n" }),
  onBase("with an owner and a mode", `ADD ${SUM} --chown=7:8 --chmod=755 @web/file /x/`, {
    inOldWords: "FROM @base\nADD --chown=7:8 --chmod=755 @web/file /x/\n",
    notDocker: "mode of a remote file",
  }),
  onBase("an archive stays packed", `ADD --checksum=${digestOf(ARCHIVE)} @web/a.tar /x/`, {
    inOldWords: "FROM @base\nADD @web/a.tar /x/\n",
  }),
  onBase("what is not there", `ADD --checksum=${digestOf(Buffer.from("never served"))} @web/nope /x/`, {
    inOldWords: "FROM @base\nADD @web/nope /x/\n",
    refused: true,
  }),
];

test("ADD", async (t) => {
  if (!requireTool(t, "xz")) return;
  const served = { "/file": SERVED, "/a.tar": ARCHIVE };
  await checkGroups(t, { "local files": FILES, archives: archives(), "remote files": REMOTE }, { served });
});
