import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { AircrateError } from "../../lib/error.ts";
import type { RegistryTarget } from "../../lib/registry/target.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { listen, portOf } from "../http/servers.ts";
import { onCleanup } from "../support/cleanup.ts";
import { type EmbeddedRegistryOptions, type Fault, startEmbeddedRegistry } from "../support/embedded-registry.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { digestOf } from "../support/image-content.ts";
import { type ClientOptions, clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { inChunks } from "../support/seeded.ts";
import { blobOf, pushes } from "./push.ts";

const SECRET = "hunter2/secret";
const USER = { user: "me", password: SECRET };
const TOKENS = { mode: "token", username: "me", password: SECRET } as const;

async function targetIn(t: TestContext, options: EmbeddedRegistryOptions = {}, client: ClientOptions = {}) {
  const registry = await registryWith(t, { push: {}, ...options });
  return { registry, target: clientWith(t, client).target(referenceIn(registry, "team/app")) };
}

/** What the registry has of the blob now. */
async function stored(target: RegistryTarget, digest: string): Promise<number | undefined> {
  return (await target.has("blobs", digest))?.size;
}

test("a blob goes in one request behind the one that begins it, and a manifest behind it", async (t) => {
  const { registry, target } = await targetIn(t);
  const { blob, content, started, position } = blobOf(300_000);
  assert.equal(await target.has("blobs", blob.digest), undefined);
  await target.upload(blob, content);
  assert.deepEqual([started, position()], [[0], blob.size]);
  assert.deepEqual(await target.has("blobs", blob.digest), {
    ...blob,
    mediaType: "application/octet-stream",
  });
  const descriptor = { mediaType: MEDIA.ociConfig, ...blob };
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociManifest, config: descriptor, layers: [] }),
  );
  const found = { digest: digestOf(manifest), size: manifest.length, mediaType: MEDIA.ociManifest };
  assert.equal(await target.has("manifests", "1"), undefined);
  await target.putManifest("1", MEDIA.ociManifest, manifest);
  assert.deepEqual(await target.has("manifests", "1"), found);
  assert.deepEqual(await target.has("manifests", found.digest), found);
  assert.deepEqual(pushes(registry), [
    ...["HEAD blob 404", "POST upload 202", "PUT upload 201", "HEAD blob 200"],
    ...["HEAD manifest 404", "PUT manifest 201", "HEAD manifest 200", "HEAD manifest 200"],
  ]);
});

test("storage elsewhere that refuses a HEAD does not end the push", async (t) => {
  const { registry, target } = await targetIn(t, { auth: TOKENS }, { credentials: USER });
  const storage = await registryWith(t);
  const stranger = await registryWith(t);
  const { blob } = blobOf(10);
  registry.setFault(({ method }) => (method === "HEAD" ? { redirect: `${storage.url}/x` } : undefined));
  const challenge = { "www-authenticate": `Bearer realm="${stranger.url}/token",service="x"` };
  for (const answer of [{ status: 403 }, { status: 401, headers: challenge }]) {
    storage.clearRequests();
    storage.setFault(() => ({ answer }));
    assert.equal(await target.has("blobs", blob.digest), undefined);
    assert.deepEqual(
      storage.requests.map(({ method, authorization }) => [method, authorization]),
      [["HEAD", "none"]],
    );
  }
  assert.deepEqual(stranger.requests, [], "the storage does not say who gets the credentials");
  registry.setFault(() => ({ answer: { status: 403 } }));
  await rejectsWith(target.has("blobs", blob.digest), "forbidden", /does not allow it/);
});

test("an empty blob", async (t) => {
  const { target } = await targetIn(t);
  const { blob, content } = blobOf(0);
  await target.upload(blob, content);
  assert.equal(await stored(target, blob.digest), 0);
});

