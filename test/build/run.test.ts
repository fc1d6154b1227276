import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { build } from "../../lib/build/build.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { readSavedImage } from "../support/image-root.ts";
import { oddBase } from "../support/odd-base.ts";
import { registryWith } from "../support/registries.ts";

/** The layers, without those of the base, and the history that instructions on a pulled image give. */
async function built(t: TestContext, instructions: string) {
  const registry = await registryWith(t);
  registry.addImage("odd", "1", oddBase());
  const dir = tempDir(t);
  mkdirSync(join(dir, "context"));
  writeFileSync(join(dir, "context/Dockerfile"), `FROM ${registry.host}/odd:1\n${instructions}\n`);
  writeFileSync(join(dir, "aircrate.yml"), "images: { image: { context: context } }\n");
  const output = join(dir, "image.tar");
  const pool = createWorkPool({ threads: 1 });
  await build({ dir, store: join(dir, "store"), output, format: "docker-archive", pool });
  const { layers, config } = await readSavedImage(output);
  const lines = layers.slice(2).map((layer) =>
    layer.map(({ path, type, mode, uid, gid, link }) => {
      if (path.includes(".wh.")) return path;
      return `${path} ${type === "symlink" ? `-> ${link}` : mode.toString(8)} ${uid}:${gid}`;
    }),
  );
  return { lines, config, layers };
}

test("a RUN changes what was pulled: attributes are taken from the layers, with content", async (t) => {
  const { lines, config, layers } = await built(
    t,
    [
      "USER root",
      "RUN chmod g+r /etc/conf && chown -R app:staff /srv/data/sub",
      "RUN chmod 600 /etc/conf-link && chown -h 5 /etc/conf-link && chmod 2775 /srv/data",
      "RUN true",
      "RUN rm -rf /var/* /home/app && ln -s ../srv /home/app",
    ].join("\n"),
  );
  assert.deepEqual(lines, [
    [
      ...["etc 755 0:0", "etc/conf 640 5:6", "srv 755 0:0", "srv/data 2775 10:20", "srv/data/sub 750 1000:50"],
      ...["srv/data/sub/x 644 1000:50", "srv/data/sub/y 644 1000:50"],
    ],
    ["etc 755 0:0", "etc/conf 600 5:6", "etc/conf-link -> conf 5:0"],
    ["home 755 0:0", "home/app -> ../srv 0:0", "var 755 0:0", "var/.wh.opaque"],
  ]);
  const conf = layers.flat().filter(({ path }) => path === "etc/conf");
  assert.deepEqual(new Set(conf.map(({ sha256 }) => sha256)).size, 1);
  assert.deepEqual(
    config.history?.slice(-5).map(({ created_by, empty_layer }) => `${created_by}${empty_layer ? ", no layer" : ""}`),
    [
      "USER root, no layer",
      "RUN /bin/sh -c chmod g+r /etc/conf && chown -R app:staff /srv/data/sub",
      "RUN /bin/sh -c chmod 600 /etc/conf-link && chown -h 5 /etc/conf-link && chmod 2775 /srv/data",
      "RUN /bin/sh -c true, no layer",
      "RUN /bin/sh -c rm -rf /var/* /home/app && ln -s ../srv /home/app",
    ],
  );
});

test("a RUN works as the USER of the base, in its WORKDIR, and may do no more", async (t) => {
  const { lines } = await built(t, "RUN touch /tmp/z; cd /home/app && mkdir -p x/y; ln -s ~ h");
  const mine = ["home 755 0:0", "home/app 700 1000:1001", "home/app/h -> /srv/data 1000:1001"];
  const made = ["home/app/x 755 1000:1001", "home/app/x/y 755 1000:1001", "tmp 1777 0:0", "tmp/z 644 1000:1001"];
  assert.deepEqual(lines, [[...mine, ...made]]);
  await rejectsWith(
    built(t, "ENV A=1\nRUN touch /tmp/a && mkdir new"),
    "input",
    /Dockerfile:3: mkdir new fails/,
    /mkdir: cannot create directory 'new': Permission denied/,
    /USER app: write "USER root" before it/,
  );
});
