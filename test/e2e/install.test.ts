import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DeviceReport, InstallReport } from "../../spec/device-reports.ts";
import { decodeText } from "../support/aircrate.ts";
import { bench, install, SLUG, versions } from "../support/device/application.ts";
import { createDisk, type Disk } from "../support/device/disk.ts";
import { startSimulator } from "../support/device/simulator.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { requireArm64 } from "../support/qemu.ts";

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

/** What a service has written into /data: it may be at it yet. */
async function written(disk: Disk, name: string): Promise<string> {
  const path = join(disk.dataDir(SLUG), name);
  for (let tries = 0; tries < 100 && !(existsSync(path) && readFileSync(path).length > 0); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return readFileSync(path, "utf8");
}
