import { test } from "node:test";
import { type Case, onBase } from "./case.ts";
import { checkGroups } from "./harness.ts";

/** One COPY on the base image. */
function copy(name: string, instruction: string, context: readonly string[], rest: Partial<Case> = {}): Case {
  return onBase(name, instruction, { context, ...rest });
}

const TREE = [
  "src/main*",
  "src/lib/util",
  "src/lib/deep/x",
  "src/link -> lib/util",
  "src/bad -> /nowhere",
  "src/none/",
];
const LONG = "long-name-of-a-folder/".repeat(5);
const LONGER = `${"a-name-that-is-a-quarter-of-the-limit".repeat(3)}/`.repeat(4);

const DESTINATIONS: readonly Case[] = [
  copy("a file to a new name", "COPY a /new", ["a"]),
  copy("a file to a new name in new folders", "COPY a /x/y/new", ["a"]),
  copy("a file to a new folder", "COPY a /new/", ["a"]),
  copy("a file to new folders", "COPY a /x/y/", ["a"]),
  copy("a file to a new folder, with a dot", "COPY a /x/.", ["a"], { inOldWords: "FROM @base\nCOPY a /x/\n" }),
  copy("a file to a folder of the base", "COPY a /srv/data", ["a"]),
  copy("a file to a folder of the base, with a slash", "COPY a /home/app/", ["a"]),
  copy("a file to the root", "COPY a /", ["a"]),
  copy("a file to the sticky folder", "COPY run* /tmp/", ["run.sh*"]),
  copy("a file onto a file", "COPY a /etc/conf", ["a"]),
  copy("a file onto a file of the same name", "COPY conf /etc/", ["conf"]),
  copy("an executable file onto a file", "COPY a /etc/conf", ["a*"]),
  copy("a destination in the working folder", "COPY a sub/", ["a"]),
  copy("a new destination in the working folder", "COPY a n/e/w", ["a"], {
    notBuildah: "set-group-id folders",
  }),
  copy("the working folder", "COPY a .", ["a"]),
  copy("the working folder, with a slash", "COPY a ./", ["a"]),
  copy("above the working folder", "COPY a ../up", ["a"]),
  copy("above the root", "COPY a /../../up", ["a"]),
  copy("a destination with dots and slashes", "COPY a //x/./y//z/../w", ["a"]),
  copy("a destination with a variable", "COPY a $HOME_DIR/by-env", ["a"]),
  copy("a destination with blanks, in JSON", 'COPY ["a", "/with blank/b c"]', ["a"]),
  copy("FROM scratch", "COPY a /a", ["a"], { dockerfile: "FROM scratch\nCOPY a /a\n" }),
];

const SOURCES: readonly Case[] = [
  copy("several files to a folder", "COPY a b dir/c /x/", ["a", "b", "dir/c"]),
  copy("several files to a folder of the base", "COPY a b /srv/data", ["a", "b"]),
  copy("several files to no folder", "COPY a b /x", ["a", "b"], { differs: "several files to no folder" }),
  copy("a source that is not there", "COPY nope /x", ["a"], { refused: true }),
  copy("one of two sources that is not there", "COPY a nope /x/", ["a"], { refused: true }),
  copy("the content of a folder", "COPY src /app", TREE),
  copy("the content of a folder, with slashes", "COPY src/ /app/", TREE),
  copy("the content of a folder, with a dot", "COPY ./src/. /app", TREE),
  copy("the content of a folder to a folder of the base", "COPY src /srv/data", TREE),
  copy("the content of a folder to the root", "COPY src /", TREE),
  copy("the whole context", "COPY . /app/", TREE),
  copy("the whole context, as a slash", "COPY / /app/", TREE),
  copy("a source with a slash first", "COPY /src/lib /app/", TREE),
  copy("a source that goes up and down", "COPY src/../src/lib /app/", TREE),
  copy("a source that goes up too far", "COPY ../../src/lib /app/", TREE, { differs: "outside the context" }),
  copy("an empty folder", "COPY src/none /app/none", TREE),
  copy("folders and files", "COPY src a src/lib /x/", [...TREE, "a"]),
  copy("two folders with the same names", "COPY one two /x/", ["one/a", "one/s/b", "two/a*", "two/s/c"]),
  copy("an empty context", "COPY . /app/", []),
  copy("an empty file", "COPY empty /x", [], { files: { empty: "" } }),
  copy("a folder of the base is merged with", "COPY sub /srv/data/sub", ["sub/x", "sub/new"]),
  copy("a tree that lies on the base's", "COPY rootfs /", ["rootfs/etc/conf", "rootfs/srv/data/sub/z", "rootfs/tmp/t"]),
];

