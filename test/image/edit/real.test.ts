import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStep } from "../../../lib/dockerfile/types.ts";
import { AircrateError } from "../../../lib/error.ts";
import { applyEdits } from "../../../lib/image/edit/edit.ts";
import type { FullNode } from "../../../lib/image/materials.ts";
import { steps } from "../../support/dockerfile.ts";
import { type Identity, type Outcome, runInside, writePrograms } from "./chroot.ts";
import { FIXTURE, listRoot, rootOf } from "./fixture.ts";

const ROOT: Identity = { user: "0:0", groups: "0", home: "/root" };
const APP: Identity = { user: "1000:1001", groups: "1001,50", home: "/home/app" };

/** What a RUN with the script does to the fixture here. */
function compute(script: string, user: string): Outcome {
  const step = steps(`RUN <<EOF\n${script}\nEOF`).at(-1) as RunStep;
  const root = rootOf(FIXTURE);
  const tops = FIXTURE.filter(({ path }) => !path.includes("/")).map(({ path }) => path);
  try {
    applyEdits(step.commands, root, { user, folder: "/w", known: (node) => node as FullNode, where: "Dockerfile:2" });
    return { list: listRoot(root, tops) };
  } catch (error) {
    assert.ok(error instanceof AircrateError && error.fault === "input", String(error));
    assert.equal(error.where, "Dockerfile:2");
    return { list: listRoot(root, tops), fault: error.reason.join("\n") };
  }
}