describe("mounting", () => {
  for (const [name, options, mounted, sent] of [
    ["takes a blob over from another repository", {}, true, ["POST upload 201", "HEAD blob 200"]],
    [
      "that a registry does not do begins the upload",
      { mountless: true },
      false,
      ["POST upload 202", "PUT upload 201", "HEAD blob 200"],
    ],
  ] as const) {
    test(name, async (t) => {
      const { registry, target } = await targetIn(t, { push: options });
      const { blob, bytes, content } = blobOf(1000);
      registry.putBlob("library/base", bytes);
      assert.equal(await target.mount(blob.digest, "library/base"), mounted);
      if (!mounted) await target.upload(blob, content);
      assert.equal(await stored(target, blob.digest), 1000);
      assert.deepEqual(pushes(registry), sent);
    });
  }
  test("is not done with a blob that is not there, or when it is not allowed", async (t) => {
    const { registry, target } = await targetIn(t);
    const { blob } = blobOf(10);
    assert.equal(await target.mount(blob.digest, "library/base"), false);
    for (const status of [400, 401, 403, 404, 405]) {
      registry.setFault(({ query }) => (query.has("mount") ? { answer: { status } } : undefined));
      assert.equal(await target.mount(blob.digest, "library/base"), false, String(status));
    }
  });
});

describe("setbacks", () => {
  const MB = 1_000_000;
  const cut: Fault = { takeOnly: MB };
  for (const [name, fault, sent, starts, push] of [
    [
      "a connection that is cut: the rest follows",
      cut,
      ["POST upload 202", "PUT upload cut", "GET upload 204", `PUT upload ${MB}-2999999 201`],
      [0, MB],
      {},
    ],
    [
      "a registry that has forgotten it then: all follows",
      cut,
      ["POST upload 202", "PUT upload cut", "GET upload 404", "HEAD blob 404", "POST upload 202", "PUT upload 201"],
      [0, 0],
      { forgetful: true },
    ],
    [
      "an answer that is lost",
      { loseAnswer: true },
      ["POST upload 202", "PUT upload cut", "GET upload 404", "HEAD blob 200"],
      [0],
      {},
    ],
    [
      "a registry that is busy",
      { answer: { status: 503 } },
      ["POST upload 202", "PUT upload 503", "GET upload 204", "HEAD blob 404", "POST upload 202", "PUT upload 201"],
      [0, 0],
      {},
    ],
  ] as const) {
    test(name, async (t) => {
      const { registry, target } = await targetIn(t, { push });
      registry.setFault(({ kind, method, reference, attempt }) =>
        kind === "upload" && method === "PUT" && reference === "1" && attempt === 1 ? fault : undefined,
      );
      const { blob, content, started, position } = blobOf(3 * MB);
      await target.upload(blob, content);
      assert.deepEqual([pushes(registry), started, position()], [sent, starts, 3 * MB]);
      assert.equal(await stored(target, blob.digest), 3 * MB);
    });
  }

  test("every request is cut, each a little later: it goes on as long as it gets on", async (t) => {
    const { registry, target } = await targetIn(t);
    const { blob, content } = blobOf(MB);
    registry.setFault(({ kind, method }) =>
      kind === "upload" && method === "PUT" ? { takeOnly: 100_000 } : undefined,
    );
    const failed = target.upload(blob, content);
    // The last one takes all that is left, and is cut like the others: all that has to come is the end.
    await rejectsWith(failed, "unreachable", /the connection was cut/, /tried 5 times/);
    const ranges = registry.requests.filter(({ method }) => method === "PUT").map(({ contentRange }) => contentRange);
    assert.deepEqual(
      ranges.slice(0, 10),
      Array.from({ length: 10 }, (_, i) => (i === 0 ? undefined : `${i}00000-999999`)),
    );
  });

  test("without progress it ends", async (t) => {
    const { registry, target } = await targetIn(t, { push: { forgetful: true } });
    const { blob, content } = blobOf(MB);
    registry.setFault(({ method }) => (method === "PUT" ? { takeOnly: 500_000 } : undefined));
    await rejectsWith(target.upload(blob, content), "unreachable", /the connection was cut/, /tried 5 times/);
    assert.equal(registry.requests.filter(({ method }) => method === "PUT").length, 5);
  });

  test("what was there turns out to be wrong: it is sent once more in one piece", async (t) => {
    const { registry, target } = await targetIn(t);
    const { blob, content, bytes, started } = blobOf(MB);
    registry.setFault(({ method, reference, attempt }) =>
      method === "PUT" && reference === "1" && attempt === 1 ? { takeOnly: 400_000 } : undefined,
    );
    const wrong = Buffer.alloc(bytes.length);
    // The registry gets other bytes first, as it would through a proxy that damages them.
    const open = (from: number) => (started.length === 1 ? inChunks(wrong, 64 * 1024) : content.open(from));
    await target.upload(blob, { ...content, open });
    assert.deepEqual(started, [0, 400_000, 0]);
    assert.equal(await stored(target, blob.digest), MB);
  });

  test("wrong bytes are told as such", async (t) => {
    const { target } = await targetIn(t);
    const { content } = blobOf(1000);
    const other = blobOf(1000, 2).blob;
    await rejectsWith(target.upload(other, content), "integrity", /does not have its digest/, /answers 400: provided/);
  });
});

