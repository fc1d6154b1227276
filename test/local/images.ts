import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { buildLocalImage, type LocalBuildOptions } from "../../lib/local/build.ts";
import { ARM64 } from "../../lib/platform.ts";
import { openStore, type Store } from "../../lib/store/layout.ts";
import { decode } from "../../spec/decode.ts";
import { LocalBuildReport } from "../../spec/local-reports.ts";
import { tempDir } from "../support/cleanup.ts";
import { writeFiles } from "../support/project.ts";

export interface LocalImages {
  readonly dir: string;
  readonly store: Store;
  /** Builds what a Dockerfile of this text says, in a folder with these files. */
  build(tag: string, dockerfile: string, options?: Partial<LocalBuildOptions>): Promise<LocalBuildReport>;
}

/** A store, and a folder with the files `one` and `two` to build images from. */
export async function localImages(t: TestContext): Promise<LocalImages> {
  const dir = writeFiles(tempDir(t), { one: "1\n", two: "2\n" });
  const store = await openStore(join(tempDir(t), "store"));
  return {
    dir,
    store,
    async build(tag, dockerfile, options = {}) {
      writeFiles(dir, { Dockerfile: dockerfile, ".dockerignore": "Dockerfile\n.dockerignore\n" });
      const report = await buildLocalImage({
        ...{ context: dir, store: store.root, tags: [tag], platform: ARM64 },
        ...options,
      });
      assert.deepEqual(report.warnings, []);
      return decode(LocalBuildReport, report);
    },
  };
}
