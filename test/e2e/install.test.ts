import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DeviceReport, InstallReport } from "../../spec/device-reports.ts";
import { decodeText } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { bench, install, SLUG, versions } from "../support/device/application.ts";
import { createDisk, type Disk } from "../support/device/disk.ts";
import { startSimulator } from "../support/device/simulator.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { requireArm64 } from "../support/qemu.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

test("a device with a real engine installs an application, shows it, and updates it", async (t) => {
  const site = (await requireArm64(t)) ? await bench(t) : undefined;
  const dockerd = site && (await dockerdFor(t));
  if (site === undefined || dockerd === undefined) return;
  const { aircrate, files } = site;
  const disk = createDisk(t, { dockerd });
  const device = await startSimulator(t, disk);
  const env = { AUTERION_DEVICE_ADDRESS: device.address };

  await t.test("the first version runs, its services in their order", async () => {
    const { status, stdout, stderr } = await install(site, device, files[0], { args: ["--json"] });
    assert.equal(status, 0, stderr);
    const report = decodeText(InstallReport, stdout);
    assert.deepEqual(report.device, { address: device.address, updater: "v2.2" });
    assert.equal(report.size, readFileSync(files[0]).length);
    const [upload] = device.uploads;
    assert.equal(upload?.fileName, `${SLUG}-1.auterionos`);
    assert.equal(upload?.size, report.size);
    assert.match(JSON.stringify(upload?.metadata), /^\{"installation_id":"20\d{12}"\}$/);
    assert.match(stderr, /^sending to 127\.0\.0\.1:\d+, updater v2\.2\n/);

    assert.deepEqual(disk.apps(), [{ name: SLUG, version: "1", services: ["first", "second"] }]);
    const format = ["--format", "{{.State.StartedAt}}"];
    const started = await dockerd.docker(["inspect", ...format, `${SLUG}.first`, `${SLUG}.second`]);
    const times = started.trim().split("\n");
    assert.deepEqual(times, [...times].sort());
    assert.equal(await written(disk, "first"), "first 1 on aarch64, green\n");
  });

  await t.test("device tells what it is and has, and does what it is told to the application", async () => {
    const listed = await aircrate.run(["device", "--json"], { env });
    assert.equal(listed.status, 0, listed.stderr);
    assert.deepEqual(decodeText(DeviceReport, listed.stdout), {
      version: 1,
      address: device.address,
      uuid: "0123456789",
      auterionOs: "4.1.17",
      apps: [
        {
          name: SLUG,
          version: "1",
          status: "running",
          services: [
            { name: "first", status: "running" },
            { name: "second", status: "running" },
          ],
        },
      ],
    });
    const does = async (...args: string[]) => {
      const { status, stdout, stderr } = await aircrate.run(["device", ...args], { env });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    assert.match(await does("logs", SLUG, "--tail", "1"), /^first 1 on aarch64, green\n/);
    assert.equal(await does("stop", SLUG), `${SLUG}: stop is done\n`);
    assert.match(await does(), /com\.example\.blinker +1 +stopped\n {2}first +exited\n/);
    await does("start", SLUG);
    await does("restart", SLUG);
    for (const [action, enable] of [
      ["disable", false],
      ["enable", true],
    ] as const) {
      assert.equal(await does(action, SLUG), `${SLUG}: ${action} is done\n`);
      assert.equal(disk.apps()[0]?.enable, enable);
    }
    assert.match(await does(), /AuterionOS 4\.1\.17\ncom\.example\.blinker +1 +running\n/);
    const { status, stderr } = await aircrate.run(["device", "stop", "com.example.other"], { env });
    assert.equal(status, 4);
    assert.match(stderr, /^aircrate: 127\.0\.0\.1:\d+: the device has no application com\.example\.other\n/);
  });

  await t.test(
    "the second version takes the place of the first, also when a gateway does not wait for it",
    async (t) => {
      const old = await startSimulator(t, disk, { updater: "v1.0", gateway: 300, pause: 1 });
      const { status, stdout, stderr } = await install(site, old, files[1]);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /: installed on 127\.0\.0\.1:\d+ \(APP_INSTALL_SUCCEED\)\n\d.* sent in .*, installed in /);
      assert.match(stderr, /updater v1\.0\ndevice: INSTALLING\ndevice: APP_INSTALL_SUCCEED\n$/);
      assert.deepEqual(versions(disk), [`${SLUG} 2`]);
      const format = ["--format", "{{.Image}}"];
      assert.equal(await dockerd.docker(["ps", ...format]), `${SLUG}.second:2\n${SLUG}.first:2\n`);
    },
  );

  await t.test("and a removed one is gone", async () => {
    const { status, stderr } = await aircrate.run(["device", "remove", SLUG], { env });
    assert.equal(status, 0, stderr);
    assert.equal(await dockerd.docker(["ps", "--all", "--quiet"]), "");
    assert.match((await aircrate.run(["device"], { env })).stdout, /\nno applications\n$/);
  });
});

