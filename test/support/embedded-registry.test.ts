import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { onCleanup, tempDir } from "./cleanup.ts";
import {
  type EmbeddedRegistry,
  type EmbeddedRegistryOptions,
  startEmbeddedRegistry,
  type TokenAuth,
} from "./embedded-registry.ts";
import { seedDemo } from "./generated-base.ts";
import { digestOf, makeImage, makeIndex, TYPES } from "./image-content.ts";
import { runOk } from "./run.ts";
import { requireTool } from "./tools.ts";
import { tarOf } from "./ustar.ts";

const OCI_TYPES = { accept: `${TYPES.oci.index}, ${TYPES.oci.manifest};q=0.9` };
const DOCKER_TYPES = { accept: `${TYPES.docker.index},${TYPES.docker.manifest}` };
const BLOB = Buffer.from("0123456789");

async function start(t: TestContext, options?: EmbeddedRegistryOptions): Promise<EmbeddedRegistry> {
  const registry = await startEmbeddedRegistry(options);
  onCleanup(t, () => registry.close());
  return registry;
}

function smallImage(form: "oci" | "docker", architecture = "arm64") {
  const layers = [tarOf([{ path: "etc/" }, { path: "etc/name", data: architecture }])];
  return makeImage({ platform: { os: "linux", architecture }, layers, form });
}

async function errorCode(response: Response): Promise<unknown> {
  const { errors } = (await response.json()) as { errors: { code: string }[] };
  return errors[0]?.code;
}

test("manifests by tag and digest, GET and HEAD, with digest and ETag", async (t) => {
  const registry = await start(t);
  const image = smallImage("oci");
  const digest = registry.addImage("team/app", "1", image);
  assert.equal(digest, digestOf(image.root.bytes));
  for (const reference of ["1", digest]) {
    const url = `${registry.url}/v2/team/app/manifests/${reference}`;
    const response = await fetch(url, { headers: OCI_TYPES });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), TYPES.oci.manifest);
    assert.equal(response.headers.get("docker-content-digest"), digest);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), image.root.bytes);
    const head = await fetch(url, { method: "HEAD", headers: OCI_TYPES });
    assert.equal(head.headers.get("content-length"), String(image.root.bytes.length));
    assert.equal(await head.text(), "");
    const again = await fetch(url, { headers: { ...OCI_TYPES, "if-none-match": `"${digest}"` } });
    assert.equal(again.status, 304);
  }
  assert.equal((await fetch(`${registry.url}/v2/`)).headers.get("docker-distribution-api-version"), "registry/2.0");
});

test("a manifest whose type is not accepted is unknown; a docker list gives its amd64 entry by tag", async (t) => {
  const registry = await start(t);
  registry.addImage("app", "oci", smallImage("oci"));
  registry.addImage("app", "single", smallImage("docker"));
  const amd64 = smallImage("docker", "amd64");
  const entries = [smallImage("docker"), amd64].map((image, index) => {
    return { image, platform: { os: "linux", architecture: index === 1 ? "amd64" : "arm64" } };
  });
  const list = registry.addImage("app", "list", makeIndex(entries, "docker"));
  const get = (reference: string, headers?: Record<string, string>) =>
    fetch(`${registry.url}/v2/app/manifests/${reference}`, { headers: headers ?? {} });

  for (const [reference, headers] of [
    ["oci", DOCKER_TYPES],
    ["oci", { accept: "*/*" }],
    ["single", OCI_TYPES],
    ["absent", OCI_TYPES],
  ] as const) {
    const response = await get(reference, headers);
    assert.equal(response.status, 404, reference);
    assert.equal(await errorCode(response), "MANIFEST_UNKNOWN");
  }
  assert.equal((await get("list", DOCKER_TYPES)).headers.get("docker-content-digest"), list);
  const converted = await get("list", { accept: TYPES.docker.manifest });
  assert.equal(converted.headers.get("docker-content-digest"), digestOf(amd64.root.bytes));
  assert.equal((await get(list)).headers.get("content-type"), TYPES.docker.index);
});

