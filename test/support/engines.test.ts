import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { tempDir } from "./cleanup.ts";
import { dockerdFor } from "./dockerd.ts";
import { podmanFor, RUN_LIMITS } from "./podman.ts";
import { requireArm64 } from "./qemu.ts";
import { registryFor } from "./seed.ts";

const RUN = ["run", "--rm", "--pull", "never", "--network", "none", "--platform", "linux/arm64"];

/** Serves its own folder, asks itself for a file and prints that; then what the third layer has changed. */
const PROGRAM = `
import http.server, os, platform, threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.chdir("/usr/share/base-files")
print(platform.machine(), urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/motd").read().decode().strip())
print(os.listdir("."), os.path.exists("/etc/issue.net"), os.path.exists("/usr/share/common-licenses"))
print(os.readlink("/bin"), oct(os.stat("/tmp").st_mode), open("/etc/passwd").readline().strip())
`;

test("dockerd runs python3 of the arm64 base, and podman loads what it saves", async (t) => {
  const dockerd = (await requireArm64(t)) ? await dockerdFor(t) : undefined;
  const registry = dockerd && (await registryFor(t));
  if (dockerd === undefined || registry === undefined) return;
  const image = `${registry.host}/library/python:3.11-slim`;
  await dockerd.docker(["pull", "--quiet", "--platform", "linux/arm64", image]);
  const inspected = await dockerd.docker(["image", "inspect", "--format", "{{.Architecture}} {{.Variant}}", image]);
  assert.equal(inspected, "arm64 v8\n");

  const output = await dockerd.docker([...RUN, image, "python", "-c", PROGRAM]);
  assert.deepEqual(output.trim().split("\n"), [
    "aarch64 Python 3.11",
    "['motd'] False False",
    "usr/bin 0o41777 root:*:0:0:root:/root:/bin/bash",
  ]);
  assert.equal((await dockerd.tryDocker([...RUN, image, "sh", "-c", "exit 5"])).status, 5);

  const podman = await podmanFor(t);
  if (podman === undefined) return;
  const busybox = `${registry.host}/public/busybox:1.36`;
  await dockerd.docker(["pull", "--quiet", "--platform", "linux/arm64", busybox]);
  await dockerd.docker(["tag", busybox, "example.busybox:1"]);
  const archive = join(tempDir(t), "busybox.tar");
  await dockerd.docker(["save", "-o", archive, "example.busybox:1"]);
  await podman.podman(["load", "-i", archive]);
  const loaded = await podman.podman([
    "image",
    "inspect",
    "--format",
    "{{.Architecture}}",
    "localhost/example.busybox:1",
  ]);
  assert.equal(loaded, "arm64\n");
  const options = ["--rm", "--pull", "never", "--network", "none", ...RUN_LIMITS];
  assert.equal(await podman.podman(["run", ...options, "localhost/example.busybox:1", "uname", "-m"]), "aarch64\n");
});
