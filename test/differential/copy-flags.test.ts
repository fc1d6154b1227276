import { test } from "node:test";
import { type Case, onBase } from "./case.ts";
import { checkGroups } from "./harness.ts";

/** A COPY that the real builders do not know yet, and the one that does the same. */
function flag(name: string, instruction: string, old: string, rest: Partial<Case> = {}): Case {
  return onBase(name, instruction, { inOldWords: `FROM @base\n${old}\n`, ...rest });
}

const TREE = ["src/main*", "src/lib/util", "src/lib/deep/x", "src/a.txt", "src/lib/b.txt", "top"];
const WITH_TREE = { context: TREE };
const WITH_FILES = { context: ["a", "run*", "d/e/"] };

const LINK: readonly Case[] = [
  flag("a file", "COPY --link a /x/", "COPY a /x/", { context: ["a"] }),
  flag("a folder", "COPY --link --chown=7:8 src /x/", "COPY --chown=7:8 src /x/", { context: TREE }),
  flag("said to be false", "COPY --link=false a /data/", "COPY a /data/", { context: ["a"] }),
];

const PARENT: readonly Case[] = [
  flag("a file", "COPY --parents src/lib/util /x/", "COPY src/lib/util /x/src/lib/", WITH_TREE),
  flag("a folder", "COPY --parents src/lib /x/", "COPY src/lib /x/src/lib/", WITH_TREE),
  flag("a pivot", "COPY --parents src/./lib/util /x/", "COPY src/lib/util /x/lib/", WITH_TREE),
  flag("a pivot at the end", "COPY --parents src/lib/./deep /x/", "COPY src/lib/deep /x/deep/", WITH_TREE),
  flag(
    "with an owner",
    "COPY --parents --chown=7:8 src/lib/util /x/",
    "COPY --chown=7:8 src/lib/util /x/src/lib/",
    WITH_TREE,
  ),
];

const EXCLUDED: readonly Case[] = [
  flag("a pattern for all depths", "COPY --exclude=**/*.txt src /x/", "COPY src /x/", {
    ...WITH_TREE,
    merged: "the real builders are told by a .dockerignore, which is empty for aircrate",
    context: ["src/main*", "src/lib/util", "src/lib/deep/x"],
    files: { "src/a.txt": "a", "src/lib/b.txt": "b", "../Dockerfile.old.dockerignore": "**/*.txt\n" },
    notBuildah: "own rules",
  }),
  flag("a pattern for one depth", "COPY --exclude=*.txt src /x/", "COPY src /x/", {
    ...WITH_TREE,
    files: { "../Dockerfile.old.dockerignore": "src/*.txt\n" },
    notBuildah: "own rules",
  }),
  flag("two, and an exception", "COPY --exclude=lib --exclude=!lib/deep src /x/", "COPY src /x/", {
    ...WITH_TREE,
    files: { "../Dockerfile.old.dockerignore": "src/lib\n!src/lib/deep\n" },
    notBuildah: "own rules",
  }),
];

const MODES: readonly Case[] = [
  flag("more for the user", "COPY --chmod=u+x a /x", "COPY --chmod=744 a /x", WITH_FILES),
  flag("more for all", "COPY --chmod=+x a /x", "COPY --chmod=755 a /x", WITH_FILES),
  flag("less for others", "COPY --chmod=go-rwx run /x", "COPY --chmod=700 run /x", WITH_FILES),
  flag("exactly", "COPY --chmod=u=rwX,go=rX run /x", "COPY --chmod=755 run /x", WITH_FILES),
  flag("exactly, of a file", "COPY --chmod=u=rwX,go=rX a /x", "COPY --chmod=644 a /x", WITH_FILES),
  flag("of one from another", "COPY --chmod=g=u a /x", "COPY --chmod=664 a /x", WITH_FILES),
  flag("of folders", "COPY --chmod=o-rx d /x", "COPY --chmod=750 d /x", WITH_FILES),
];

const DOCUMENTS: readonly Case[] = [
  flag("to a file", "COPY <<EOF /x\nhello\nworld\nEOF", "COPY EOF /x", { files: { EOF: "hello\nworld\n" } }),
  flag("to a folder", "COPY <<name.txt /x/\nhello\nname.txt", "COPY name.txt /x/", {
    files: { "name.txt": "hello\n" },
  }),
  flag("with variables", `COPY <<EOF /x\n$LANG \${NONE:-d} \\$LANG\nEOF`, "COPY EOF /x", {
    files: { EOF: "C.UTF-8 d $LANG\n" },
  }),
  flag("as it is", "COPY <<'EOF' /x\n$LANG\nEOF", "COPY EOF /x", { files: { EOF: "$LANG\n" } }),
  flag("without tabs", "COPY <<-EOF /x\n\t\thello\n\tworld\n\tEOF", "COPY EOF /x", {
    files: { EOF: "hello\nworld\n" },
  }),
  flag("two", "COPY <<a <<b /x/\n1\na\n2\nb", "COPY a b /x/", { files: { a: "1\n", b: "2\n" } }),
  flag(
    "with a mode and an owner",
    "COPY --chmod=755 --chown=7:8 <<EOF /x\n#!/bin/sh\nEOF",
    "COPY --chmod=755 --chown=7:8 EOF /x",
    {
      files: { EOF: "#!/bin/sh\n" },
    },
  ),
  flag("an empty one", "COPY <<EOF /x\nEOF", "COPY EOF /x", { files: { EOF: "" } }),
];

test("COPY with flags and here-documents", async (t) => {
  await checkGroups(t, {
    "--link": LINK,
    "--parents": PARENT,
    "--exclude": EXCLUDED,
    "symbolic --chmod": MODES,
    "here-documents": DOCUMENTS,
  });
});
