import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { TestContext } from "node:test";
import { openStore, type Store, temporaryFile } from "../../lib/store/layout.ts";
import { tempDir } from "./cleanup.ts";

/** A new store, removed after the test. */
export function tempStore(t: TestContext): Promise<Store> {
  return openStore(join(tempDir(t), "store"));
}

/** A file in the store's temporary folder that may become a blob. */
export function writeBlobFile(store: Store, bytes: Uint8Array): string {
  const file = temporaryFile(store);
  writeFileSync(file, bytes);
  return file;
}

/** Every file in the store, relative to its root, but for the two that every image layout has. */
export function storeFiles(store: Store): string[] {
  return readdirSync(store.root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(store.root, join(entry.parentPath, entry.name)))
    .filter((file) => file !== "oci-layout" && file !== "index.json")
    .sort();
}

/** Nothing is in the store: no blob, no record, no temporary file. */
export function assertEmpty(store: Store, message?: string): void {
  assert.deepEqual(storeFiles(store), [], message);
}
