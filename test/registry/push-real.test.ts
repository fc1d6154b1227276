import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { createRegistryClient } from "../../lib/registry/client.ts";
import type { RegistryTarget } from "../../lib/registry/target.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { listen, portOf } from "../http/servers.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { PASSWORD, type Registry, type RegistryOptions, startRegistry, USER } from "../support/registry.ts";
import { requireTool } from "../support/tools.ts";
import { blobOf } from "./push.ts";

/** A registry that everybody may push to who may pull; undefined when the test has been skipped. */
async function emptyRegistry(t: TestContext, options: Partial<RegistryOptions> = {}): Promise<Registry | undefined> {
  if (!requireTool(t, "docker-registry", "htpasswd", "openssl")) return undefined;
  const registry = await startRegistry({ dir: tempDir(t), ...options });
  onCleanup(t, registry.stop);
  return registry;
}

function targetAt(t: TestContext, { caFile }: Registry, host: string, repository: string): RegistryTarget {
  const client = createRegistryClient({
    userAgent: "aircrate/test",
    retry: { firstWait: 5 },
    findCredentials: async () => ({ user: USER, password: PASSWORD }),
    ...(caFile !== undefined && { tls: { authorities: [caFile] } }),
  });
  onCleanup(t, () => client.close());
  return client.target({ registry: host, repository });
}

/** Methods and paths of the requests so far that change something. */
function written(registry: Registry): string[] {
  return [...registry.log().matchAll(/"(POST|PUT|PATCH) (\S+) HTTP\/1.1" (\d+)/g)].map(
    ([, method, path, status]) => `${method} ${path!.replace(/uploads\/[^?]+.*/, "uploads/")} ${status}`,
  );
}

for (const mode of ["plain", "basic", "token", "tls"] as const) {
  test(`Debian's registry takes blobs, mounts and manifests: ${mode}`, async (t) => {
    const registry = await emptyRegistry(t, { mode });
    if (registry === undefined) return;
    const base = targetAt(t, registry, registry.host, "library/base");
    const app = targetAt(t, registry, registry.host, "team/app");
    const { blob, content } = blobOf(700_000);
    const config = blobOf(100, 2);
    await base.upload(blob, content);
    assert.equal(await app.has("blobs", blob.digest), undefined);
    assert.equal(await app.mount(blob.digest, "library/base"), true);
    assert.equal((await app.has("blobs", blob.digest))?.size, 700_000);
    assert.equal(await app.mount(config.blob.digest, "library/base"), false);
    await app.upload(config.blob, config.content);
    const manifest = Buffer.from(
      JSON.stringify({
        ...{ schemaVersion: 2, mediaType: MEDIA.ociManifest },
        config: { mediaType: MEDIA.ociConfig, ...config.blob },
        layers: [{ mediaType: MEDIA.ociLayerGzip, ...blob }],
      }),
    );
    await app.putManifest("1", MEDIA.ociManifest, manifest);
    assert.equal((await app.has("manifests", "1"))?.mediaType, MEDIA.ociManifest);
    assert.equal((await app.has("manifests", "1"))?.size, manifest.length);
    const into = (repository: string) => `/v2/${repository}/blobs/uploads/`;
    assert.deepEqual(
      written(registry).map((line) => line.replace(/\?mount.*(?= )/, "")),
      [
        ...[`POST ${into("library/base")} 202`, `PUT ${into("library/base")} 201`],
        ...[`POST ${into("team/app")} 201`, `POST ${into("team/app")} 202`, `PUT ${into("team/app")} 201`],
        "PUT /v2/team/app/manifests/1 201",
      ],
    );
  });
}

test("Debian's registry forgets uploads that were cut: they begin anew", async (t) => {
  const registry = await emptyRegistry(t);
  if (registry === undefined) return;
  const host = await cuttingProxy(t, registry.host, [1_500_000]);
  const target = targetAt(t, registry, host, "team/app");
  const { blob, content, started, position } = blobOf(3_000_000);
  await target.upload(blob, content);
  assert.deepEqual([started, position()], [[0, 0], 3_000_000]);
  assert.equal((await target.has("blobs", blob.digest))?.size, 3_000_000);
});

test("a registry that is read-only says so", async (t) => {
  const registry = await emptyRegistry(t, { readonly: true });
  if (registry === undefined) return;
  const { blob, content } = blobOf(10);
  const failed = targetAt(t, registry, registry.host, "team/app").upload(blob, content);
  await rejectsWith(failed, "forbidden", /takes no pushes/, /answers 405/);
});

/** A way to a server on which connections are cut when the client has sent so many bytes: the next one each. */
async function cuttingProxy(t: TestContext, to: string, cuts: number[]): Promise<string> {
  const server = createServer((client) => {
    const upstream = connect(Number(to.split(":")[1]), "127.0.0.1");
    let sent = 0;
    client.on("data", (chunk) => {
      sent += chunk.length;
      if (cuts[0] !== undefined && sent > cuts[0]) {
        cuts.shift();
        client.destroy();
        upstream.destroy();
      }
    });
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.pipe(upstream).pipe(client);
  });
  await listen(t, server);
  return `127.0.0.1:${portOf(server)}`;
}
