import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { formatLock, readLock, writeLock } from "../../lib/lock/file.ts";
import type { Lock, LockedBlob } from "../../spec/lock.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { digestOf } from "../support/image-content.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const REFERENCE = "docker.io/library/python:3.11-slim";

function blob(name: string, mediaType = MANIFEST): LockedBlob {
  return { digest: digestOf(Buffer.from(name)), mediaType, size: name.length };
}

function lockOf(images: Lock["images"] = { [REFERENCE]: entry() }): Lock {
  return { version: 1, images };
}

function entry(manifest = "manifest"): Lock["images"][string] {
  const image = { manifest: blob(manifest), config: blob("config"), layers: [blob("z"), blob("a")] };
  return { platforms: { "linux/arm64": image } };
}

function write(t: TestContext, text: string | Uint8Array): string {
  const dir = tempDir(t);
  writeFileSync(join(dir, "aircrate.lock"), text);
  return dir;
}

test("what is written is read again; keys are sorted, layers are not", async (t) => {
  const dir = tempDir(t);
  const lock = lockOf({
    "quay.io/b:1": { ...entry("m2"), index: blob("index") },
    "docker.io/library/a:1": entry(),
  });
  assert.equal(await writeLock(dir, lock), true);
  assert.deepEqual(await readLock(dir), lock);
  const text = readFileSync(join(dir, "aircrate.lock"), "utf8");
  assert.ok(text.endsWith("}\n"));
  assert.deepEqual(Object.keys(JSON.parse(text).images), ["docker.io/library/a:1", "quay.io/b:1"]);
  assert.deepEqual(Object.keys(JSON.parse(text).images["docker.io/library/a:1"].platforms["linux/arm64"]), [
    "config",
    "layers",
    "manifest",
  ]);
  assert.ok(text.indexOf(blob("z").digest) < text.indexOf(blob("a").digest));
  const shuffled = lockOf(Object.fromEntries(Object.entries(lock.images).reverse()));
  assert.deepEqual(formatLock(shuffled), formatLock(lock));
});

test("remote files stand below the images, sorted; without them a lock has the bytes that it always had", async (t) => {
  const one = { url: "https://example.com/a?b=1", size: 3, platforms: ["linux/arm64"] };
  const two = { url: "http://example.com/b", size: 0, platforms: ["linux/amd64", "linux/arm64"] };
  const [a, b] = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
  const lock: Lock = { ...lockOf({}), files: { [b]: two, [a]: one } };
  const dir = tempDir(t);
  await writeLock(dir, lock);
  assert.deepEqual(await readLock(dir), lock);
  assert.equal(
    readFileSync(join(dir, "aircrate.lock"), "utf8"),
    `{
  "version": 1,
  "images": {},
  "files": {
    "${a}": {
      "platforms": [
        "linux/arm64"
      ],
      "size": 3,
      "url": "https://example.com/a?b=1"
    },
    "${b}": {
      "platforms": [
        "linux/amd64",
        "linux/arm64"
      ],
      "size": 0,
      "url": "http://example.com/b"
    }
  }
}
`,
  );
  const bare = `{\n  "version": 1,\n  "images": {}\n}\n`;
  assert.equal(Buffer.from(formatLock(lockOf({}))).toString(), bare);
  assert.equal(Buffer.from(formatLock({ ...lockOf({}), files: {} })).toString(), bare);
});

test("the same lock is not written again", async (t) => {
  const dir = tempDir(t);
  await writeLock(dir, lockOf());
  const file = join(dir, "aircrate.lock");
  utimesSync(file, 1, 1);
  assert.equal(await writeLock(dir, lockOf()), false);
  assert.equal(statSync(file).mtimeMs, 1000);
  assert.equal(await writeLock(dir, lockOf({})), true);
});

test("no lock is no error, a lock that cannot be read is", async (t) => {
  assert.equal(await readLock(tempDir(t)), undefined);
  const dir = tempDir(t);
  mkdirSync(join(dir, "aircrate.lock"));
  await rejectsWith(readLock(dir), "input", /is not a file/);
  const loop = tempDir(t);
  symlinkSync("aircrate.lock", join(loop, "aircrate.lock"));
  await rejectsWith(readLock(loop), "unreachable", /ELOOP/);
});

