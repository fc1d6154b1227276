import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configureStage } from "../../../lib/dockerfile/config.ts";
import { layerEntries } from "../../../lib/image/difference.ts";
import { applyEdits } from "../../../lib/image/edit/edit.ts";
import type { FullNode } from "../../../lib/image/materials.ts";
import type { RootDirectory, RootNode } from "../../../lib/image/node.ts";
import { steps } from "../../support/dockerfile.ts";
import { readSavedImage } from "../../support/image-root.ts";
import { runOk } from "../../support/run.ts";
import { requireTool } from "../../support/tools.ts";
import { writePrograms } from "./chroot.ts";
import { FIXTURE, rootOf, writeItems } from "./fixture.ts";

/** What stands below FROM: each RUN finds what the ones above it left. */
const INSTRUCTIONS: readonly string[] = [
  "RUN mkdir new shared/new && touch shared/new/f",
  "RUN mkdir -p deep/er/est /tmp/x && touch deep/er/f",
  "RUN mkdir -m 700 -p deep/own && chmod 711 deep /w/deep/er",
  "RUN true",
  "RUN mkdir -p dir empty",
  "RUN chmod 600 file && chown app:app exec",
  "RUN chmod 600 file && chown app:app exec",
  "RUN chmod -R go-rwx dir && chmod u+x link",
  "RUN chown 7 suid sgid lock",
  "RUN chown -R 7:8 dir && chown -h 9 link nowhere && chgrp -R staff shared",
  "RUN ln -s /w/file one && ln -s one two && ln -s a b c deep",
  "RUN ln -sf other one && ln -sfn /tmp folder",
  "RUN rm two; rm -f missing",
  "RUN rm -rf deep/er && rm absolute && mkdir absolute",
  "RUN rm -rf dir/* dir/.[!.]*",
  "RUN rm -rf deep && mkdir deep && touch deep/fresh",
  "RUN rm file && mkdir file && touch file/in",
  "RUN rm -rf file; touch file",
  "RUN rmdir empty && mkdir -p n/o/p; rmdir -p n/o/p; mkdir n",
  "RUN touch added shared/added nowhere && rm loop && touch -c loop",
  "RUN cd sticky && touch new ../up && cd .. && mkdir beside",
  'RUN ["mkdir", "-p", "exec form", "$HOME"]',
  "RUN mkdir -p ~/.cache && chmod 700 ~/.cache",
  "ENV A='p q' B=r\nARG C=s\nRUN mkdir $A $B$C \"$A\"",
  'SHELL ["/bin/sh", "-ec"]\nRUN set -eux; \\\n  mkdir t \\\n  u; # both\\\n  rmdir t',
  "WORKDIR /w/own\nRUN mkdir in-own; touch ../of-root",
  "USER app\nRUN mkdir mine && touch mine/f /tmp/f && ln -s f mine/l",
  "RUN chmod 700 mine && chgrp staff mine/f",
  "RUN rm -rf mine x readable && touch ../sticky/of-app && rm ../sticky/app",
  "USER 1002\nRUN touch /tmp/of-dev",
  "USER 5\nRUN touch /tmp/of-nobody",
  "USER 5:6\nRUN touch /tmp/of-nobody-else",
];

/** Nothing else is compared: buildah puts files of its own into /etc and /run. */
const COMPARED = /^(?:w|tmp|home|root)(?:\/|$)/;

interface Shown {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly link?: string;
}

function shown({ path, type, mode, uid, gid, link = "" }: Shown): string {
  if (path.includes(".wh.")) return `${path} hides`;
  return `${path} ${type} ${type === "symlink" ? link : mode.toString(8)} ${uid}:${gid}`;
}

/** An opaque folder hides what was in it; the driver of buildah that is used here says that of each name. */
function withoutOpaque(paths: readonly string[], before: RootDirectory, after: RootDirectory): string[] {
  return paths.flatMap((line) => {
    const folder = /^(.*)\/\.wh\.\.wh\.\.opq hides$/.exec(line)?.[1];
    if (folder === undefined) return [line];
    const [old, now] = [before, after].map((root) => childrenOf(root, folder));
    return old!.filter((name) => !now!.includes(name)).map((name) => `${folder}/.wh.${name} hides`);
  });
}

function childrenOf(root: RootDirectory, path: string): string[] {
  let node: RootNode | undefined = root;
  for (const name of path.split("/")) node = node?.kind === "directory" ? node.children.get(name) : undefined;
  return node?.kind === "directory" ? [...node.children.keys()] : [];
}

/** Storage of the driver that compares before and after: overlay takes what a chmod left as it was, too. */
function storage(dir: string): string[] {
  return ["--root", join(dir, "root"), "--runroot", join(dir, "run"), "--storage-driver", "vfs"];
}

test("a RUN leaves in its layer what it does in one of buildah", { timeout: 240_000 }, async (t) => {
  if (!requireTool(t, "buildah", "tar")) return;
  const dir = await writePrograms(t);
  if (dir === undefined) return;
  writeItems(dir, FIXTURE);
  for (const name of ["proc", "sys", "dev", "run"]) mkdirSync(join(dir, name));
  for (const name of ["hosts", "resolv.conf", "hostname"]) writeFileSync(join(dir, "etc", name), "");
  const context = join(dir, "run", "context");
  mkdirSync(context);
  await runOk("tar", ["-C", dir, "--exclude=./run/*", "-cf", join(context, "root.tar"), "."]);
  const text = `WORKDIR /w\n${INSTRUCTIONS.join("\n")}\n`;
  writeFileSync(join(context, "Dockerfile"), `FROM scratch\nADD root.tar /\nENV PATH=/bin\n${text}`);
  const options = storage(join(dir, "run", "storage"));
  const env = { TMPDIR: join(dir, "run"), BUILDAH_ISOLATION: "chroot" };
  await runOk("buildah", [...options, "bud", "--layers", "--format", "docker", "--tag", "x", context], {
    env,
    timeout: 240_000,
  });
  const archive = join(dir, "run", "image.tar");
  await runOk("buildah", [...options, "push", "x", `docker-archive:${archive}`], { env });
  const { layers } = await readSavedImage(archive);
  const root = rootOf(FIXTURE);
  const { steps: configured } = configureStage({ WorkingDir: "/" }, steps(text));
  const runs = configured.flatMap(({ step, user, path }) =>
    step.kind === "run" ? [{ step, user, folder: path! }] : [],
  );
  assert.equal(layers.length, runs.length + 1);
  for (const [i, { step, user, folder }] of runs.entries()) {
    await t.test(step.text, () => {
      const before = root.snapshot();
      applyEdits(step.commands, root, { user, folder, known: (node) => node as FullNode, where: step.where });
      const after = root.snapshot();
      const ours = withoutOpaque(layerEntries(before, after, 0).map(shown), before, after);
      const real = layers[i + 1]!.map(shown);
      const [computed, expected] = [ours, real].map((lines) => lines.filter((line) => COMPARED.test(line)).sort());
      assert.deepEqual(computed, expected);
    });
  }
});