const WILDCARDS: readonly Case[] = [
  copy("a star", "COPY *.py /x/", ["a.py", "b.py", "c.txt", "d/e.py"]),
  copy("a star that matches one file", "COPY *.py /x", ["a.py", "c.txt"]),
  copy("a star that matches nothing", "COPY *.rs /x/", ["a.py"], {
    differs: "nothing matches",
    notBuildah: "nothing matches",
  }),
  copy("a star that matches folders", "COPY d* /x/", ["d1/a", "d2/b", "d3"]),
  copy("a star in the middle", "COPY d*/f*.py /x/", ["d1/f1.py", "d2/f2.py", "d2/g", "e/f3.py"]),
  copy("a question mark", "COPY a?c /x/", ["abc", "axc", "ac", "abbc"]),
  copy("a class", "COPY [a-c]1 /x/", ["a1", "b1", "d1"]),
  copy("a class that is negated", "COPY [^a]1 /x/", ["a1", "b1", "d1"]),
  copy("a bracket that is quoted", "COPY [[]x].txt /x/", ["[x].txt", "x.txt"], { notBuildah: "brackets" }),
  copy("hidden files", "COPY * /x/", [".hidden", "shown", ".dir/a"]),
];

const NAMES: readonly Case[] = [
  copy("names with blanks", 'COPY ["with blank", "two  blanks", "/x/"]', ["with blank", "two  blanks"]),
  copy("names in Unicode", "COPY . /größe/", ["größe", "日本/語", "e\u0301", "\u00e9", "🚁"]),
  copy("names with odd characters", "COPY . /x/", [
    "-dash",
    "a'b",
    'a"b',
    "a$b",
    "a#b",
    "a\\b",
    "a:b",
    "a\tb",
    "=",
    "~",
  ]),
  copy("paths over 100 bytes", "COPY . /x/", [`${LONG}file`, `${LONG}link -> ${LONG}file`]),
  copy("paths over 255 bytes", "COPY . /x/", [`${LONGER}file`, `link -> ${LONGER}file`]),
];

