import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { onCleanup, tempDir } from "./cleanup.ts";
import { jsonBytes, MEDIA, pushBlob, pushManifest } from "./push.ts";
import { PASSWORD, startRegistry, USER } from "./registry.ts";
import { runOk } from "./run.ts";
import { registryFor } from "./seed.ts";
import { REFRESH_TOKEN } from "./token-server.ts";
import { requireTool } from "./tools.ts";

const BASIC = { authorization: `Basic ${btoa(`${USER}:${PASSWORD}`)}` };
const ACCEPT = { accept: Object.values(MEDIA).join(", ") };

test("plain: skopeo reads the seeded images", async (t) => {
  const registry = await registryFor(t);
  if (registry === undefined || !requireTool(t, "skopeo")) return;
  const inspect = async (image: string, ...options: string[]) =>
    JSON.parse(
      await runOk("skopeo", ["inspect", "--tls-verify=false", ...options, `docker://${registry.host}/${image}`]),
    );
  const arm64 = ["--override-arch", "arm64", "--override-variant", "v8"];

  const list = await inspect("library/python:3.11-slim", "--raw");
  assert.equal(list.mediaType, MEDIA.dockerList);
  assert.deepEqual(platforms(list), ["linux/amd64/", "linux/arm64/v8"]);

  const single = await inspect("arm64v8/python:3.11-slim", "--raw");
  assert.equal(single.mediaType, MEDIA.dockerManifest);
  assert.equal(single.layers.length, 3);
  const config = await inspect("arm64v8/python:3.11-slim", "--config", "--raw");
  assert.deepEqual([config.architecture, config.variant, config.config.Cmd], ["arm64", "v8", ["python3"]]);
  assert.equal(config.history.filter((step: { empty_layer?: true }) => !step.empty_layer).length, 3);
  assert.deepEqual(
    config.rootfs.diff_ids,
    registry.seed.layers.python.map(({ diffId }) => diffId),
  );

  const debian = await inspect("library/debian:bookworm-slim", ...arm64);
  assert.deepEqual(debian.Layers, [registry.seed.layers.python[0].digest]);
  for (const image of ["library/busybox:1.36", "arm64v8/busybox:1.36", "public/busybox:1.36"]) {
    const index = await inspect(image, "--raw");
    assert.equal(index.mediaType, MEDIA.ociIndex);
    assert.deepEqual(platforms(index), ["linux/amd64/", "linux/arm64/v8", "unknown/unknown/"]);
    assert.equal((await inspect(image, ...arm64)).Architecture, "arm64");
  }
  assert.deepEqual(platforms(await inspect("library/arm32only:1", "--raw")), ["linux/arm/v7", "linux/arm/v6"]);
  assert.equal((await inspect("library/single-amd64:1")).Architecture, "amd64");
});

test("seeded storage cannot be changed through a registry", async (t) => {
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const response = await fetch(`${registry.url}/v2/library/new/blobs/uploads/`, { method: "POST" });
  assert.equal(response.status, 405);
});

test("basic: refuses without credentials and with wrong ones, answers with the right ones", async (t) => {
  const registry = await registryFor(t, { mode: "basic" });
  if (registry === undefined) return;
  const url = `${registry.url}/v2/library/busybox/manifests/1.36`;
  const refused = await fetch(url, { headers: ACCEPT });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate") ?? "", /^Basic realm=/);
  const wrong = { authorization: `Basic ${btoa(`${USER}:wrong`)}` };
  assert.equal((await fetch(url, { headers: { ...ACCEPT, ...wrong } })).status, 401);
  const answer = await fetch(url, { headers: { ...ACCEPT, ...BASIC } });
  assert.equal(answer.status, 200);
  const { digest } = registry.seed.images["library/busybox:1.36"]!;
  assert.equal(answer.headers.get("docker-content-digest"), digest);
});

test("token: asks for a token, and honours what the token server grants", async (t) => {
  const registry = await registryFor(t, { mode: "token", token: { field: "access_token", ttl: 2 } });
  if (registry === undefined) return;
  const manifest = (name: string) => `${registry.url}/v2/${name}/busybox/manifests/1.36`;
  const scope = (name: string) => `repository:${name}/busybox:pull`;

  const refused = await fetch(manifest("library"), { headers: ACCEPT });
  assert.equal(refused.status, 401);
  const challenge = refused.headers.get("www-authenticate") ?? "";
  assert.match(challenge, /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/token",service="aircrate-registry",scope=/);
  const { realm, requests } = registry.tokens!;

  const get = async (name: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${realm}?service=aircrate-registry&scope=${scope(name)}`, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  const pull = async (name: string, token: string | undefined) =>
    (await fetch(manifest(name), { headers: { ...ACCEPT, authorization: `Bearer ${token}` } })).status;

  const anonymous = await get("public");
  assert.equal(anonymous.body.token, undefined);
  assert.equal(await pull("public", anonymous.body.access_token), 200);
  assert.equal(await pull("library", (await get("library")).body.access_token), 401);
  const mine = (await get("library", BASIC)).body.access_token;
  assert.equal(await pull("library", mine), 200);
  assert.equal((await get("library", { authorization: "Basic bm86bm8=" })).status, 401);
  await sleep(2200);
  assert.equal(await pull("library", mine), 401);

  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: REFRESH_TOKEN,
    scope: scope("library"),
  });
  const posted = (await (await fetch(realm, { method: "POST", body: form })).json()) as Record<string, string>;
  assert.equal(await pull("library", posted.access_token), 200);
  assert.deepEqual(
    requests.map(({ method, credentials, status }) => `${method} ${credentials} ${status}`),
    ["GET none 200", "GET none 200", "GET basic 200", "GET basic 401", "POST refresh_token 200"],
  );
  assert.deepEqual(requests[0]?.scopes, ["repository:public/busybox:pull"]);
});

test("tls: only who trusts its authority can speak to it", async (t) => {
  const registry = await registryFor(t, { mode: "tls" });
  if (registry === undefined) return;
  await assert.rejects(fetch(`${registry.url}/v2/`));
  const ca = readFileSync(registry.caFile!);
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${registry.url}/v2/`, { ca, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    });
    sent.on("error", reject).end();
  });
  assert.equal(status, 200);
});

test("a registry of one's own takes what is pushed, also with credentials", async (t) => {
  if (!requireTool(t, "docker-registry", "htpasswd")) return;
  const dir = tempDir(t);
  const registry = await startRegistry({ mode: "basic", dir: join(dir, "registry") });
  onCleanup(t, registry.stop);
  const target = { ...registry, repository: "some/thing" };
  const config = await pushBlob(target, jsonBytes({ os: "linux" }), MEDIA.ociConfig);
  assert.deepEqual(await pushBlob(target, jsonBytes({ os: "linux" }), MEDIA.ociConfig), config);
  const manifest = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers: [] };
  const { digest } = await pushManifest(target, manifest, "1");
  const answer = await fetch(`${registry.url}/v2/some/thing/manifests/${digest}`, { headers: { ...ACCEPT, ...BASIC } });
  assert.deepEqual(await answer.json(), manifest);
  assert.match(registry.log(), /"PUT \/v2\/some\/thing\/manifests\/1 HTTP\/1\.1" 201/);
  await assert.rejects(pushBlob({ ...target, password: "wrong" }, new Uint8Array(1), MEDIA.ociLayer), /401/);
});

function platforms(index: { manifests: { platform: { os: string; architecture: string; variant?: string } }[] }) {
  return index.manifests.map(({ platform: { os, architecture, variant = "" } }) => `${os}/${architecture}/${variant}`);
}