describe("locks that are wrong are refused at their line", () => {
  const text = Buffer.from(formatLock(lockOf())).toString();
  const changed = (from: string | RegExp, to: string) => {
    const wrong = text.replace(from, to);
    assert.notEqual(wrong, text);
    return wrong;
  };
  const files = (from: string, to: string) => {
    const file = { platforms: ["linux/arm64"], size: 1, url: "https://h/a" };
    const locked = Buffer.from(formatLock({ ...lockOf({}), files: { [blob("file").digest]: file } })).toString();
    return locked.replace(from, to);
  };
  const cases: [name: string, text: string | Uint8Array, line: number, message: RegExp][] = [
    ["empty", "", 1, /expected a mapping|missing key/],
    ["a conflict", text.replace('  "images"', '<<<<<<< ours\n  "images"'), 3, /holds a merge conflict/],
    ["another version", changed('"version": 1', '"version": 2'), 2, /`version`: expected 1/],
    [
      "an unknown key",
      changed('"images"', '"imags": {},\n  "images"'),
      3,
      /unknown key `imags`: did you mean `images`/,
    ],
    ["a digest of another kind", changed(/sha256:[0-9a-f]{10}/, "sha512:0000000000"), 8, /expected string to match/],
    [
      "a digest that climbs",
      changed(/sha256:[0-9a-f]{64}/, "sha256:../../../../etc/passwd"),
      8,
      /expected string to match/,
    ],
    ["a size below 0", changed('"size": 6', '"size": -6'), 10, /greater or equal to 0/],
    ["a size that is no number", changed('"size": 6', '"size": "6"'), 10, /expected a whole number/],
    ["a platform that is none", changed("linux/arm64", "../arm64"), 6, /not a legal name/],
    ["no platform", JSON.stringify(lockOf({ [REFERENCE]: { platforms: {} } })), 1, /platforms.*is empty/],
    ["no manifest", changed('"manifest": {', '"manifst": {'), 6, /manifest|manifst/],
    ["a reference that is none", changed(REFERENCE, "docker.io/library/Python:1"), 6, /lower case/],
    ["a reference that is not in full", changed(REFERENCE, "python:3.11-slim"), 6, /not in full: docker\.io\/library/],
    ["a prototype", changed(REFERENCE, "__proto__"), 6, /not part of a repository name/],
    [
      "a digest with another meaning",
      changed(REFERENCE, `${REFERENCE}@${digestOf(Buffer.from("other"))}`),
      6,
      /the reference names sha256:.*, and is locked to sha256:/,
    ],
    ["a file of another digest", files("url", "url").replace("sha256", "sha1"), 5, /sha256 digest/],
    ["a file without size", files('"size"', '"sise"'), 5, /size/],
    ["a file for no platform", files('"linux/arm64"', ""), 6, /is empty|platforms/],
    ["a file of a folder", files("https:", "file:"), 10, /an http or https URL/],
    ["a file without host", files("https://h/a", "https://"), 10, /not an http or https URL/],
    ["a file that holds a password", files("//h", "//u:s3cret@h"), 10, /holds credentials/],
    ["bytes that are no text", Buffer.from([0x7b, 0xff, 0x7d]), 0, /not UTF-8/],
    ["more than a lock can have", `${" ".repeat(1024 * 1024)}${text}`, 0, /larger than/],
  ];
  for (const [name, wrong, line, message] of cases) {
    test(name, async (t) => {
      const dir = write(t, wrong);
      const error = await rejectsWith(readLock(dir), "input", message);
      assert.equal(error.where, `${join(dir, "aircrate.lock")}${line === 0 ? "" : `:${line}`}`, error.message);
    });
  }
  test("a digest that is that of the index is right", async (t) => {
    const name = `${REFERENCE}@${blob("index").digest}`;
    const dir = tempDir(t);
    await writeLock(dir, lockOf({ [name]: { ...entry(), index: blob("index") } }));
    assert.deepEqual(Object.keys((await readLock(dir))!.images), [name]);
  });
});
