import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { fileJobs, requirePlace, storedJobs } from "../../lib/push/destinations.ts";
import type { PushImage } from "../../lib/push/image.ts";
import { formatReference } from "../../lib/reference.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { rejectsWith } from "../support/faults.ts";
import { digestOf } from "../support/image-content.ts";

function imageNamed(name?: string, content = name ?? ""): PushImage {
  const bytes = Buffer.from(content);
  const descriptor = { mediaType: MEDIA.ociManifest, digest: digestOf(bytes), size: bytes.length };
  const manifest = { descriptor, bytes };
  return { ...(name !== undefined && { name }), platform: "linux/arm64", manifest, manifestOrigin: "made", blobs: [] };
}

const APP = ["docker.io/library/com.example.app.one:1.0", "docker.io/arm64v8/busybox:1.36", "r.example/team/x:2"];

describe("images of a file go below the place", () => {
  for (const [place, ...expected] of [
    [
      "r.example/a/b",
      ...["r.example/a/b/com.example.app.one:1.0", "r.example/a/b/arm64v8/busybox:1.36", "r.example/a/b/team/x:2"],
    ],
    [
      "r.example:5000",
      "r.example:5000/com.example.app.one:1.0",
      "r.example:5000/arm64v8/busybox:1.36",
      "r.example:5000/team/x:2",
    ],
    [
      "localhost:5000",
      "localhost:5000/com.example.app.one:1.0",
      "localhost:5000/arm64v8/busybox:1.36",
      "localhost:5000/team/x:2",
    ],
    ["me", "docker.io/me/com.example.app.one:1.0", "docker.io/me/arm64v8/busybox:1.36", "docker.io/me/team/x:2"],
  ] as const) {
    test(place, () => {
      const jobs = fileJobs(
        APP.map((name) => imageNamed(name)),
        "f",
        [place],
      );
      assert.deepEqual(
        jobs.map(({ destination }) => formatReference(destination)),
        expected,
      );
    });
  }
});

test("a single image goes to a reference with a tag, and to several", () => {
  const jobs = fileJobs([imageNamed()], "f", ["r.example/a:1", "localhost:5000/b:2"]);
  assert.deepEqual(
    jobs.map(({ destination }) => formatReference(destination)),
    ["r.example/a:1", "localhost:5000/b:2"],
  );
});

test("an image of the store goes to its own name, or to others", () => {
  const image = imageNamed("r.example/a:1");
  const told = (...references: string[]) =>
    storedJobs(image, "r.example/a:1", references).map(({ destination }) => formatReference(destination));
  assert.deepEqual(told(), ["r.example/a:1"]);
  assert.deepEqual(told("r.example/b", "me/c:3"), ["r.example/b:latest", "docker.io/me/c:3"]);
});

describe("refused", () => {
  const digest = digestOf(Buffer.from("x"));
  const two = [imageNamed("docker.io/library/a:1"), imageNamed("docker.io/library/b:1")];
  for (const [name, attempt, fault, ...patterns] of [
    ["a name without a registry", () => storedJobs(two[0]!, "a:1", []), "usage", /no registry/, /push a:1 REGISTRY/],
    ["a digest", () => storedJobs(two[0]!, "a:1", [`r.example/a@${digest}`]), "usage", /a digest is no name/],
    ["a file without a place", () => requirePlace("f", []), "usage", /has to be named/, /push f REGISTRY\/NAMESPACE/],
    ["one name for two", () => fileJobs(two, "f", ["r.example/a:1"]), "usage", /f holds 2 images/, /without a tag/],
    ["a digest for a file", () => fileJobs([two[0]!], "f", [`r.example/a@${digest}`]), "usage", /a digest is no name/],
    [
      "no name",
      () => fileJobs([imageNamed()], "f", ["r.example"]),
      "input",
      /has no name/,
      /r\.example\/REPOSITORY:TAG/,
    ],
    [
      "two that get one name",
      () => fileJobs([imageNamed("r.example/a:1"), imageNamed("docker.io/library/a:1")], "f", ["r.example"]),
      ...(["input", /would get one name/, /would both be r\.example\/a:1/] as const),
    ],
    ["what is no reference", () => fileJobs(two, "f", ["R.example/UPPER"]), "input", /is not an image reference/],
  ] as const) {
    test(name, async () => {
      await rejectsWith((async () => attempt())(), fault, ...(patterns as readonly RegExp[]));
    });
  }
});