describe("a proxy that takes no large requests", () => {
  for (const [name, push, ranges] of [
    ["parts", { limit: 5_000_000 }, ["0-4194303", "4194304-8388607", "8388608-8999999"]],
    [
      "parts as large as the registry wants them",
      { limit: 6_000_000, minimum: 5_000_000 },
      ["0-4999999", "5000000-8999999"],
    ],
  ] as const) {
    test(name, async (t) => {
      const { registry, target } = await targetIn(t, { push });
      const { blob, content, started, position } = blobOf(9_000_000);
      await target.upload(blob, content);
      const sent = registry.requests.filter(({ method }) => method === "PATCH" || method === "PUT");
      assert.deepEqual(
        sent.filter(({ status }) => status !== 413).map(({ contentRange }) => contentRange),
        ranges,
      );
      assert.deepEqual([started.at(0), position()], [0, 9_000_000]);
      assert.equal(await stored(target, blob.digest), 9_000_000);
    });
  }
  for (const minimum of [undefined, 5_000_000]) {
    test(`parts that are too large, too; the registry wants ${minimum ?? "any"}`, async (t) => {
      const push = { limit: 1_000_000, ...(minimum !== undefined && { minimum }) };
      const { registry, target } = await targetIn(t, { push });
      const { blob, content } = blobOf(9_000_000);
      await rejectsWith(target.upload(blob, content), "unreachable", /requests of this size/, /client_max_body_size/);
      assert.deepEqual(pushes(registry), [
        ...["POST upload 202", "PUT upload 413", "POST upload 202"],
        `PATCH upload 0-${(minimum ?? 4 * 1024 * 1024) - 1} 413`,
      ]);
    });
  }
});

