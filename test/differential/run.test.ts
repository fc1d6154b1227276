import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findTool, requireTool } from "../support/tools.ts";
import type { Case } from "./case.ts";
import { checkGroups } from "./harness.ts";

/** RUN lines on a base with busybox, which the real builders execute. */
function runs(name: string, lines: string, rest: Partial<Case> = {}): Case {
  const dockerfile = `FROM @runnable\n${lines}\n`;
  return { name, dockerfile, runnable: true, ...rest };
}

/** A RUN that changes nothing. */
const IDLE = { notBuildah: "idle" } as const;
const ROOT = "USER root\nWORKDIR /\n";

const FOLDERS: readonly Case[] = [
  runs("mkdir", `${ROOT}RUN mkdir /x`),
  runs("mkdir -p", `${ROOT}RUN mkdir -p /x/y/z /srv/data/sub`),
  runs("mkdir -m", `${ROOT}RUN mkdir -m 700 /x`),
  runs("mkdir in the working folder", "USER root\nRUN mkdir -p new/er"),
  runs("mkdir in a folder that gives its group", `${ROOT}RUN mkdir /srv/data/new`),
  runs("mkdir as another user", "USER app\nWORKDIR /home/app\nRUN mkdir -p a/b"),
  runs("mkdir of what is there", `${ROOT}RUN mkdir /etc`, { refused: true }),
  runs("mkdir below nothing", `${ROOT}RUN mkdir /x/y`, { refused: true }),
];

const CHANGES: readonly Case[] = [
  runs("chmod", `${ROOT}RUN chmod 600 /etc/group`),
  runs("chmod in words", `${ROOT}RUN chmod u+x,go-r /etc/group`),
  runs("chmod without a who", `${ROOT}RUN chmod +x /etc/group`),
  runs("chmod -R", `${ROOT}RUN chmod -R go-rwx /srv`),
  runs("chmod -R with X", `${ROOT}RUN chmod -R a+rX /srv`, { differs: "what stays the same" }),
  runs("chmod of a link", `${ROOT}RUN chmod 640 /etc/conf-link`),
  runs("chmod of what is not there", `${ROOT}RUN chmod 600 /nope`, { refused: true }),
  runs("chown", `${ROOT}RUN chown 7:8 /etc/group`),
  runs("chown by name", `${ROOT}RUN chown app:staff /etc/group`),
  runs("chown -R", `${ROOT}RUN chown -R app /srv`),
  runs("chown of a program drops set-id bits", `${ROOT}RUN chmod 4755 /usr/bin/twin && chown 7 /usr/bin/twin`),
  runs("chmod of one of two hard links", `${ROOT}RUN chmod 700 /usr/bin/twin`),
];

const FILES: readonly Case[] = [
  runs("touch", `${ROOT}RUN touch /x /etc/new`),
  runs("touch of what is there", `${ROOT}RUN touch /etc/group`),
  runs("ln -s", `${ROOT}RUN ln -s /etc/conf /x`),
  runs("ln -s into a folder", `${ROOT}RUN ln -s ../conf /srv/data`),
  runs("ln -sf", `${ROOT}RUN ln -sf group /etc/conf-link`),
  runs("ln -s onto a file", `${ROOT}RUN ln -s x /etc/conf`, { refused: true }),
  runs("rm", `${ROOT}RUN rm /etc/conf`),
  runs("rm -f of what is not there", `${ROOT}RUN rm -f /nope`, IDLE),
  runs("rm of what is not there", `${ROOT}RUN rm /nope`, { refused: true }),
  runs("rm of a folder", `${ROOT}RUN rm /srv`, { refused: true }),
  runs("rm -rf", `${ROOT}RUN rm -rf /srv/data/sub /var/opaque`),
  runs("rm of a link", `${ROOT}RUN rm /data`),
  runs("rm of one of two hard links", `${ROOT}RUN rm /usr/bin/twin`),
];

const LINES: readonly Case[] = [
  runs("a chain", `${ROOT}RUN mkdir /x && touch /x/a && chmod 700 /x && ln -s a /x/b`),
  runs("a folder that is made again", `${ROOT}RUN rm -rf /srv/data && mkdir -p /srv/data/new`),
  runs("a file that comes and goes", `${ROOT}RUN touch /x && rm /x`, IDLE),
  runs("a file for a folder", `${ROOT}RUN rm -rf /srv/data && touch /srv/data`),
  runs("true", `${ROOT}RUN true`, IDLE),
  runs("a colon", `${ROOT}RUN : nothing`, IDLE),
  runs("as a list", `${ROOT}RUN ["mkdir", "-p", "/x/y"]`),
  runs("with variables", `${ROOT}ARG D=/x\nRUN mkdir -p $D/\${LANG} "$HOME_DIR/in quotes" '$D'`),
  runs("several lines", `${ROOT}RUN mkdir /x\nRUN touch /x/a\nRUN rm -rf /x`),
  runs("after COPY", `${ROOT}COPY a /x/\nRUN chmod 755 /x/a && chown -R app:app /x`, { context: ["a"] }),
  runs("before COPY", `${ROOT}RUN mkdir -p -m 700 /x\nCOPY a /x/`, { context: ["a"] }),
];

test("RUN", async (t) => {
  if (!requireTool(t, "busybox")) return;
  const busybox = readFileSync(findTool("busybox")!);
  await checkGroups(t, { folders: FOLDERS, changes: CHANGES, files: FILES, lines: LINES }, { busybox });
});
