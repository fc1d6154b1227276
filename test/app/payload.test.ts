import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAppManifest } from "../../lib/app/manifest.ts";
import { auterionMetadata } from "../../lib/app/metadata.ts";
import { type PayloadFile, payloadFiles } from "../../lib/app/payload.ts";
import { runOk } from "../support/run.ts";
import { python, requirePython, requirePyYaml } from "../yaml/pyyaml.ts";
import { failure, HEAD, project } from "./project.ts";

const EPOCH = 1_700_000_000;
const MESSAGES = {
  "ros/px4_msgs/msg/VehicleStatus.msg": "uint64 timestamp\n",
  "ros/px4_msgs/msg/Airspeed.msg": "float32 speed\n",
  "ros/px4_msgs/msg/README.md": "not a message\n",
  "ros/px4_msgs/msg/.hidden.msg": "not one either\n",
  "ros/px4/msg/Other.msg": "",
  "ros/px4-ext/msg/Long.msg": "int32 a\n".repeat(1000),
};
const app = (paths: string, api = 3) =>
  `${HEAD.replace("version: 3", `version: ${api}`)}services: {a: {build: a}}\nlogging:\n  msg-paths: ${paths}\n`;

test("messages come after the settings, at any API version that knows them", async (t) => {
  for (const api of [3, 7]) {
    const files = await payload(project(t, { ...MESSAGES, "auterion-app.yml": app("ros/px4_msgs", api) }));
    assert.deepEqual(
      files.map(({ name }) => name),
      [
        ...["auterion-app.yml", "com.example.app.image", "version", "settings.default.env", "settings.user.env"],
        "logging-msg-files.tar",
      ],
    );
    assert.deepEqual(files[1], { name: "com.example.app.image", image: true });
  }
});

test("the tar of messages has the bytes of Python's tarfile", async (t) => {
  if (!(await requirePython(t))) return;
  const dir = project(t, { ...MESSAGES, "auterion-app.yml": app("[ros/px4_msgs/, ros/px4-ext, ./ros/px4]") });
  const ours = bytes(await payload(dir), "logging-msg-files.tar");
  const script = `
import io, os, shutil, tarfile, tempfile
root = tempfile.mkdtemp()
for p in ['px4_msgs', 'px4', 'px4-ext']:
    shutil.copytree(data['dir'] + '/ros/' + p + '/msg', root + '/' + p + '/msg', ignore=shutil.ignore_patterns('.*', '*.md'))
def constant(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ''
    entry.mtime = data['epoch']
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry
out = io.BytesIO()
with tarfile.open(fileobj=out, mode='w', format=tarfile.GNU_FORMAT) as tar:
    tar.add(root, arcname='', filter=constant)
shutil.rmtree(root)
answer = out.getvalue().hex()`;
  const theirs = await python<string>(script, { dir, epoch: EPOCH });
  assert.equal(Buffer.from(ours).toString("hex"), theirs);
  assert.equal(ours.length % 10_240, 0);
});

test("other tools read the tar of messages", async (t) => {
  if (!(await requirePython(t))) return;
  const dir = project(t, { ...MESSAGES, "auterion-app.yml": app("ros/px4_msgs") });
  const file = join(dir, "messages.tar");
  writeFileSync(file, bytes(await payload(dir), "logging-msg-files.tar"));
  const script = "import tarfile\nanswer = [[e.name, e.mode, e.mtime] for e in tarfile.open(data)]";
  assert.deepEqual(await python(script, file), [
    ["", 0o755, EPOCH],
    ["px4_msgs", 0o755, EPOCH],
    ["px4_msgs/msg", 0o755, EPOCH],
    ["px4_msgs/msg/Airspeed.msg", 0o644, EPOCH],
    ["px4_msgs/msg/VehicleStatus.msg", 0o644, EPOCH],
  ]);
  assert.match(await runOk("tar", ["-xOf", file, "px4_msgs/msg/Airspeed.msg"]), /^float32 speed$/m);
});

test("folders without messages give no tar", async (t) => {
  const files = await payload(project(t, { "a/msg/README": "", "auterion-app.yml": app("[a]") }));
  assert.ok(!files.some(({ name }) => name === "logging-msg-files.tar"));
});

const BAD_PATHS: readonly [string, RegExp][] = [
  ["none", /its folder `msg` does not exist/],
  ["a", /its folder `msg` does not exist/],
  ["../x", /lies outside the project folder/],
  ["ros/..", /its last part has to name the package/],
  [".", /its last part has to name the package/],
  ["/", /its last part has to name the package/],
  ["[ros/px4_msgs, other/px4_msgs]", /`px4_msgs\/msg\/Airspeed.msg` occurs twice/],
  ["deep", /is longer than 100 bytes/],
];

for (const [paths, reason] of BAD_PATHS) {
  test(`msg-paths: ${paths} is refused`, async (t) => {
    const dir = project(t, {
      ...MESSAGES,
      "other/px4_msgs/msg/Airspeed.msg": "",
      [`deep/msg/${"x".repeat(100)}.msg`]: "",
      "auterion-app.yml": app(paths),
    });
    const error = await failure(payload(dir));
    assert.equal(error.fault, "input");
    assert.equal(error.where, `${join(dir, "auterion-app.yml")}:9`);
    assert.match(error.reason.join(), reason);
  });
}