test("a thin update goes onto the device that has its base, and leaves any other as it is", async (t) => {
  const site = (await requireArm64(t)) ? await bench(t) : undefined;
  const dockerd = site && (await dockerdFor(t));
  if (site === undefined || dockerd === undefined) return;
  const { files, build } = site;
  const [first, second] = files;
  const disk = createDisk(t, { dockerd });
  const device = await startSimulator(t, disk);
  const thin = await build("3", "--since", second);
  assert.ok(statSync(thin).size < statSync(second).size / 10, "it has next to nothing in it");

  const bare = await startSimulator(t, createDisk(t));
  const refused = await install(site, bare, thin);
  assert.equal(refused.status, 8, refused.stderr);
  assert.deepEqual(versions(bare.disk), []);

  assert.equal((await install(site, device, first)).status, 0);
  const other = await install(site, device, thin);
  assert.equal(other.status, 8, other.stderr);
  assert.match(other.stderr, /docker-app\.com\.example\.blinker\.version/);
  const running = () => dockerd.docker(["ps", "--format", "{{.Image}}"]);
  assert.deepEqual(versions(disk), [`${SLUG} 1`]);
  assert.equal(await running(), `${SLUG}.second:1\n${SLUG}.first:1\n`);

  assert.equal((await install(site, device, second)).status, 0);
  const done = await install(site, device, thin);
  assert.equal(done.status, 0, done.stderr);
  assert.deepEqual(versions(disk), [`${SLUG} 3`]);
  assert.equal(await running(), `${SLUG}.second:3\n${SLUG}.first:3\n`);
});

test("a device that wants a signature takes what is signed with its key, and nothing else", async (t) => {
  const site = requireTool(t, "openssl") ? await bench(t) : undefined;
  if (site === undefined) return;
  const { files, build } = site;
  const dir = tempDir(t);
  const keyPair = async (name: string) => {
    const [key, pub] = [join(dir, `${name}.pem`), join(dir, `${name}.pub`)];
    await runOk("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
    await runOk("openssl", ["pkey", "-in", key, "-pubout", "-out", pub]);
    return { key, pub };
  };
  const [own, strange] = [await keyPair("own"), await keyPair("strange")];
  const device = await startSimulator(t, createDisk(t, { verifyKey: own.pub }));
  for (const file of [files[0], await build("1", "--sign", strange.key, "-o", join(dir, "strange.auterionos"))]) {
    const { status, stderr } = await install(site, device, file);
    assert.equal(status, 8, stderr);
    assert.deepEqual(versions(device.disk), []);
  }
  const signed = await build("1", "--sign", own.key, "-o", join(dir, "signed.auterionos"));
  const { status, stderr } = await install(site, device, signed);
  assert.equal(status, 0, stderr);
  assert.deepEqual(versions(device.disk), [`${SLUG} 1`]);
});

/** What a service has written into /data: it may be at it yet. */
async function written(disk: Disk, name: string): Promise<string> {
  const path = join(disk.dataDir(SLUG), name);
  for (let tries = 0; tries < 100 && !(existsSync(path) && readFileSync(path).length > 0); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return readFileSync(path, "utf8");
}