test("blobs from memory and from files, whole and in ranges", async (t) => {
  const registry = await start(t);
  const file = join(tempDir(t), "blob");
  await writeFile(file, BLOB);
  const digest = registry.putBlob("memory", BLOB);
  registry.putBlob("file", { file, size: BLOB.length }, digest);
  assert.throws(() => registry.putBlob("file", { file, size: 1 }), /digest missing/);

  for (const repository of ["memory", "file"]) {
    const url = `${registry.url}/v2/${repository}/blobs/${digest}`;
    for (const [range, status, text] of [
      ["", 200, "0123456789"],
      ["bytes=0-", 206, "0123456789"],
      ["bytes=3-5", 206, "345"],
      ["bytes=7-99", 206, "789"],
      ["bytes=-4", 206, "6789"],
      ["bytes=10-", 416, "range not satisfiable\n"],
      ["bytes=1-2,4-5", 200, "0123456789"],
      ["bytes=5-3", 200, "0123456789"],
    ] as const) {
      const response = await fetch(url, { headers: range === "" ? {} : { range } });
      assert.equal(response.status, status, range);
      assert.equal(await response.text(), text, range);
      assert.equal(response.headers.get("docker-content-digest"), digest);
    }
    const part = await fetch(url, { headers: { range: "bytes=3-5", "if-range": `"${digest}"` } });
    assert.equal(part.headers.get("content-range"), "bytes 3-5/10");
    const changed = await fetch(url, { headers: { range: "bytes=3-5", "if-range": '"other"' } });
    assert.equal(changed.status, 200);
    const head = await fetch(url, { method: "HEAD" });
    assert.equal(head.headers.get("content-length"), "10");
  }
  registry.removeBlob("memory", digest);
  const gone = await fetch(`${registry.url}/v2/memory/blobs/${digest}`);
  assert.deepEqual([gone.status, await errorCode(gone)], [404, "BLOB_UNKNOWN"]);
});

test("tags, unknown names, writing", async (t) => {
  const registry = await start(t);
  registry.addImage("app", "b", smallImage("oci"));
  registry.addImage("app", "a", smallImage("oci"));
  assert.deepEqual(await (await fetch(`${registry.url}/v2/app/tags/list`)).json(), { name: "app", tags: ["a", "b"] });
  for (const [method, path, status, code] of [
    ["GET", "/v2/other/tags/list", 404, "NAME_UNKNOWN"],
    ["GET", "/elsewhere", 404, "NAME_INVALID"],
    ["GET", "/token", 404, "UNSUPPORTED"],
    ["PUT", "/v2/app/manifests/c", 405, "UNSUPPORTED"],
  ] as const) {
    const response = await fetch(registry.url + path, { method });
    assert.deepEqual([response.status, await errorCode(response)], [status, code], path);
  }
});

test("basic credentials", async (t) => {
  const registry = await start(t, { auth: { mode: "basic", username: "me", password: "p:w" } });
  const refused = await fetch(`${registry.url}/v2/`);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("www-authenticate"), 'Basic realm="embedded registry"');
  const status = async (credentials: string) => {
    const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
    return (await fetch(`${registry.url}/v2/`, { headers: { authorization } })).status;
  };
  assert.deepEqual([await status("me:p:w"), await status("me:wrong")], [200, 401]);
  assert.deepEqual(
    registry.requests.map(({ authorization, status }) => [authorization, status]),
    [
      ["none", 401],
      ["basic", 200],
      ["basic", 401],
    ],
  );
});

interface TokenAnswer {
  readonly token?: string;
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly refresh_token?: string;
}

async function tokenAnswer(registry: EmbeddedRegistry, query: string, init?: RequestInit): Promise<TokenAnswer> {
  const response = await fetch(`${registry.tokenUrl}?service=embedded-registry&${query}`, init ?? {});
  assert.equal(response.status, 200);
  return (await response.json()) as TokenAnswer;
}

