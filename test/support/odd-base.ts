import { type ImageContent, type ImagePlatform, makeImage } from "./image-content.ts";
import { tarOf } from "./ustar.ts";

/**
 * A base image whose root has what a COPY can run into: folders of odd modes and owners, links of every kind, users and
 * groups; and a config to inherit. Nothing in it can be executed.
 */
export function oddBase(): ImageContent {
  return baseOf({ os: "linux", architecture: "arm64", variant: "v8" }, []);
}

/** The same for this machine's platform, with its busybox, a static program, as a shell and the usual commands. */
export function runnableBase(busybox: Uint8Array): ImageContent {
  return baseOf({ os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch }, [
    busyboxLayer(busybox),
  ]);
}

function baseOf(platform: ImagePlatform, more: readonly Buffer[]): ImageContent {
  return makeImage({
    platform,
    layers: [rootLayer(), changeLayer(), ...more],
    form: "docker",
    config: {
      User: "app",
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME_DIR=/srv/data", "EMPTY="],
      Cmd: ["serve", "--port", "80"],
      WorkingDir: "/srv/data",
      ExposedPorts: { "80/tcp": {} },
      Volumes: { "/var/lib/app": {} },
      Labels: { base: "odd", shared: "of the base" },
    },
    history: [
      { created: CREATED, created_by: "generated root" },
      { created: CREATED, created_by: "ENV LANG=C.UTF-8", empty_layer: true },
      { created: CREATED, created_by: "generated changes" },
      ...more.map(() => ({ created: CREATED, created_by: "generated programs" })),
    ],
  });
}

const CREATED = "2024-01-01T00:00:00Z";

function rootLayer(): Buffer {
  return tarOf([
    { path: "bin", symlink: "usr/bin" },
    { path: "data", symlink: "/srv/data" },
    { path: "dangling", symlink: "not/there" },
    { path: "etc/" },
    { path: "etc/conf", mode: 0o600, uid: 5, gid: 6, data: "of the base\n" },
    { path: "etc/conf-link", symlink: "conf" },
    { path: "etc/group", data: "root:x:0:\nstaff:x:50:\napp:x:1001:\nextra:x:2000:app\n" },
    { path: "etc/gone", data: "The next layer removes this file.\n" },
    {
      path: "etc/passwd",
      data: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv/data:/bin/false\nnogroup:x:70:71::/:/bin/false\n",
    },
    { path: "home/" },
    { path: "home/app/", mode: 0o700, uid: 1000, gid: 1001 },
    { path: "srv/" },
    { path: "srv/data/", mode: 0o2775, uid: 10, gid: 20 },
    { path: "srv/data/old", mode: 0o444, uid: 10, gid: 20, data: "old\n" },
    { path: "srv/data/sub/", mode: 0o750, uid: 10, gid: 20 },
    { path: "srv/data/sub/x", data: "x\n" },
    { path: "srv/data/sub/y", data: "y\n" },
    { path: "tmp/", mode: 0o1777 },
    { path: "up", symlink: "srv/../etc" },
    { path: "usr/" },
    { path: "usr/bin/" },
    { path: "usr/bin/twin", mode: 0o755, data: "two names\n" },
    { path: "usr/bin/tool", mode: 0o755, hardlink: "usr/bin/twin" },
    { path: "var/" },
    { path: "var/opaque/" },
    { path: "var/opaque/before", data: "hidden by the next layer\n" },
  ]);
}

function changeLayer(): Buffer {
  return tarOf([
    { path: "etc/" },
    { path: "etc/.wh.gone" },
    { path: "var/" },
    { path: "var/opaque/", mode: 0o711 },
    { path: "var/opaque/.wh..wh..opq" },
    { path: "var/opaque/after", data: "of the second layer\n" },
  ]);
}

function busyboxLayer(busybox: Uint8Array): Buffer {
  const commands = ["chmod", "chown", "ln", "mkdir", "rm", "sh", "touch", "true"];
  return tarOf([
    // What builders mount something on, so that they need not make it.
    ...["dev/", "proc/", "run/", "sys/"].map((path) => ({ path })),
    { path: "etc/" },
    ...["hostname", "hosts", "resolv.conf"].map((name) => ({ path: `etc/${name}` })),
    { path: "usr/" },
    { path: "usr/bin/" },
    { path: "usr/bin/busybox", mode: 0o755, data: busybox },
    { path: "var/" },
    { path: "var/lib/" },
    { path: "var/lib/app/" },
    ...commands.map((name) => ({ path: `usr/bin/${name}`, symlink: "busybox" })),
  ]);
}
