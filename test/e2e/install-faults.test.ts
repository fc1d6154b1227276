import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { tempDir } from "../support/cleanup.ts";
import { bench, install, SLUG, versions } from "../support/device/application.ts";
import { createDisk } from "../support/device/disk.ts";
import { type SimulatorOptions, startSimulator } from "../support/device/simulator.ts";

// Most of the time is spent waiting, so they wait together.
test("what goes wrong on the way to a device", { concurrency: 5 }, async (t) => {
  const site = await bench(t);
  if (site === undefined) return;
  const { aircrate, files } = site;
  const spoiled = join(tempDir(t), "spoiled.auterionos");
  const bytes = readFileSync(files[1]);
  bytes[Math.floor(bytes.length * 0.6)]! ^= 1;
  writeFileSync(spoiled, bytes);
  /** A device that has version 1. */
  const device = async (t: TestContext, options: SimulatorOptions = {}, deviceType = "skynode") => {
    const disk = createDisk(t, { deviceType });
    if (deviceType === "skynode") assert.equal((await disk.install(files[0]).ended).status, 0);
    return startSimulator(t, disk, options);
  };

  const cases: Promise<void>[] = [];
  const later = (name: string, run: (t: TestContext) => Promise<void>) => void cases.push(t.test(name, run));

  later("a spoiled file is not sent at all", async (t) => {
    const { address, requests } = await device(t);
    const { status, stderr } = await aircrate.run(["install", spoiled, "--device", address]);
    assert.equal(status, 6);
    assert.match(stderr, /verify found /);
    assert.deepEqual(requests, []);
  });

  later("unchecked, the device refuses it, and its logs are shown", async (t) => {
    const simulator = await device(t);
    const { status, stdout, stderr } = await install(site, simulator, spoiled, { args: ["--no-verify"] });
    assert.equal(status, 8);
    assert.equal(stdout, "");
    assert.match(stderr, /aircrate: 127\.0\.0\.1:\d+: the device did not install the file\n {2}it answers 500\n/);
    assert.match(stderr, /\n {2}mender refused it\n {2}its logs:\n {2}.*level=/);
    assert.deepEqual(versions(simulator.disk), [`${SLUG} 1`]);
  });

  later("behind a gateway, its status tells the same", async (t) => {
    const simulator = await device(t, { gateway: 1 });
    const { status, stderr } = await install(site, simulator, spoiled, { args: ["--no-verify"] });
    assert.equal(status, 6, stderr);
    assert.match(stderr, /aircrate: .*: the device says that the file is no valid artifact\n/);
  });

  later("a device of another type refuses", async (t) => {
    const simulator = await device(t, {}, "jetson");
    const { status, stderr } = await install(site, simulator, files[0]);
    assert.equal(status, 8);
    assert.match(stderr, /\n {2}.*not compatible with device jetson/);
    assert.deepEqual(simulator.disk.apps(), []);
  });

  later("after a power cut in the middle the next try works", async (t) => {
    const simulator = await device(t, { pause: 2 });
    const running = install(site, simulator, files[1], { args: ["--wait", "3"] });
    const begun = () => simulator.disk.calls().filter((state) => state === "ArtifactInstall").length === 2;
    while (!begun()) await sleep(20);
    await simulator.powerCut();
    const { status, stderr } = await running;
    assert.equal(status, 4, stderr);
    assert.match(stderr, /aircrate: .*: the device does not answer\n/);
    assert.deepEqual(versions(simulator.disk), [`${SLUG} 1`]);
    await simulator.powerOn();
    const again = await install(site, simulator, files[1]);
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual(versions(simulator.disk), [`${SLUG} 2`]);
  });

  for (const [updater, said] of [
    ["v2.2", "the device cancels the installation"],
    ["v1.0", "the device does not confirm that it cancels the installation"],
  ] as const) {
    later(`an interrupt takes it back as far as ${updater} can`, async (t) => {
      const simulator = await device(t, { pause: 60, updater });
      const running = aircrate.start(["install", files[1], "--device", simulator.address]);
      await simulator.reaches("INSTALLING");
      running.kill("SIGINT");
      const { status, stderr } = await running.ended;
      assert.equal(status, 130, stderr);
      assert.ok(stderr.endsWith(`\n${said}\naircrate: stopped by SIGINT\n`), stderr);
      assert.ok(simulator.requests.includes(`POST /api/local-updater/${updater}/rollback`));
      assert.equal(simulator.status(), updater === "v2.2" ? "CANCELLED" : "INSTALLING");
      assert.deepEqual(versions(simulator.disk), [`${SLUG} 1`]);
    });
  }

  later("a device that wants a password gets it once, and nobody sees it", async (t) => {
    const simulator = await device(t, { password: "t0p-secret" });
    const args = ["--password-stdin"];
    const env = { AIRCRATE_DEBUG: "1" };
    const done = await install(site, simulator, files[1], { args, env, input: "t0p-secret\n" });
    assert.equal(done.status, 0, done.stderr);
    const logins = simulator.requests.filter((line) => line.endsWith("/login"));
    assert.equal(logins.length, 1);
    const wrong = await install(site, simulator, files[1], { args, env, input: "t0p-secre\n" });
    assert.equal(wrong.status, 5, wrong.stderr);
    assert.match(wrong.stderr, /aircrate: .*: the device does not take this password\n/);
    const none = await install(site, simulator, files[1], { env });
    assert.equal(none.status, 5, none.stderr);
    assert.match(none.stderr, /aircrate: the device asks for a password\n {2}-> pipe .*--password-stdin\n/);
    for (const { stdout, stderr } of [done, wrong, none]) assert.ok(!`${stdout}${stderr}`.includes("t0p-"));
    assert.equal(simulator.uploads.length, 1);
  });

  later("a device that starts anew is waited for, with its session gone", async (t) => {
    const simulator = await device(t, { password: "x", reboot: 7500 });
    const { status, stderr } = await install(site, simulator, files[1], { args: ["--password-stdin"], input: "x" });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /device: REBOOTING\ndevice: VERIFICATION\ndevice: APP_INSTALL_SUCCEED\n$/);
    assert.equal(simulator.requests.filter((line) => line.endsWith("/login")).length, 2);
  });
  await Promise.all(cases);
});
