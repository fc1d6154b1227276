import { test } from "node:test";
import type { Case } from "./case.ts";
import { checkGroups } from "./harness.ts";

/** A COPY from a stage that is the base with a tree, into one that is the base. */
function copyFrom(name: string, instruction: string, rest: Partial<Case> = {}): Case {
  const dockerfile = `FROM @base AS files\nCOPY --chown=7:8 src /tree/\nFROM @base\n${instruction}\n`;
  return { name, dockerfile, context: TREE, ...rest };
}

const TREE = [
  "src/main*",
  "src/lib/util",
  "src/lib/x -> ../main",
  "src/abs -> /etc/conf",
  "src/none/",
  "src/dir -> lib",
];

const SOURCES: readonly Case[] = [
  copyFrom("a file", "COPY --from=files /tree/main /x"),
  copyFrom("a path without a slash", "COPY --from=files tree/main /x/"),
  copyFrom("a folder", "COPY --from=files /tree /x"),
  copyFrom("a folder into one of the base", "COPY --from=files /tree/lib /srv/data/sub/"),
  copyFrom("a pattern", "COPY --from=files /tree/*i* /x/"),
  copyFrom("several", "COPY --from=files /tree/main /tree/lib /x/"),
  copyFrom("an empty folder", "COPY --from=files /tree/none /x"),
  copyFrom("the whole of a stage", "COPY --from=files / /x/"),
  copyFrom("modes and owners of the base", "COPY --from=files /srv /x/"),
  copyFrom("a folder of odd mode", "COPY --from=files /srv/data /x/"),
  copyFrom("a sticky folder", "COPY --from=files /tmp /x"),
  copyFrom("the file of another owner", "COPY --from=files /etc/conf /x"),
  copyFrom("hard links", "COPY --from=files /usr/bin /x/"),
  copyFrom("one of two hard links", "COPY --from=files /usr/bin/tool /x/"),
  copyFrom("below an opaque folder", "COPY --from=files /var/opaque /x/"),
  copyFrom("what a layer removed", "COPY --from=files /etc/gone /x", { refused: true }),
  copyFrom("what an opaque folder hides", "COPY --from=files /var/opaque/before /x", { refused: true }),
  copyFrom("what is not there", "COPY --from=files /nope /x", { refused: true }),
];

const LINKS: readonly Case[] = [
  copyFrom("a link that is named", "COPY --from=files /etc/conf-link /x"),
  copyFrom("an absolute link that is named", "COPY --from=files /tree/abs /x"),
  copyFrom("a link to a folder", "COPY --from=files /tree/dir /x/"),
  copyFrom("an absolute link to a folder", "COPY --from=files /data /x/"),
  copyFrom("below a link", "COPY --from=files /data/old /x"),
  copyFrom("below a link to a folder", "COPY --from=files /bin/twin /x/"),
  copyFrom("a link that goes up", "COPY --from=files /up/conf /x"),
  copyFrom("a dangling link", "COPY --from=files /dangling /x", { refused: true }),
];

const OWNERS: readonly Case[] = [
  copyFrom("numbers", "COPY --from=files --chown=1:2 /tree /x"),
  copyFrom("names of the image, not of the stage", "COPY --from=files --chown=app:staff /tree /x"),
  copyFrom("a mode", "COPY --from=files --chmod=700 /tree/lib /x"),
];

const STAGES: readonly Case[] = [
  copyFrom("by number", "COPY --from=0 /tree/main /x"),
  copyFrom("by a name in capitals", "COPY --from=FILES /tree/main /x", { notBuildah: "names of stages" }),
  copyFrom("from an image", "COPY --from=@base /etc/conf /x"),
  copyFrom("from scratch", "COPY --from=scratch /x /x", { refused: true }),
  copyFrom("to scratch", "", { dockerfile: "FROM @base AS a\nFROM scratch\nCOPY --from=a /etc/conf /x/y\n" }),
  copyFrom("from a stage of a stage", "", {
    dockerfile: "FROM @base AS a\nCOPY src /a\nFROM a AS b\nCOPY src /b\nFROM scratch\nCOPY --from=b /a /b /x/\n",
  }),
  copyFrom("through two stages", "", {
    dockerfile:
      "FROM scratch AS a\nCOPY src /a\nFROM scratch AS b\nCOPY --from=a /a/lib /b\nFROM scratch\nCOPY --from=b /b /x/\n",
  }),
  copyFrom("from a later stage", "", {
    dockerfile: "FROM @base AS a\nCOPY --from=b /etc/conf /x\nFROM @base AS b\nFROM a\n",
    differs: "later stages",
    notBuildah: "later stages",
  }),
];

test("COPY --from", async (t) => {
  await checkGroups(t, { sources: SOURCES, links: LINKS, owners: OWNERS, stages: STAGES });
});