const SCRIPTS: readonly string[] = [
  "mkdir new",
  "mkdir new/",
  "mkdir /new new/deep",
  "mkdir dir",
  "mkdir file",
  "mkdir link",
  "mkdir nowhere",
  "mkdir missing/new",
  "mkdir file/new",
  "mkdir loop/new",
  "mkdir ''",
  "mkdir -p ''",
  "mkdir -p new/deep/er /w/dir /tmp/x",
  "mkdir -p new//deep/ ./new/../other",
  "mkdir -p folder/new absolute/new",
  "mkdir -p file",
  "mkdir -p file/new",
  "mkdir -p nowhere",
  "mkdir -p nowhere/new",
  "mkdir -p loop",
  "mkdir -p /",
  "mkdir -m 700 new",
  "mkdir -m 2750 new && mkdir new/below",
  "mkdir -m 0 new",
  "mkdir -m u=rwx,g=rx,o= new",
  "mkdir -m -w new",
  "mkdir -m +w,g-r new",
  "mkdir -pm 711 new/deep dir",
  "mkdir shared/new shared/new/deep",
  "mkdir -p shared/new/deep; touch shared/f shared/new/f; ln -s a shared/l",
  "mkdir -m 750 shared/new",
  "mkdir -m 00750 shared/new",
  "mkdir -m o-rwx shared/new",
  "mkdir -p -m 700 shared/new/deep",
  "mkdir 'a  b' \"c d\" e\\ f",
  `mkdir ${"n".repeat(255)}`,
  `mkdir ${"n".repeat(256)}`,
  "chmod 600 file exec",
  "chmod 600 missing",
  "chmod 600 link",
  "chmod 600 nowhere",
  "chmod 600 loop",
  "chmod 700 folder folder/",
  "chmod 700 file/",
  "chmod 4755 file && chmod 755 file",
  "chmod 755 shared && chmod 00755 sticky",
  "chmod 0755 shared",
  "chmod 00755 shared",
  "chmod u+s,g+s,o+t file dir",
  "chmod -R u=rwX,g=rX,o= dir",
  "chmod -R a+X .",
  "chmod -R 700 folder",
  "chmod -R 600 link",
  "chmod -R go-rwx dir/",
  "chmod -R 777 file missing",
  "chmod +w file dir",
  "chmod +x file && chmod -x exec",
  "chmod -w file",
  "chmod -w sticky",
  "chmod -- -w sticky",
  "chmod =r,u+w exec",
  "chmod g=u,o=g exec suid",
  "chmod = exec",
  "chmod a=,u+rw,g=o file",
  "chmod -cfv 600 file",
  "chmod 755 /",
  "chown 5 file",
  "chown 5:6 file exec dir",
  "chown app file",
  "chown app: file",
  "chown app:staff file",
  "chown :staff file",
  "chown : file",
  "chown web.dev file",
  "chown 5.6 file",
  "chown app.staff file",
  "chown 5 suid sgid lock",
  "chown 0 suid",
  "chown : suid sgid",
  "chown -R app:app dir",
  "chown -R app folder",
  "chown -R app folder/",
  "chown -R app:staff .",
  "chown 5 link",
  "chown -h 5 link nowhere",
  "chown 5 nowhere",
  "chown 5 missing",
  "chown -R 5 missing file",
  "chgrp staff file",
  "chgrp -R 60 dir shared",
  "chgrp -h web link",
  "chgrp staff missing",
  "ln -s file new",
  "ln -s /a/b/c",
  "ln -s /a/b/ .",
  "ln -s file dir",
  "ln -s x folder",
  "ln -sn x folder",
  "ln -sfn x folder",
  "ln -sf x folder",
  "ln -sfT x folder",
  "ln -sT x new",
  "ln -sT x dir",
  "ln -sfT x dir",
  "ln -sfn x dir",
  "ln -s x file",
  "ln -sf x file",
  "ln -sf x nowhere",
  "ln -s x nowhere",
  "ln -s x missing/new",
  "ln -s x missing/",
  "ln -s '' new",
  "ln -s a b c dir",
  "ln -s a b c missing",
  "ln -s a b file",
  "ln -st dir x y",
  "ln -st missing x",
  "ln -st file x",
  "ln -s a dir",
  "ln -sf a dir",
  "ln -s dir/* empty",
  "ln -s 'x y' \"new one\"",
  "ln -s a b && ln -sf c b && rm b",
  "rm file",
  "rm file missing",
  "rm -f file missing missing/x file/x",
  "rm link && rm nowhere",
  "rm dir",
  "rm -f dir",
  "rm -d empty",
  "rm -d dir",
  "rm -r dir empty file",
  "rm -rf dir missing folder absolute",
  "rm -rf dir/",
  "rm link/",
  "rm file/",
  "rm -f file/",
  "rm -rf .",
  "rm -rf ./",
  "rm -rf dir/..",
  "rm -rf dir/* dir/.[!.]*",
  "rm -f dir/? dir/[ab] dir/[!a-b]*",
  "rm dir/*x",
  "rm -f dir/*x *",
  "rm -rf */",
  "rm -f */c */*/c",
  "rm -f '*' \\* \"f\"*",
  "rm f* a\\ *",
  "rm -rf dir && mkdir dir && touch dir/a",
  "rm -rf dir && touch dir",
  "rm file && mkdir file",
  "rmdir empty",
  "rmdir empty/",
  "rmdir dir",
  "rmdir file",
  "rmdir missing",
  "rmdir folder",
  "rmdir empty/.",
  "rmdir --ignore-fail-on-non-empty dir empty",
  "mkdir -p n/o/p; rmdir -p n/o/p",
  "mkdir -p n/o/p n/q; rmdir -p n/o/p",
  "mkdir -p n/o/p n/q; rmdir -p --ignore-fail-on-non-empty n/o/p/",
  "touch new dir/new",
  "touch file link dir folder",
  "touch nowhere",
  "touch -c missing nowhere",
  "touch missing/new",
  "touch file/new",
  "touch new/",
  "touch loop",
  "touch ''",
  "touch '*' && rm -f '*'",
  "cd dir && touch new ../up && cd .. && touch x",
  "cd folder && touch ../up && cd .. && touch x",
  "cd absolute && mkdir new ../beside && cd .. && mkdir y",
  "cd missing; touch x",
  "cd file",
  "cd / && mkdir -p w/new tmp/x",
  "cd ~ && touch x && cd && touch y",
  "cd /; cd w/./dir/../dir; touch z",
  "touch ~/a ~",
  "cd dir && rm -rf ../dir && touch x",
  "cd dir && rm -rf /w/dir && mkdir /w/dir && touch x",
  "true && : && set -e; mkdir a # b",
  "mkdir a b; chmod 700 a; chown app b && ln -s a c; rmdir b",
];

