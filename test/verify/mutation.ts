import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Verification, verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { type PackageHooks, packageOf } from "./sample.ts";
import { type Doc, type SampleImage, sha256, TAGS } from "./sample-archive.ts";

/** What is spoiled, how, where the finding has to be, and what its message has to say. */
export type Mutation = readonly [name: string, hooks: PackageHooks, where: string | RegExp, message: RegExp];

export const IMAGE = "com.example.gallery.image";
/** What findings call the archive and the two images. */
export const IN_IMAGE = `data/0000/${IMAGE}`;
export const CAMERA_TAG = `image ${TAGS[0]}`;
export const WEB_TAG = `image ${TAGS[1]}`;

/** One test for each: the fault is among the problems. */
export function findsAll(title: string, mutations: readonly Mutation[]): void {
  test(`${title}: each of ${mutations.length} faults is found and named`, async (t) => {
    for (const [name, hooks, where, message] of mutations) {
      await t.test(name, async (t) => has((await verifyPackage(t, hooks)).problems, where, message));
    }
  });
}

/** One test for each: it is among the warnings, and there is no problem. */
export function warnsOfAll(title: string, mutations: readonly Mutation[]): void {
  test(`${title}: each of ${mutations.length} oddities is named and no problem`, async (t) => {
    for (const [name, hooks, where, message] of mutations) {
      await t.test(name, async (t) => {
        const { problems, warnings } = await verifyPackage(t, hooks);
        assert.deepEqual(problems, []);
        has(warnings, where, message);
      });
    }
  });
}

export async function verifyPackage(t: TestContext, hooks: PackageHooks): Promise<Verification> {
  const file = join(tempDir(t), "package.auterionos");
  writeFileSync(file, packageOf(hooks));
  return verifyFile(file);
}

type Found = Verification["problems"];

export function has(findings: Found, where: string | RegExp, message: RegExp): void {
  const found = findings.some((one) => {
    const there = typeof where === "string" ? one.where === where : where.test(one.where);
    return there && message.test(one.message);
  });
  assert.ok(found, `nothing at ${where} that says ${message} in\n${list(findings)}`);
}

export function list(findings: Found): string {
  return findings.map(({ where, message }) => `${where}: ${message}`).join("\n");
}

export function swap<T>(items: readonly T[], a: number, b: number): T[] {
  const swapped = [...items];
  swapped[a] = items[b]!;
  swapped[b] = items[a]!;
  return swapped;
}

/** A hook that edits a document. */
export function on(edits: (doc: Doc) => void): (doc: Doc) => Doc {
  return (doc) => {
    edits(doc);
    return doc;
  };
}

/** Hooks that edit the images before anything is made of them. */
export function onImages(edits: (images: Doc[]) => void): { images(images: SampleImage[]): SampleImage[] } {
  return { images: on(edits) };
}

/** Replaces the uppermost layer. */
export function put(image: Doc, layer: Buffer): void {
  image.layers[1] = layer;
  image.config.rootfs.diff_ids[1] = `sha256:${sha256(layer)}`;
}

/** The manifest of an application on top of Auterion's base image. */
export function based(text: string): string {
  return text.replace("app-base: none", "app-base: v2");
}
