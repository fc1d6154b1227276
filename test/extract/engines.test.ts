import assert from "node:assert/strict";
import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import test, { type TestContext } from "node:test";
import { type ExtractOptions, extractPath } from "../../lib/extract/extract.ts";
import { tempDir } from "../support/cleanup.ts";
import { describeTree } from "../support/described-tree.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { layoutFiles, writeLayout } from "../support/image-layout.ts";
import { runOk } from "../support/run.ts";
import { requireRoot, requireTool } from "../support/tools.ts";
import { NASTY_TAG, nastyArchive, nastyImage } from "./nasty.ts";

/** What a path comes to when it is written as a tar file and unpacked by GNU tar. */
async function extracted(t: TestContext, file: string, options: Omit<ExtractOptions, "store" | "output">) {
  const tar = join(tempDir(t), "out.tar");
  const out = createWriteStream(tar);
  const write = (bytes: Uint8Array) => new Promise<void>((done) => out.write(bytes, () => done()));
  await extractPath(file, { ...options, store: join(tempDir(t), "store"), output: write });
  await finished(out.end());
  return unpacked(t, tar);
}

async function unpacked(t: TestContext, tar: string): Promise<string[]> {
  const dir = tempDir(t);
  await runOk("tar", ["--extract", "--same-owner", "--preserve-permissions", "-f", tar, "-C", dir]);
  return describeTree(dir);
}

test("a folder is what docker cp takes out of a container", async (t) => {
  const dockerd = requireTool(t, "tar") ? await dockerdFor(t) : undefined;
  if (dockerd === undefined) return;
  const dir = tempDir(t);
  const file = join(dir, "nasty.tar");
  writeFileSync(file, nastyArchive());
  await dockerd.docker(["load", "-i", file]);
  const container = (await dockerd.docker(["create", "--pull", "never", NASTY_TAG])).trim();
  for (const path of ["/data", "/data/cleared", "/data/link", "/data/kept", "/data/one", "/data/tool"]) {
    const tar = join(dir, "cp.tar");
    await runOk("sh", ["-c", `"$@" > '${tar}'`, "sh", ...dockerd.client, "cp", `${container}:${path}`, "-"]);
    const expected = await unpacked(t, tar);
    assert.notEqual(expected.length, 0);
    if (path === "/data/one" || path === "/data/tool") {
      const target = join(tempDir(t), "one");
      await extractPath(file, { path, store: join(dir, "store"), output: target, sameOwner: true });
      const [line] = describeTree(join(target, ".."));
      assert.deepEqual([line!.replace('"one"', JSON.stringify(path.slice("/data/".length)))], expected);
    } else assert.deepEqual(await extracted(t, file, { path }), expected, path);
  }
});

test("the whole root is what umoci unpacks, from the layout in any form", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "umoci", "tar")) return;
  const dir = tempDir(t);
  const files = layoutFiles([{ image: nastyImage(), name: "nasty" }]);
  writeLayout(`${join(dir, "layout")}/`, files);
  writeLayout(join(dir, "layout.tar"), files);
  await runOk("gzip", ["--keep", join(dir, "layout.tar")]);
  await runOk("umoci", ["unpack", "--image", `${join(dir, "layout")}:nasty`, join(dir, "bundle")]);
  const expected = describeTree(join(dir, "bundle/rootfs"));
  writeFileSync(join(dir, "archive.tar"), nastyArchive());
  for (const name of ["layout", "layout.tar", "layout.tar.gz", "archive.tar"]) {
    const target = join(dir, `${name} taken out`);
    await extractPath(join(dir, name), { path: "/", store: join(dir, "store"), output: target, sameOwner: true });
    assert.deepEqual(describeTree(target), expected, name);
  }
  assert.deepEqual(await extracted(t, join(dir, "layout"), { path: "/" }), expected, "as a tar file");
});