test("tokens: challenge, anonymous pull, scope, expiry", async (t) => {
  let clock = 1_000_000;
  const auth: TokenAuth = { mode: "token", anonymous: (name) => name === "open/app", ttlSeconds: 5, field: "token" };
  const registry = await start(t, { auth, now: () => clock });
  for (const repository of ["open/app", "closed"]) registry.addImage(repository, "1", smallImage("oci"));
  const get = (repository: string, token?: string) =>
    fetch(`${registry.url}/v2/${repository}/manifests/1`, {
      headers: { ...OCI_TYPES, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });

  const challenge = `Bearer realm="${registry.tokenUrl}",service="embedded-registry"`;
  assert.equal((await fetch(`${registry.url}/v2/`)).headers.get("www-authenticate"), challenge);
  const withScope = `${challenge},scope="repository:open/app:pull"`;
  assert.equal((await get("open/app")).headers.get("www-authenticate"), withScope);

  const { token, access_token, expires_in } = await tokenAnswer(registry, "scope=repository:open/app:pull");
  assert.deepEqual([access_token, expires_in], [undefined, 5]);
  assert.deepEqual(await tokenAnswer(registry, "scope=repository:open/app:pull"), {
    token,
    expires_in,
    issued_at: new Date(clock).toISOString(),
  });
  assert.equal((await get("open/app", token)).status, 200);
  const other = await get("closed", token);
  assert.equal(other.status, 401);
  assert.match(
    other.headers.get("www-authenticate") ?? "",
    /scope="repository:closed:pull",error="insufficient_scope"$/,
  );
  const closed = await tokenAnswer(registry, "scope=repository:closed:pull");
  assert.equal((await get("closed", closed.token)).status, 401);

  clock += 4_999;
  assert.equal((await get("open/app", token)).status, 200);
  clock += 1;
  assert.match((await get("open/app", token)).headers.get("www-authenticate") ?? "", /error="invalid_token"$/);
  assert.equal((await get("open/app", "forged.token")).status, 401);
});

test("tokens: credentials by GET and POST, field, refresh token, other port", async (t) => {
  const registry = await start(t, {
    auth: {
      mode: "token",
      username: "me",
      password: "pw",
      field: "access_token",
      refreshToken: "again",
      otherPort: true,
    },
  });
  registry.addImage("app", "1", smallImage("oci"));
  assert.notEqual(new URL(registry.tokenUrl).port, new URL(registry.url).port);
  const pulls = async ({ access_token, token }: TokenAnswer) => {
    assert.equal(token, undefined);
    const headers = { ...OCI_TYPES, authorization: `Bearer ${access_token}` };
    return (await fetch(`${registry.url}/v2/app/manifests/1`, { headers })).status;
  };
  const scope = "scope=repository:app:pull,push";
  const authorization = `Basic ${Buffer.from("me:pw").toString("base64")}`;

  assert.equal(await pulls(await tokenAnswer(registry, scope)), 401);
  const answer = await tokenAnswer(registry, `${scope}&offline_token=true`, { headers: { authorization } });
  assert.equal(answer.refresh_token, "again");
  assert.equal(await pulls(answer), 200);

  const post = async (form: string) => {
    const body = new URLSearchParams(`client_id=test&service=embedded-registry&scope=repository:app:pull&${form}`);
    return fetch(registry.tokenUrl, { method: "POST", body });
  };
  for (const form of ["grant_type=password&username=me&password=pw", "grant_type=refresh_token&refresh_token=again"]) {
    assert.equal(await pulls((await (await post(form)).json()) as TokenAnswer), 200, form);
  }
  assert.equal((await post("grant_type=password&username=me&password=no")).status, 401);
  assert.equal((await post("grant_type=refresh_token&refresh_token=no")).status, 401);
});

test("tokens: the endpoint checks its query", async (t) => {
  const registry = await start(t, { auth: { mode: "token", anonymous: true } });
  for (const [query, status] of [
    ["service=embedded-registry", 200],
    ["service=embedded-registry&scope=repository:a/b:pull&scope=repository:c:pull", 200],
    ["scope=repository:a:pull", 400],
    ["service=other&scope=repository:a:pull", 400],
    ["service=embedded-registry&scope=a:pull", 400],
    ["service=embedded-registry&scope=repository:a:", 400],
  ] as const) {
    assert.equal((await fetch(`${registry.tokenUrl}?${query}`)).status, status, query);
  }
  const wrong = { authorization: `Basic ${Buffer.from("no:body").toString("base64")}` };
  assert.equal((await fetch(`${registry.tokenUrl}?service=embedded-registry`, { headers: wrong })).status, 401);
});

/** An answer byte by byte, and how the connection ended. */
function rawGet(url: string): Promise<{ head: string; body: string; end: "FIN" | "RST" }> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const done = (end: "FIN" | "RST") => {
      const [head = "", body = ""] = text.split("\r\n\r\n");
      resolve({ head, body, end });
    };
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => done("FIN"));
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? done("RST") : reject(error)));
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  });
}