describe("credentials", () => {
  test("a token for both actions, and for the repository that is mounted from", async (t) => {
    const { registry, target } = await targetIn(t, { auth: TOKENS }, { credentials: USER });
    const { blob, content } = blobOf(1000);
    registry.putBlob("library/base", blobOf(10, 2).bytes);
    await target.upload(blob, content);
    assert.equal(await target.mount(blobOf(10, 2).blob.digest, "library/base"), true);
    const scopes = registry.requests.filter(({ kind }) => kind === "token").map(({ query }) => query.getAll("scope"));
    assert.deepEqual(scopes, [
      ["repository:team/app:pull,push"],
      ["repository:team/app:pull,push", "repository:library/base:pull"],
    ]);
  });

  for (const [name, auth, client, ...patterns] of [
    ["none, and anybody may pull", { ...TOKENS, anonymous: true }, {}, /answers 401/, /aircrate login 127/],
    [
      "wrong ones",
      TOKENS,
      { credentials: { user: "me", password: "wrong" } },
      /refuses the credentials/,
      /aircrate login/,
    ],
    ["none of two", { mode: "basic", username: "me", password: SECRET }, {}, /asks for a user name/, /aircrate login/],
  ] as const) {
    test(name, async (t) => {
      const { target } = await targetIn(t, { auth }, client);
      const { blob, content, opened } = blobOf(1000);
      const error = await rejectsWith(target.upload(blob, content), "forbidden", /does not allow it/, ...patterns);
      assert.equal(error.where, `${target.host}/team/app`);
      assert.match(allText(error), /yours to push to/);
      assert.deepEqual(opened, [], "nothing of it was sent");
    });
  }

  test("a token that runs out during the upload is got anew", async (t) => {
    let now = 0;
    const { registry, target } = await targetIn(
      t,
      { auth: { ...TOKENS, tellExpiry: false }, now: () => now },
      { credentials: USER },
    );
    registry.setFault(({ kind, method }) => {
      if (kind === "upload" && method === "POST") now += 1;
      if (kind === "upload" && method === "PUT") now += 400_000;
      return undefined;
    });
    const { blob, content, position } = blobOf(1000);
    const failed = await target.upload(blob, content).catch((error: unknown) => error);
    // Each PUT finds that its token has run out: one new token is tried, and no more.
    assert.ok(failed instanceof AircrateError && failed.fault === "forbidden");
    registry.setFault(({ kind, method, attempt }) => {
      if (kind === "upload" && method === "PUT" && attempt === 1) now += 400_000;
      return undefined;
    });
    await target.upload(blob, content);
    assert.equal(position(), 1000);
  });
});

describe("where the registry sends an upload to", () => {
  /** A registry that begins uploads at this location. */
  async function locatedAt(t: TestContext, location: string) {
    const requests: { url: string | undefined; authorization: string | undefined }[] = [];
    const server = createServer((request, response) => {
      requests.push({ url: `${request.method} ${request.url}`, authorization: request.headers.authorization });
      request.resume().on("end", () => {
        if (request.headers.authorization === undefined)
          response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
        else if (request.method === "POST") response.writeHead(202, { location }).end();
        else response.writeHead(request.method === "PUT" ? 201 : 200).end();
      });
    });
    await listen(t, server);
    const host = `127.0.0.1:${portOf(server)}`;
    const target = clientWith(t, { credentials: USER }).target({ registry: host, repository: "team/app" });
    return { target, requests, host };
  }

  test("a relative address with a query, which is kept as it is", async (t) => {
    const { target, requests } = await locatedAt(t, "../up/1?_state=a%2Bb+c%3D%3D&x");
    const { blob, content } = blobOf(10);
    await target.upload(blob, content);
    assert.equal(
      requests.at(-1)?.url,
      `PUT /v2/team/app/blobs/up/1?_state=a%2Bb+c%3D%3D&x&digest=${encodeURIComponent(blob.digest)}`,
    );
    assert.match(requests.at(-1)?.authorization ?? "", /^Basic /);
  });

  test("another origin gets the blob, and no credentials", async (t) => {
    const other = await startEmbeddedRegistry({ push: {} });
    onCleanup(t, () => other.close());
    const begun = await fetch(`${other.url}/v2/bucket/blobs/uploads/`, { method: "POST" });
    const { target } = await locatedAt(t, `${other.url}${begun.headers.get("location")}`);
    const { blob, content } = blobOf(100_000);
    other.setFault(({ method, attempt }) => (method === "PUT" && attempt === 1 ? { takeOnly: 70_000 } : undefined));
    await target.upload(blob, content);
    const put = other.requests.filter(({ method }) => method !== "POST");
    assert.deepEqual(
      put.map(({ method, authorization, contentRange }) => [method, authorization, contentRange]),
      [
        ["PUT", "none", undefined],
        ["GET", "none", undefined],
        ["PUT", "none", "70000-99999"],
      ],
    );
  });

  for (const [location, pattern] of [
    ["ftp://127.0.0.1/up", /leads from http: to ftp:/],
    ["http://me:pw@127.0.0.1/up", /carries credentials/],
    ["http://[/", /no valid address/],
  ] as const) {
    test(`never ${location}`, async (t) => {
      const { target } = await locatedAt(t, location);
      const { blob, content, opened } = blobOf(10);
      await rejectsWith(target.upload(blob, content), "unreachable", /names no place/, pattern, /X-Forwarded-Proto/);
      assert.deepEqual(opened, []);
    });
  }
});