const LINKS: readonly Case[] = [
  copy("a link in a folder is kept", "COPY d /x/", [
    "d/a",
    "d/l -> a",
    "d/up -> ../a",
    "d/abs -> /etc/conf",
    "d/s -> .",
  ]),
  copy("a link that is named", "COPY l /x/", ["a", "l -> a"]),
  copy("a link to a folder that is named", "COPY l /x/", ["d/a", "l -> d"]),
  copy("a link on the way", "COPY l/a /x/", ["d/a", "l -> d"]),
  copy("a link by a wildcard", "COPY l* /x/", ["a", "l1 -> a", "l2 -> nowhere"], {
    refused: true,
  }),
  copy("the destination is a link to a folder", "COPY a /data", ["a"]),
  copy("the destination is a link to a folder, with a slash", "COPY a /data/", ["a"]),
  copy("the destination is a relative link", "COPY a /bin/", ["a*"]),
  copy("the destination is below a link", "COPY a /data/new/a", ["a"], {
    notBuildah: "set-group-id folders",
  }),
  copy("the destination is a link that goes up", "COPY a /up/", ["a"]),
  copy("the destination is a link to a file", "COPY a /etc/conf-link", ["a"], {
    notBuildah: "links at the destination",
  }),
  copy("the destination is a dangling link", "COPY a /dangling", ["a"], { notBuildah: "links at the destination" }),
  copy("the destination is a dangling link, with a slash", "COPY a /dangling/", ["a"]),
  copy("a folder to a link to a folder", "COPY d /data", ["d/a"]),
  copy("a file over a link in a tree", "COPY d /etc", ["d/conf-link"]),
  copy("a link over a file", "COPY d /etc", ["d/conf -> group"]),
  copy("a link over a link", "COPY d /etc", ["d/conf-link -> group"]),
  copy("a link over a folder", "COPY d /srv", ["d/data -> /etc"], { refused: true, notBuildah: "files and folders" }),
  copy("a folder over a link to a folder", "COPY d /", ["d/bin/tool2*"], {
    refused: true,
    notBuildah: "files and folders",
  }),
  copy("a folder onto a file", "COPY d /etc/conf", ["d/a"], { refused: true }),
  copy("a folder over a file in a tree", "COPY d /etc", ["d/conf/a"], {
    refused: true,
    notBuildah: "files and folders",
  }),
  copy("a file over a folder in a tree", "COPY d /srv", ["d/data"], { refused: true, notBuildah: "files and folders" }),
  copy("a file into a folder that has a folder of its name", "COPY data /srv/", ["data"], {
    refused: true,
    notBuildah: "files and folders",
  }),
  copy("a destination below a file", "COPY a /etc/conf/a", ["a"], { refused: true }),
  copy("hard links", "COPY d /x/", ["d/a", "d/b = d/a", "d/e/c = d/a"]),
  copy("a file onto one of two hard links", "COPY a /usr/bin/tool", ["a*"]),
];

const OWNERS: readonly Case[] = [
  copy("numbers", "COPY --chown=7:8 src /app/x", TREE),
  copy("one number", "COPY --chown=7 a /x/a", ["a"]),
  copy("names", "COPY --chown=app:staff src /app", TREE),
  copy("a user's name", "COPY --chown=app a /x/a", ["a"]),
  copy("a number and a name", "COPY --chown=9:extra a /x/a", ["a"]),
  copy("a name and a number", "COPY --chown=app:9 a /x/a", ["a"]),
  copy("a user that is not there", "COPY --chown=nobody a /x/a", ["a"], {
    differs: "unknown owner",
    notBuildah: "unknown owner",
  }),
  copy("a group that is not there", "COPY --chown=app:nobody a /x/a", ["a"], {
    differs: "unknown owner",
    notBuildah: "unknown owner",
  }),
  copy("a folder of the base", "COPY --chown=7:8 sub /srv/data/sub", ["sub/x", "sub/n/y"]),
  copy("a link", "COPY --chown=7:8 d /x", ["d/l -> a"]),
  copy("into the working folder", "COPY --chown=7:8 a new/a", ["a"], {
    notBuildah: "set-group-id folders",
  }),
  copy("a variable", "ARG OWNER=app\nCOPY --chown=$OWNER a /x/a", ["a"]),
  copy("numbers on scratch", "", ["a"], { dockerfile: "FROM scratch\nCOPY --chown=7:8 a /x/a\n" }),
  copy("USER does not count", "USER app\nCOPY a /x/a", ["a"]),
];

const MODES: readonly Case[] = [
  copy("of a file", "COPY --chmod=640 a /x/a", ["a*"]),
  copy("of a tree", "COPY --chmod=750 src /app", TREE),
  copy("with four digits", "COPY --chmod=4755 a /x/a", ["a"], { notDocker: "set-id bits" }),
  copy("with an owner", "COPY --chown=app:app --chmod=0700 a /home/app/", ["a"]),
  copy("of a folder of the base", "COPY --chmod=711 sub /srv/data/sub", ["sub/x", "sub/n/y"]),
];

