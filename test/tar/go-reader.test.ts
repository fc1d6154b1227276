import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { encodeHeader, paddingOf, type TarHeader, TRAILER_SIZE } from "../../lib/tar/header.ts";
import { tempDir } from "../support/cleanup.ts";
import { digestOf } from "../support/image-content.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const FILE: Omit<TarHeader, "path" | "size"> = { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0 };

/**
 * The engines are written in Go and read with its archive/tar. skopeo does so on a file, where that seeks: what lies
 * behind a member of many gigabytes is found at once, if its size was understood.
 */
test("Go's reader takes members of 8 GiB and more", async (t) => {
  if (!requireTool(t, "skopeo")) return;
  const limit = 8 * 1024 ** 3;
  for (const size of [limit - 1, limit, 100 * 1024 ** 3 + 513]) {
    const config = {
      architecture: "arm64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(Buffer.of(1))] },
    };
    const file = join(tempDir(t), "huge.tar");
    const members = [
      { path: "layer.tar", size, bytes: Buffer.alloc(0) },
      { path: "config.json", bytes: Buffer.from(JSON.stringify(config)) },
      {
        path: "manifest.json",
        bytes: Buffer.from(JSON.stringify([{ Config: "config.json", RepoTags: ["a:1"], Layers: ["layer.tar"] }])),
      },
    ];
    const fd = openSync(file, "w");
    let at = 0;
    for (const { path, bytes, size = bytes.length } of members) {
      const header = encodeHeader({ ...FILE, path, size });
      writeSync(fd, header, 0, header.length, at);
      writeSync(fd, bytes, 0, bytes.length, at + header.length);
      at += header.length + size + paddingOf(size);
    }
    // The content of the large one is a hole: the file takes no room.
    ftruncateSync(fd, at + TRAILER_SIZE);
    closeSync(fd);
    const found = JSON.parse(await runOk("skopeo", ["inspect", `docker-archive:${file}:a:1`]));
    assert.deepEqual(found.Layers, config.rootfs.diff_ids);
    const { layers } = JSON.parse(await runOk("skopeo", ["inspect", "--raw", `docker-archive:${file}:a:1`]));
    assert.equal(layers[0].size, size);
  }
});