describe("refusals", () => {
  const said = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] });
  for (const [name, fault, kind, ...patterns] of [
    [
      "read-only",
      { status: 405, body: said("UNSUPPORTED", "unsupported") },
      "forbidden",
      /takes no pushes/,
      /read-only, or a cache/,
    ],
    [
      "denied",
      { status: 403, body: said("DENIED", "no") },
      "forbidden",
      /does not allow it/,
      /403: no/,
      /aircrate login/,
    ],
    [
      "no repository",
      { status: 404, body: said("NAME_UNKNOWN", "unknown") },
      "unreachable",
      /no such repository/,
      /created first/,
    ],
    [
      "a quota",
      { status: 403, body: said("DENIED", "will exceed the configured upper limit: quota") },
      "forbidden",
      /no room/,
      /quota raised/,
    ],
    ["a full disk", { status: 507, body: "" }, "forbidden", /no room/, /answers 507/],
    [
      "a limit",
      { status: 429, body: said("TOOMANYREQUESTS", "slow down"), headers: { "retry-after": "900" } },
      "unreachable",
      /come back later/,
      /wait 900 s/,
    ],
    [
      "a limit that is called a quota",
      { status: 429, body: said("TOOMANYREQUESTS", "Quota exceeded for quota metric 'Requests per minute'") },
      "unreachable",
      /come back later/,
      /answers 429: Quota exceeded/,
    ],
    [
      "anything else",
      { status: 400, body: said("X", "a\u001b[31m") },
      "unreachable",
      /does not take it/,
      /400: a \[31m/,
    ],
  ] as const) {
    test(name, async (t) => {
      const { registry, target } = await targetIn(t);
      registry.setFault(({ method }) => (method === "POST" ? { answer: fault } : undefined));
      const { blob, content } = blobOf(10);
      const error = await rejectsWith(target.upload(blob, content), kind, ...(patterns as readonly RegExp[]));
      assert.equal(error.where, `${registry.host}/team/app`);
    });
  }

  test("of a manifest: its name is told", async (t) => {
    const { registry, target } = await targetIn(t);
    const bytes = Buffer.from(JSON.stringify({ config: blobOf(1).blob, layers: [] }));
    const failed = target.putManifest("1.0", MEDIA.ociManifest, bytes);
    const error = await rejectsWith(failed, "unreachable", /does not take it/, /400: blob unknown/);
    assert.equal(error.where, `${registry.host}/team/app:1.0`);
  });

  test("a registry that says it got another manifest", async (t) => {
    const { registry, target } = await targetIn(t);
    const digest = digestOf(Buffer.from("other"));
    registry.setFault(({ method }) =>
      method === "PUT" ? { answer: { status: 201, headers: { "docker-content-digest": digest } } } : undefined,
    );
    await rejectsWith(target.putManifest("1", MEDIA.ociManifest, Buffer.from("{}")), "integrity", /another manifest/);
  });

  test("what the content fails with is told as it is, and nothing is tried again", async (t) => {
    const { target } = await targetIn(t);
    const { blob } = blobOf(1_000_000);
    let opened = 0;
    async function* open() {
      opened += 1;
      yield Buffer.alloc(300_000);
      throw new AircrateError("integrity", "a blob in the store is damaged");
    }
    await rejectsWith(target.upload(blob, { open }), "integrity", /in the store is damaged/);
    assert.equal(opened, 1);
  });

  test("mirrors are never pushed to", async (t) => {
    const { registry } = await targetIn(t);
    const target = clientWith(t, { mirrors: { "127.0.0.1:1": registry.host } }).target({
      registry: "127.0.0.1:1",
      repository: "team/app",
    });
    await rejectsWith(target.has("blobs", blobOf(1).blob.digest), "unreachable", /127\.0\.0\.1:1 cannot be reached/);
    assert.deepEqual(registry.requests, []);
  });
});
