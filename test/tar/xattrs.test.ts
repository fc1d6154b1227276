import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { CAPABILITY_XATTR, encodeCapabilities } from "../../lib/capabilities.ts";
import { encodeHeader, type TarHeader } from "../../lib/tar/header.ts";
import { tarStream } from "../../lib/tar/sequence.ts";
import { tempDir } from "../support/cleanup.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { runOk } from "../support/run.ts";
import { requireRoot, requireTool } from "../support/tools.ts";
import { parse } from "./parsing.ts";

const CAPABILITY = encodeCapabilities("cap_net_raw,cap_net_admin+ep");
const CONTENT = Buffer.from("content");
const FILE: TarHeader = { path: "a", type: "file", mode: 0o644, uid: 0, gid: 0, size: CONTENT.length, mtime: 0 };
/** Every byte there is; no text. */
const BINARY = new Uint8Array(Array.from({ length: 256 }, (_, i) => i));
const XATTRS = new Map<string, Uint8Array>([
  ["user.binary", BINARY],
  ["security.capability", CAPABILITY],
  ["trusted.größe", new Uint8Array(Buffer.from("ü"))],
]);
const HEADERS: readonly TarHeader[] = [
  { ...FILE, path: "capable", mode: 0o755, xattrs: new Map([[CAPABILITY_XATTR, CAPABILITY]]) },
  { ...FILE, path: `${"long/".repeat(60)}name`, uid: 3_000_000, gid: 3_000_001, xattrs: XATTRS },
  { ...FILE, path: "plain" },
  { ...FILE, path: "none", xattrs: new Map() },
  { ...FILE, path: "folder", type: "directory", size: 0, mode: 0o755, xattrs: new Map([["user.x", BINARY]]) },
];

function archive(headers: readonly TarHeader[]): Buffer {
  const { segments } = tarStream(
    headers.map((header) => ({ ...header, ...(header.size > 0 && { content: { bytes: CONTENT } }) })),
  );
  return Buffer.concat(segments.map((segment) => ("bytes" in segment ? segment.bytes : assert.fail())));
}

test("what is written is read again, and costs nothing where there is none", () => {
  const { members } = parse(archive(HEADERS), 700);
  assert.deepEqual(
    members.map(({ path, xattrs, data }) => [path, xattrs, data]),
    HEADERS.map(({ path, xattrs, size }) => [path, xattrs?.size ? xattrs : undefined, size > 0 ? "content" : ""]),
  );
  assert.equal(encodeHeader({ ...FILE, xattrs: new Map() }).length, 512);
});

test("records stand in alphabetical order, whatever the order of the map", () => {
  const header = { ...FILE, path: "ü", gid: 3_000_000, xattrs: XATTRS };
  const bytes = Buffer.from(encodeHeader(header));
  const keys = [...bytes.toString("latin1").matchAll(/\d+ ((?:SCHILY|gid|path|uid)[^=]*)=/g)].map(([, key]) => key);
  const xattrs = [CAPABILITY_XATTR, "trusted.gr\xc3\xb6\xc3\x9fe", "user.binary"].map((name) => `SCHILY.xattr.${name}`);
  assert.deepEqual(keys, [...xattrs, "gid", "path"]);
  const turned = encodeHeader({ ...header, xattrs: new Map([...XATTRS].reverse()) });
  assert.equal(Buffer.compare(bytes, turned), 0);
});

test("a name that no record can hold is refused", () => {
  for (const name of ["", "user.a=b", "user.\0"]) {
    assert.throws(() => encodeHeader({ ...FILE, xattrs: new Map([[name, BINARY]]) }), RangeError);
  }
});

test("python's tarfile and bsdtar read it", async (t) => {
  if (!requireTool(t, "python3", "bsdtar")) return;
  const file = join(tempDir(t), "x.tar");
  writeFileSync(file, archive(HEADERS));
  const program = `import json, sys, tarfile
print(json.dumps([[m.name, {k[13:]: v.encode("utf-8", "surrogateescape").hex() for k, v in m.pax_headers.items() if k.startswith("SCHILY.xattr.")}] for m in tarfile.open(sys.argv[1])]))`;
  const found = JSON.parse(await runOk("python3", ["-c", program, file]));
  const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");
  assert.deepEqual(
    found,
    HEADERS.map(({ path, xattrs = new Map() }) => [
      path,
      Object.fromEntries([...xattrs].map(([name, value]) => [name, hex(value)])),
    ]),
  );
  const listed = await runOk("bsdtar", ["-tf", file]);
  assert.equal(listed.split("\n").length - 1, HEADERS.length);
});

test("GNU tar and bsdtar set them as root", async (t) => {
  if (!requireTool(t, "tar", "bsdtar", "getfattr") || !requireRoot(t)) return;
  for (const [tool, ...options] of [
    ["tar", "--xattrs", "--xattrs-include=*"],
    ["bsdtar", "--xattrs", "-p"],
  ] as const) {
    const dir = tempDir(t);
    mkdirSync(join(dir, "out"));
    writeFileSync(join(dir, "x.tar"), archive(HEADERS));
    await runOk(tool, [...options, "-xf", join(dir, "x.tar")], { cwd: join(dir, "out") });
    for (const { path, xattrs = new Map<string, Uint8Array>() } of HEADERS) {
      const args = ["--dump", "--encoding=hex", "--match=-", "--absolute-names", join(dir, "out", path)];
      const text = await runOk("getfattr", args, { env: { LC_ALL: "C.UTF-8" } });
      const lines = text.split("\n").filter((line) => line.includes("=0x"));
      const expected = [...xattrs].map(([name, value]) => `${name}=0x${Buffer.from(value).toString("hex")}`);
      assert.deepEqual(lines.sort(), expected.sort(), `${tool}: ${path}`);
    }
  }
});

test("podman and docker keep a program's capability", async (t) => {
  if (!requireTool(t, "getcap")) return;
  const [podman, dockerd] = [await podmanFor(t), await dockerdFor(t)];
  if (podman === undefined || dockerd === undefined) return;
  const file = join(tempDir(t), "layer.tar");
  writeFileSync(file, archive(HEADERS.slice(0, 1)));
  const id = (await podman.podman(["import", "--quiet", file])).trim();
  const mount = (await podman.podman(["image", "mount", id])).trim();
  try {
    assert.match(await runOk("getcap", [join(mount, "capable")]), /capable cap_net_admin,cap_net_raw=ep\n$/);
  } finally {
    await podman.podman(["image", "unmount", id]);
  }
  const image = (await dockerd.docker(["import", file])).trim();
  const container = (await dockerd.docker(["create", "--network", "none", image, "/capable"])).trim();
  await dockerd.docker(["export", "--output", `${file}.out`, container]);
  const exported = parse(readFileSync(`${file}.out`)).members.find(({ path }) => path === "capable");
  assert.deepEqual(exported?.xattrs, new Map([[CAPABILITY_XATTR, CAPABILITY]]));
});