const LAYERS: readonly Case[] = [
  copy("the second COPY wins", "COPY a /x\nCOPY b /x", ["a", "b"]),
  copy("into a folder of a COPY before", "COPY --chown=7:8 src /x\nCOPY a /x", [...TREE, "a"]),
  copy("a file, then into the folder that it is not", "COPY a /x\nCOPY a /x/", ["a"], { refused: true }),
  copy("the same twice", "COPY a /x\nCOPY a /x", ["a"]),
  copy("through a link of a COPY before", "COPY d /x\nCOPY a /x/l/", ["d/real/r", "d/l -> real", "a"]),
  copy("into the folder of WORKDIR", "WORKDIR /w\nCOPY a .\nWORKDIR v\nCOPY a b", ["a"], { notBuildah: "workdir" }),
];

const OWN_RULES = { "../Dockerfile.dockerignore": "b.txt\n", "../Dockerfile.old.dockerignore": "b.txt\n" };

/** The tree in a context with a `.dockerignore`. */
function ignored(name: string, lines: string, rest: Partial<Case> = {}): Case {
  const context = [
    "a.py",
    "b.txt",
    "d/a.py",
    "d/b.txt",
    "d/e/a.py",
    "d/e/f/x",
    "g/a.py",
    "d/none/",
    ".hidden",
    "l -> d/a.py",
  ];
  return onBase(name, "COPY . /x/", { context, files: { ".dockerignore": `${lines}\n` }, ...rest });
}

const IGNORED: readonly Case[] = [
  ignored("a file, and itself", "a.py\n.dockerignore"),
  ignored("a folder", "d"),
  ignored("a folder, with slashes", "/d/"),
  ignored("a star, in one folder only", "*.py"),
  ignored("a star for a folder", "*/a.py"),
  ignored("two stars", "**/*.py"),
  ignored("two stars in the middle", "d/**/a.py"),
  ignored("two stars at the end", "d/**"),
  ignored("everything but", "*\n!d/e"),
  ignored("everything but one file", "**\n!d/e/a.py"),
  ignored("an exception that is taken back", "d\n!d/e\nd/e/f"),
  ignored("an exception before", "!d/e\nd", { notDocker: "folders of exceptions" }),
  ignored("an exception in an exception", "*\n!d\nd/e\n!d/e/f/x"),
  ignored("comments, blanks and empty lines", "# d\n\n  b.txt  \n\t"),
  ignored("a question mark and a class", "?.py\nd/[a-b].*"),
  ignored("dots", "./d/../g\n."),
  ignored("what leads nowhere", "nope\n!never\n../up"),
  ignored("a link", "l"),
  ignored("the Dockerfile's own", "a.py", {
    files: { ".dockerignore": "a.py\n", ...OWN_RULES },
    notBuildah: "own rules",
  }),
  ignored("a folder is excepted, of which files are excluded", "d/*.py\n!d", { differs: "exceptions of folders" }),
  ignored("a source that is excluded", "d", { dockerfile: "FROM @base\nCOPY d /x\n", refused: true }),
  ignored("a file that is excluded", "a.py", { dockerfile: "FROM @base\nCOPY a.py /x\n", refused: true }),
  ignored("a pattern that finds some excluded", "d", {
    dockerfile: "FROM @base\nCOPY */a.py /x/\n",
    context: ["d/a.py", "g/a.py", "h/b.txt"],
  }),
  ignored("a folder of which files are excluded", "**/*.py", { dockerfile: "FROM @base\nCOPY d /x\n" }),
];

test("COPY", async (t) => {
  await checkGroups(t, {
    destinations: DESTINATIONS,
    sources: SOURCES,
    wildcards: WILDCARDS,
    names: NAMES,
    links: LINKS,
    owners: OWNERS,
    modes: MODES,
    "several layers": LAYERS,
    ".dockerignore": IGNORED,
  });
});