test("settings are packed as they are, and stay in the project", async (t) => {
  const dir = project(t, { "auterion-app.yml": app("[]"), "settings.default.env": "A=1\r\n" });
  assert.equal(Buffer.from(bytes(await payload(dir), "settings.default.env")).toString(), "A=1\r\n");

  const large = project(t, { "auterion-app.yml": app("[]"), "settings.default.env": "x".repeat(1024 * 1024 + 1) });
  assert.match((await failure(payload(large))).message, /settings.default.env: is larger than 1048576 bytes/);

  const outside = project(t, { "auterion-app.yml": app("[]") });
  symlinkSync("/etc/passwd", join(outside, "settings.default.env"));
  assert.match((await failure(payload(outside))).message, /settings.default.env: leads out of the project folder/);

  const dangling = project(t, { "auterion-app.yml": app("[]") });
  symlinkSync("nowhere", join(dangling, "settings.default.env"));
  assert.match((await failure(payload(dangling))).message, /settings.default.env: does not exist/);
});

const LEGACY = `${HEAD.replace("version: 3", "version: 1")}services:
  web: {build: a}
  db: {image: "busybox:1"}
compose-override:
  services:
    web:
      depends_on: [db]
      network_mode: bridge
      cpus: 1.0
    db:
      volumes: []
      environment: {A: b}
`;

test("API version 1 packs the Compose file that older systems run", async (t) => {
  const dir = project(t, { "auterion-app.yml": LEGACY });
  const files = await payload(dir);
  assert.equal(files.at(-1)?.name, "app.yml");
  assert.equal(
    Buffer.from(bytes(files, "app.yml")).toString(),
    `services:
  db:
    container_name: com.example.app.db
    env_file:
    - settings.default.env
    - settings.user.env
    environment:
      A: b
    image: busybox:1
    network_mode: host
    restart: unless-stopped
    volumes: []
  web:
    container_name: com.example.app.web
    cpus: 1.0
    depends_on:
    - db
    env_file:
    - settings.default.env
    - settings.user.env
    environment:
    - PYTHONUNBUFFERED=1
    image: com.example.app.web:1.0.0
    network_mode: bridge
    restart: unless-stopped
    volumes:
    - /data/app/com.example.app/data:/data
`,
  );
});

test("the packed Compose file is what PyYAML would write", async (t) => {
  if (!(await requirePyYaml(t))) return;
  const dir = project(t, { "auterion-app.yml": LEGACY });
  const text = Buffer.from(bytes(await payload(dir), "app.yml")).toString();
  assert.equal(await python("import yaml\nanswer = yaml.dump(yaml.safe_load(data))", text), text);
});

test("the packed manifest has the overrides, but not the target of old API versions", async (t) => {
  const dir = project(t, { "auterion-app.yml": app("[]", 5) });
  const manifest = await readAppManifest(dir, { simulation: true, appVersion: "2.0" });
  const text = Buffer.from(bytes(await payloadFiles(manifest, { epoch: 0 }), "auterion-app.yml")).toString();
  assert.match(text, /^app-version: '2.0'$/m);
  assert.match(text, /^target-platform: simulation$/m);
  const older = await readAppManifest(project(t, { "auterion-app.yml": app("[]", 4) }), { simulation: true });
  const packed = Buffer.from(bytes(await payloadFiles(older, { epoch: 0 }), "auterion-app.yml")).toString();
  assert.match(packed, /^target-platform:\n- skynode$/m);
  const metadata = JSON.parse(auterionMetadata(older, { buildTime: "1970-01-01T00:00:00", toolVersion: "0.1.0" }));
  assert.equal(metadata["auterion-app-yml"]["target-platform"], "simulation");
});

test("metadata depends on nothing but its input", async (t) => {
  const dir = project(t, { "auterion-app.yml": `${HEAD}services: {a: {build: a}}\n` });
  const manifest = await readAppManifest(dir);
  assert.equal(
    auterionMetadata(manifest, { buildTime: "1970-01-01T00:00:00", toolVersion: "0.1.0" }),
    '{"build-time":"1970-01-01T00:00:00","build-platform":"any","cli-version":"0.1.0","auterion-app-yml":{' +
      '"auterion-api-version":3,"auterion-app-base":"none","app-name":"app","app-author":"com.example",' +
      '"app-version":"1.0.0","target-platform":"skynode","services":{"a":{"build":"a"}}}}',
  );
});

async function payload(dir: string): Promise<PayloadFile[]> {
  return payloadFiles(await readAppManifest(dir), { epoch: EPOCH });
}

function bytes(files: readonly PayloadFile[], name: string): Uint8Array {
  const file = files.find((one) => one.name === name);
  assert.ok(file !== undefined && "bytes" in file, name);
  return file.bytes;
}
