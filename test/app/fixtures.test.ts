import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type AppManifest, readAppManifest } from "../../lib/app/manifest.ts";
import { outputName } from "../../lib/app/names.ts";
import { payloadFiles } from "../../lib/app/payload.ts";
import { projectDir } from "../support/tools.ts";
import { python, requirePyYaml } from "../yaml/pyyaml.ts";
import { failure, fixture } from "./project.ts";

/** The manifests that are public, in their own words: what Auterion's tool takes has to be taken here. */
const FIXTURES: readonly {
  name: string;
  api: number;
  slug: string;
  devices: string[];
  output: string;
  image: string;
}[] = [
  row("template-minimal", 1, "com.example.minimal", "1.0.0", "minimal"),
  row("mavlink-support", 1, "com.auterion.mavlink-support", "0.0.0", "tests"),
  row("mavros", 1, "com.autonomy.astro_mavros", "0.0.1", "mavros"),
  { ...row("serial-port", 1, "com.auterion.serial-port", "1.0.0", "serial"), devices: ["jetson"] },
  row("param-server", 2, "auterion.mavsdk-param-server", "1.0.0", "param_server"),
  row("telemetry", 2, "com.auterion.libmav-telemetry-python", "1.0.0", "telemetry"),
  row("virtual-battery", 2, "com.auterion.virtual-battery", "8592b49", "virtual-battery"),
  row("slow-mode", 2, "com.auterion.slow-mode", "dev", "slow-mode"),
  ...["example-1", "example-2", "skeleton-1", "skeleton-2"].map((name) =>
    both(row(`bootcamp-${name}`, 3, `com.auterion.${name}`, "0.0.1", name)),
  ),
  both(row("bootcamp-skeleton-3", 3, "com.auterion.precision-landing", "0.0.1", "precision-landing")),
  both(row("zerotier-6", 6, "com.example.network.zerotier", "1.2.0", "zerotier")),
  { ...row("zerotier-7", 7, "com.example.network.zerotier", "1.3.0", "zerotier"), devices: ["skynode-s"] },
];

function row(name: string, api: number, slug: string, version: string, service: string) {
  const image = `${slug}.${service}:${version}`;
  return { name, api, slug, devices: ["skynode"], output: `${slug}-${version}.auterionos`, image };
}

function both<T extends object>(of: T): T & { devices: string[] } {
  return { ...of, devices: ["skynode", "skynode-s"] };
}

for (const { name, api, slug, devices, output, image } of FIXTURES) {
  test(`manifest ${name}`, async () => {
    const manifest = await readAppManifest(fixture(name));
    assert.equal(manifest.apiVersion, api);
    assert.equal(manifest.slug, slug);
    assert.deepEqual(manifest.deviceTypes, devices);
    assert.equal(manifest.platform, "linux/arm64");
    assert.equal(outputName(manifest), output);
    assert.deepEqual(
      manifest.services.map((service) => service.imageName),
      [image],
    );
    assert.deepEqual(manifest.warnings, []);

    const files = await payloadFiles(manifest, { epoch: 0 });
    assert.deepEqual(
      files.map((file) => file.name),
      [
        ...["auterion-app.yml", `${slug}.image`, "version", "settings.default.env", "settings.user.env"],
        ...(api === 1 ? ["app.yml"] : []),
      ],
    );
  });
}

test("every fixture is in the table", () => {
  const names = [...FIXTURES.map(({ name }) => name), "zerotier-bare"].sort();
  assert.deepEqual(readdirSync(join(projectDir(), "test/app/fixtures")).sort(), names);
  assert.equal(names.length, 16);
});

test("a manifest of before the API versions is refused with all that it lacks", async () => {
  const error = await failure(readAppManifest(fixture("zerotier-bare")));
  assert.equal(error.fault, "input");
  assert.deepEqual(
    [error.message, ...error.reason].map((line) => line.replace(/.*:1: /, "")),
    ["missing key `auterion-api-version`", "missing key `auterion-app-base`", "missing key `target-platform`"],
  );
});

test("settings of the project are packed as they are", async () => {
  const manifest = await readAppManifest(fixture("mavros"));
  assert.equal(await content(manifest, "settings.default.env"), "NAMESPACE=drone1\n");
  assert.equal(await content(manifest, "settings.user.env"), "");
  assert.equal(await content(manifest, "version"), "0.0.1");
});

test("the packaged manifest names skynode up to API version 4, and the targets later", async () => {
  const targets = async (name: string) => {
    const text = await content(await readAppManifest(fixture(name)), "auterion-app.yml");
    return text.slice(text.indexOf("target-platform"));
  };
  assert.equal(await targets("serial-port"), "target-platform:\n- skynode\n");
  assert.equal(await targets("bootcamp-example-1"), "target-platform:\n- skynode\n");
  assert.equal(await targets("zerotier-6"), "target-platform:\n- skynode\n- skynode-s\n");
  assert.equal(await targets("zerotier-7"), "target-platform: skynode-s\n");
});

test("the packaged manifest has the bytes that PyYAML gives, lines that are folded aside", async (t) => {
  if (!(await requirePyYaml(t))) return;
  for (const { name, api } of FIXTURES) {
    const source = readFileSync(join(fixture(name), "auterion-app.yml"), "utf8");
    const script = `
value = yaml.safe_load(data['source'])
if data['api'] <= 4: value['target-platform'] = ['skynode']
answer = {'dump': yaml.dump(value, width=math.inf), 'same': yaml.safe_load(data['ours']) == value}`;
    const ours = await content(await readAppManifest(fixture(name)), "auterion-app.yml");
    const found = await python<{ dump: string; same: boolean }>(`import yaml\n${script}`, { source, api, ours });
    assert.ok(found.same, name);
    // PyYAML breaks a text of several lines inside its quotes; here it keeps to one line.
    if (name !== "zerotier-6") assert.equal(ours, found.dump);
  }
});

test("keys and numbers of parameters keep their kind", async () => {
  const text = await content(await readAppManifest(fixture("zerotier-6")), "auterion-app.yml");
  assert.match(text, /\n {2}enum_values:\n {4}0: 'off'\n {4}1: 'on'\n {4}10: auto\n/);
  assert.match(text, /\n {2}default: 1\.0\n/);
  assert.match(text, /\n {6}JOBS: 4\n/);
});

async function content(manifest: AppManifest, name: string): Promise<string> {
  const file = (await payloadFiles(manifest, { epoch: 0 })).find((one) => one.name === name);
  assert.ok(file !== undefined && "bytes" in file);
  return Buffer.from(file.bytes).toString();
}