const AS_APP: readonly string[] = [
  "mkdir new",
  "mkdir own/new && touch own/new/f && ln -s a own/l && mkdir -m 700 own/m",
  "mkdir -p own/a/b dir",
  "mkdir -p new/a",
  "mkdir group/new && touch group/f",
  "mkdir shared/new && touch shared/f",
  "touch /tmp/x sticky/new",
  "touch own/x",
  "touch file",
  "touch shared/x",
  "touch dir",
  "chmod 600 own/x",
  "chmod 600 file",
  "chmod 2755 own/x own/of-root",
  "chmod -R go-rwx own",
  "chmod -R 700 own/x dir/b",
  "chmod u-x own && touch own/y",
  "chmod 2700 own/bare; chgrp staff own/bare; chmod g+s own/bare",
  "mkdir own/g && chgrp staff own/g && chmod 2770 own/g && touch own/g/f && chgrp app own/g && chmod g+s own/g/f",
  "chown app own/x",
  "chown 5 own/x",
  "chown app:staff own/x",
  "chown :60 own/x",
  "chgrp 50 own/x own",
  "chgrp -R staff own",
  "chown app file",
  "rm own/x",
  "rm file",
  "rm -rf own/of-root",
  "rm -rf own/readable own/bare",
  "rm -rf own",
  "rm sticky/app",
  "rm -f sticky/root",
  "rm -r group",
  "rm group/z",
  "rm -f own/of-root/y",
  "rm -rf own/of-root/*",
  "rmdir own/readable own/bare",
  "rmdir empty",
  "ln -sf y own/x",
  "ln -sf y dir/link",
  "ln -s y dir/new",
  "cd own && mkdir x2 && cd ../dir/sub",
  "cd own/of-root",
  "cd ~ && touch x && mkdir -p ~/.cache/y",
  "cd /root",
];

/** Where GNU says it in other words. */
const REWORDED: ReadonlyMap<string, string> = new Map([
  ["mkdir: cannot stat 'loop'", "mkdir: cannot create directory 'loop'"],
  ["touch: setting times of", "touch: cannot touch"],
  [
    "chmod: sticky: new permissions are r-xrwxrwt, not r-xr-xr-t",
    "chmod: changing permissions of 'sticky': the umask, 022, keeps back a part of that",
  ],
]);

/** The first fault, of the real shell without its name, of ours without the reason that it does not give for `cd`. */
function essence(fault: string | undefined): string | undefined {
  let line = fault?.replace(/^\/bin\/sh: \d+: /, "").replace(/\n.*/s, "");
  // The first one of several in a folder: GNU takes them as the system lists them.
  line = line?.replace(/'own\/(?:bare|readable|of-root)'/, "'own/…'");
  for (const [real, ours] of REWORDED) line = line?.replace(real, ours);
  return line?.replace(/(?<=^cd: can't cd to [^:]*):.*/, "");
}

for (const [title, scripts, identity, user] of [
  ["root", SCRIPTS, ROOT, ""],
  ["a user of the image", AS_APP, APP, "app"],
] as const) {
  test(`edits do what GNU coreutils do, as ${title}`, { timeout: 120_000 }, async (t) => {
    const dir = await writePrograms(t);
    if (dir === undefined) return;
    for (const script of scripts) {
      await t.test(JSON.stringify(script), async () => {
        const real = await runInside(dir, script, identity);
        const computed = compute(script, user);
        assert.equal(essence(computed.fault), essence(real.fault));
        // What a command did before it failed is of no account: there is no layer.
        if (real.fault === undefined) assert.deepEqual(computed.list, real.list);
      });
    }
  });
}