test("faults", async (t) => {
  const registry = await start(t);
  const digest = registry.putBlob("app", BLOB);
  const url = `${registry.url}/v2/app/blobs/${digest}`;

  await t.test("are chosen by the request, here by the attempt", async () => {
    const busy = { status: 503, headers: { "retry-after": "1" }, body: "busy" };
    registry.setFault(({ kind, attempt }) => (kind === "blob" && attempt < 3 ? { answer: busy } : undefined));
    const first = await fetch(url);
    assert.deepEqual([first.status, first.headers.get("retry-after"), await first.text()], [503, "1", "busy"]);
    assert.equal((await fetch(url)).status, 503);
    assert.equal((await fetch(url)).status, 200);
    registry.clearRequests();
    assert.equal((await fetch(url)).status, 503);
  });
  await t.test("cut: end and reset", async () => {
    for (const [reset, end] of [
      [false, "FIN"],
      [true, "RST"],
    ] as const) {
      registry.setFault(() => ({ cutAfter: 4, reset }));
      const got = await rawGet(url);
      assert.match(got.head, /^content-length: 10$/m);
      assert.deepEqual([got.body, got.end], ["0123", end]);
    }
    assert.equal(registry.requests.at(-1)?.sent, 4);
  });
  await t.test("wrong bytes, also in a range", async () => {
    registry.setFault(() => ({ corruptAt: 1 }));
    const response = await fetch(url, { headers: { range: "bytes=2-4" } });
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from([0x32, 0x33 ^ 0xff, 0x34]));
  });
  await t.test("a false length, too long, too short, none", async () => {
    for (const [contentLength, header, body] of [
      [20, "content-length: 20", "0123456789"],
      [4, "content-length: 4", "0123456789"],
      [null, "Transfer-Encoding: chunked", "a\r\n0123456789\r\n0"],
    ] as const) {
      registry.setFault(() => ({ contentLength }));
      const got = await rawGet(url);
      assert.ok(got.head.includes(header), got.head);
      assert.equal(got.head.includes("content-length"), contentLength !== null);
      assert.deepEqual([got.body, got.end], [body, "FIN"]);
    }
  });
  await t.test("redirect to another host", async (t) => {
    const other = await start(t);
    other.putBlob("app", BLOB);
    registry.setFault(() => ({ redirect: `${other.url}/v2/app/blobs/${digest}` }));
    assert.equal(await (await fetch(url)).text(), "0123456789");
    registry.setFault(() => ({ redirect: { location: "/elsewhere", status: 302 } }));
    const response = await fetch(url, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [302, "/elsewhere"]);
  });
  await t.test("headers set and left out, range ignored", async () => {
    registry.setFault(() => ({ headers: { "docker-content-digest": "sha256:no", etag: null }, ignoreRange: true }));
    const response = await fetch(url, { headers: { range: "bytes=3-" } });
    assert.deepEqual([response.status, await response.text()], [200, "0123456789"]);
    assert.deepEqual(
      [response.headers.get("docker-content-digest"), response.headers.get("etag")],
      ["sha256:no", null],
    );
    assert.equal(registry.requests.at(-1)?.range, "bytes=3-");
  });
  await t.test("delay and throttle", async () => {
    registry.setFault(() => ({ delayMs: 60, bytesPerSecond: 100 }));
    const begin = performance.now();
    assert.equal(await (await fetch(url)).text(), "0123456789");
    assert.ok(performance.now() - begin >= 130, "60 ms, then 4 pauses of 20 ms");
  });
  await t.test("stall: in the body, and before the status line", async () => {
    registry.setFault(() => ({ stallAfter: 3 }));
    const response = await fetch(url);
    const reader = response.body!.getReader();
    assert.equal(Buffer.from((await reader.read()).value!).toString(), "012");
    const more = await Promise.race([reader.read(), new Promise((resolve) => setTimeout(resolve, 50, "nothing"))]);
    assert.equal(more, "nothing");
    await reader.cancel();
    registry.setFault(() => ({ stallAfter: "request" }));
    await assert.rejects(fetch(url, { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
  });
});

test("close ends stalled answers", async () => {
  const registry = await startEmbeddedRegistry({ fault: () => ({ stallAfter: "request" }) });
  const stalled = assert.rejects(fetch(`${registry.url}/v2/`), TypeError);
  while (registry.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await registry.close();
  await stalled;
});

test("skopeo reads the demo's images", async (t) => {
  if (!requireTool(t, "skopeo")) return;
  for (const auth of [{ mode: "none" }, { mode: "token", anonymous: true }] as const) {
    const registry = await start(t, { auth });
    seedDemo(registry);
    const dir = tempDir(t);
    const skopeo = (...args: string[]) =>
      runOk("skopeo", ["--insecure-policy", "--override-os", "linux", "--override-arch", "arm64", ...args], {
        env: { HOME: dir, REGISTRY_AUTH_FILE: undefined, XDG_RUNTIME_DIR: dir },
      });
    for (const [name, layers] of [
      ["arm64v8/python:3.11-slim", 2],
      ["arm64v8/busybox:1.36", 1],
    ] as const) {
      const source = `docker://${registry.host}/${name}`;
      const seen = JSON.parse(await skopeo("inspect", "--tls-verify=false", source));
      assert.deepEqual([seen.Architecture, seen.Os, seen.Layers.length], ["arm64", "linux", layers], auth.mode);
      // As a docker-archive, skopeo unpacks every layer and compares it with its diffID.
      await skopeo("copy", "--src-tls-verify=false", source, `docker-archive:${join(dir, "out.tar")}:${name}`);
      const copy = JSON.parse(await skopeo("inspect", "--config", `docker-archive:${join(dir, "out.tar")}`));
      assert.deepEqual([copy.architecture, copy.rootfs.diff_ids.length], ["arm64", layers]);
      await runOk("rm", [join(dir, "out.tar")]);
    }
    const asked = registry.requests.filter(({ kind }) => kind === "token").length;
    assert.equal(asked > 0, auth.mode === "token");
  }
});
