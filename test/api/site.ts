import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { copyGallery } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry } from "../support/demo-registry.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";

/** What a program has that uses the library. */
export interface Site {
  /** Takes pushes, too. */
  readonly registry: EmbeddedRegistry;
  /** A copy of the example application. */
  readonly project: string;
  /** Folder of the outputs, empty at first. */
  readonly place: string;
  /** A store of its own, and nothing of the environment of whoever runs the tests. */
  readonly settings: { readonly env: Readonly<Record<string, string>>; readonly mirrors: readonly string[] };
  readonly store: string;
}

export async function siteFor(t: TestContext): Promise<Site> {
  const registry = await demoRegistry(t, { push: {} });
  const dir = tempDir(t);
  const [place, home, store] = [join(dir, "place"), join(dir, "home"), join(dir, "store")];
  for (const folder of [place, home]) mkdirSync(folder);
  const env = { AIRCRATE_STORE: store, DOCKER_CONFIG: home, XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: home };
  const settings = { env, mirrors: [`docker.io=${registry.host}`] };
  return { registry, project: copyGallery(t), place, settings, store };
}
