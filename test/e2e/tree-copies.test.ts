import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../lib/digest.ts";
import { serverFor } from "../http/servers.ts";
import { aircrateFor } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { writeFiles } from "../support/project.ts";
import { savedLayers } from "../support/saved-layers.ts";
import { tarOf } from "../support/ustar.ts";

const REMOTE = tarOf([
  { path: "r/", mode: 0o700 },
  { path: "r/f", data: "remote", mode: 0o640, uid: 1, gid: 2 },
]);

test("everything that a copy in aircrate.yml can say", async (t) => {
  const registry = await demoRegistry(t);
  const server = await serverFor(t, { "/files/remote.tar": { body: REMOTE } });
  const url = `${server.origin}/files/remote.tar`;
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": `images:
  app:
    from: arm64v8/python:3.11-slim
    remove: [/usr/share/doc/*, /etc/passwd]
    layers:
      - copy:
          - {from: src, to: /app, owner: "7", chmod: "u=rwX,go=", include: [lib, "*.py"], exclude: ["**/test_*"],
             rename: {main.py: bin/run.py}}
      - copy: [{from: ping, to: /usr/bin/ping, capabilities: cap_net_raw+ep}]
      - copy: [{image: "arm64v8/busybox:1.36", from: /bin/s*, to: /opt/bin/}]
      - copy: [{archive: tree.tar.gz, to: /tree}]
      - copy:
          - {url: "${url}", checksum: "${digestOf(REMOTE)}", to: /opt/}
          - {url: "${url}", checksum: "${digestOf(REMOTE)}", unpack: true, to: /opt/}
`,
    "src/main.py": "main",
    "src/test_main.py": "",
    "src/readme.md": "",
    "src/lib/a": "",
    "src/lib/test_a": "",
    "src/lib/deep/b": "",
    ping: "ping",
    "tree.tar.gz": gzipSync(tarOf([{ path: "a", data: "a", mode: 0o600, uid: 5, gid: 6 }])),
  });
  const aircrate = aircrateFor(t);
  const report = await aircrate.build([dir, ...mirror(registry)]);
  const layers = await savedLayers(report.file);
  assert.deepEqual(layers.slice(2), [
    ["directory etc 755 0:0", "file etc/.wh.passwd 600 0:0", ...hiddenDocs(layers[2]!)],
    [
      "directory app 755 7:7",
      "directory app/bin 755 7:7",
      "file app/bin/run.py 600 7:7",
      "directory app/lib 700 7:7",
      "file app/lib/a 600 7:7",
      "directory app/lib/deep 700 7:7",
      "file app/lib/deep/b 600 7:7",
    ],
    ["directory usr 755 0:0", "directory usr/bin 755 0:0", "file usr/bin/ping 644 0:0"],
    [
      "directory opt 755 0:0",
      "directory opt/bin 755 0:0",
      "file opt/bin/sh 755 0:0",
      "hardlink opt/bin/sleep 755 0:0 -> opt/bin/sh",
      "hardlink opt/bin/sort 755 0:0 -> opt/bin/sh",
    ],
    ["directory tree 755 0:0", "file tree/a 600 5:6"],
    ["directory opt 755 0:0", "directory opt/r 700 0:0", "file opt/r/f 640 1:2", "file opt/remote.tar 600 0:0"],
  ]);
  assert.equal(server.requests.length, 1, "it is fetched once");
  const offline = await aircrate.build([dir, "--offline", "-o", join(dir, "offline.tar")]);
  assert.equal(server.requests.length, 1);
  assert.ok(readFileSync(offline.file).equals(readFileSync(report.file)));
});

/** Names below usr/share/doc that the base has. */
function hiddenDocs(layer: readonly string[]): string[] {
  const lines = layer.filter((line) => line.includes(" usr"));
  assert.ok(lines.some((line) => /^file usr\/share\/doc\/\.wh\./.test(line)));
  return lines;
}

test("a layer that was damaged in the store is set aside, and the next build takes what it needs", async (t) => {
  const registry = await demoRegistry(t);
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": "images: {app: {context: .}}\n",
    Dockerfile: "FROM scratch\nCOPY --from=arm64v8/busybox:1.36 /bin/sh /bin/ls /bin/\n",
  });
  const aircrate = aircrateFor(t);
  const { file, images } = await aircrate.build([dir, ...mirror(registry)]);
  const own = new Set(images[0]!.layers.map(({ digest }) => digest.slice("sha256:".length)));
  const good = readFileSync(file);
  const blobs = join(aircrate.store, "blobs", "sha256");
  for (const name of readdirSync(blobs)) {
    const bytes = readFileSync(join(blobs, name));
    if (bytes[0] !== 0x1f || own.has(name)) continue;
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(blobs, name), bytes);
  }
  const failed = await aircrate.run(["build", dir, ...mirror(registry)]);
  assert.equal(failed.status, 6, failed.stderr);
  assert.match(failed.stderr, /a blob in the store is damaged/);
  assert.match(failed.stderr, /it was set aside/);
  assert.ok(readFileSync((await aircrate.build([dir, ...mirror(registry)])).file).equals(good));
});
