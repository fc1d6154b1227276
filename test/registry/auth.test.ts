import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drop } from "../../lib/http/answer.ts";
import type { Fault, FaultHook } from "../support/embedded-registry.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { BLOB, fetchBlob, kinds, withBlob } from "./blob-fetch.ts";

describe("Basic", () => {
  const auth = { mode: "basic", username: "me", password: "hunter2:x" } as const;
  test("with the right credentials", async (t) => {
    const { registry, path } = await withBlob(t, { auth });
    const asked: string[] = [];
    const client = clientWith(t, { credentials: { user: "me", password: "hunter2:x" }, asked });
    assert.equal(await fetchBlob(client, registry, path), "0123456789");
    assert.equal(await fetchBlob(client, registry, path), "0123456789");
    assert.deepEqual(kinds(registry), ["ping none 401", "blob basic 200", "blob basic 200"]);
    assert.deepEqual(asked, [registry.host]);
  });
  test("with none, and with wrong ones", async (t) => {
    const { registry, path } = await withBlob(t, { auth });
    const none = await rejectsWith(fetchBlob(clientWith(t), registry, path), "forbidden", /user name and a password/);
    assert.match(none.hint.join(), /aircrate login 127/);
    const credentials = { user: "me", password: "wrong-hunter3" };
    const wrong = await rejectsWith(fetchBlob(clientWith(t, { credentials }), registry, path), "forbidden", /401/);
    assert.equal(wrong.where, `${registry.host}/team/app:1`);
    assert.doesNotMatch(allText(wrong), /hunter|bWU6/);
  });
});

describe("tokens", () => {
  test("anonymous, one per repository", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
    const other = registry.putBlob("other", BLOB);
    const client = clientWith(t);
    await Promise.all([1, 2, 3].map(() => fetchBlob(client, registry, path)));
    const answer = await client.sources(referenceIn(registry, "other"))[0]!.get(`blobs/${other}`, { where: "w" });
    await drop(answer.body);
    assert.deepEqual(
      kinds(registry),
      [
        "ping none 401",
        "token none 200",
        "blob bearer 200",
        "blob bearer 200",
        "blob bearer 200",
        "token none 200",
      ].concat("blob bearer 200"),
    );
    const scopes = registry.requests.filter(({ kind }) => kind === "token").map(({ query }) => query.getAll("scope"));
    assert.deepEqual(scopes, [["repository:team/app:pull"], ["repository:other:pull"]]);
  });

  for (const field of ["token", "access_token", "both"] as const) {
    test(`for credentials, in the field ${field}, from another port`, async (t) => {
      const auth = { mode: "token", username: "me", password: "hunter2", field, otherPort: true } as const;
      const { registry, path } = await withBlob(t, { auth });
      const client = clientWith(t, { credentials: { user: "me", password: "hunter2" } });
      assert.equal(await fetchBlob(client, registry, path), "0123456789");
      assert.deepEqual(kinds(registry), ["ping none 401", "token basic 200", "blob bearer 200"]);
    });
  }

  test("wrong credentials, and a repository that they do not open", async (t) => {
    const auth = { mode: "token", username: "me", password: "hunter2" } as const;
    const { registry, path } = await withBlob(t, { auth });
    const credentials = { user: "me", password: "wrong-hunter3" };
    const wrong = await rejectsWith(
      fetchBlob(clientWith(t, { credentials }), registry, path),
      "forbidden",
      /refuses the credentials/,
      /registries answer the same/,
    );
    assert.doesNotMatch(allText(wrong), /hunter|bWU6/);
    await rejectsWith(fetchBlob(clientWith(t), registry, path), "forbidden", /answers 401/);
  });

  test("a token that runs out in the middle is renewed, once for all who need it", async (t) => {
    let clock = 1_000_000;
    const auth = { mode: "token", anonymous: true, ttlSeconds: 5 } as const;
    const { registry, path } = await withBlob(t, { auth, now: () => clock });
    const client = clientWith(t);
    await fetchBlob(client, registry, path);
    clock += 4_999;
    await fetchBlob(client, registry, path);
    const tokens = () => registry.requests.filter(({ kind }) => kind === "token").length;
    assert.equal(tokens(), 1);
    clock += 2;
    const texts = await Promise.all([1, 2, 3, 4, 5].map(() => fetchBlob(client, registry, path)));
    assert.equal(new Set(texts).size, 1);
    assert.equal(tokens(), 2);
    await fetchBlob(client, registry, path);
    assert.equal(tokens(), 2);
  });

  test("a registry that refuses every token is not asked for ever", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true, ttlSeconds: 0 } });
    await rejectsWith(fetchBlob(clientWith(t), registry, path), "forbidden", /answers 401/);
    assert.deepEqual(kinds(registry), [
      "ping none 401",
      "token none 200",
      "blob bearer 401",
      "token none 200",
      "blob bearer 401",
    ]);
  });

  test("a registry that asks for nothing at first, but then does", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
    registry.setFault(({ kind }) => (kind === "ping" ? { answer: { status: 200 } } : undefined));
    assert.equal(await fetchBlob(clientWith(t), registry, path), "0123456789");
  });

  test("the token service fails", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
    const token = (body: string, status = 200): FaultHook => {
      return ({ kind }) => (kind === "token" ? { answer: { status, body } } : undefined);
    };
    for (const [fault, kind, ...patterns] of [
      [token("sorry", 500), "unreachable", /token service 127.* answers 500/],
      [token("sorry", 404), "unreachable", /answers 404/],
      [token("hunter2", 200), "unreachable", /gives no token/],
      [token('{"token":""}'), "unreachable", /gives no token/],
      [token('{"token":["hunter2"]}'), "unreachable", /gives no token/],
      [token('{"toke":"hunter2"}'), "unreachable", /gives no token/],
      [token('{"token":"hunter2\\r\\nX-Evil: 1"}'), "unreachable", /gives no token/],
      [token('{"token":"hunter2 2"}'), "unreachable", /gives no token/],
      [token("", 403), "forbidden", /no anonymous access/],
      [token(`{"token":"${"x".repeat(1024 * 1024)}"}`), "integrity", /larger than 1048576/],
    ] as const) {
      registry.setFault(fault);
      const error = await rejectsWith(fetchBlob(clientWith(t), registry, path), kind, ...patterns);
      assert.equal(error.where, `${registry.host}/team/app:1`);
      assert.doesNotMatch(allText(error), /hunter2/);
    }
  });

  test("a failure is not remembered", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
    const client = clientWith(t);
    for (const kind of ["ping", "token"]) {
      registry.setFault((request) => (request.kind === kind ? { redirect: "ftp://x/" } : undefined));
      await rejectsWith(fetchBlob(client, registry, path), "unreachable");
    }
    registry.setFault(undefined);
    assert.equal(await fetchBlob(client, registry, path), "0123456789");
  });
});

describe("a challenge cannot send credentials where it likes", () => {
  const challenge = (header: string | undefined): FaultHook => {
    const headers: Record<string, string> = header === undefined ? {} : { "www-authenticate": header };
    return ({ kind }) => (kind === "token" ? undefined : { answer: { status: 401, headers } });
  };
  const credentials = { user: "me", password: "hunter2" };
  for (const [name, header, ...patterns] of [
    ["plain http to another machine", 'Bearer realm="http://192.0.2.1/token"', /not trusted: http:\/\/192\.0\.2\.1/],
    ["a name that resolves to who knows what", 'Bearer realm="http://localhost.evil/token"', /not trusted/],
    ["another protocol", 'Bearer realm="file:///etc/passwd"', /not trusted/],
    ["credentials in the address", 'Bearer realm="https://a:hunter3@192.0.2.1/"', /not trusted: https:\/\/192/],
    ["no address", 'Bearer service="x"', /names no token service/],
    ["a relative address", 'Bearer realm="/token"', /names no token service/],
    ["neither Bearer nor Basic", "Negotiate", /neither Bearer nor Basic/],
    ["an empty challenge", "", /neither Bearer nor Basic/],
    ["no challenge", undefined, /answers 401/],
  ] as const) {
    test(name, async (t) => {
      const { registry, path } = await withBlob(t, { fault: challenge(header) });
      const error = await rejectsWith(
        fetchBlob(clientWith(t, { credentials }), registry, path),
        "forbidden",
        ...(patterns as readonly RegExp[]),
      );
      assert.doesNotMatch(allText(error), /hunter/);
      assert.ok(registry.requests.every(({ authorization }) => authorization === "none"));
    });
  }

  test("Bearer comes before Basic", async (t) => {
    const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
    const realm = registry.tokenUrl;
    const header = `Basic realm="x", Bearer realm="${realm}",service="embedded-registry"`;
    registry.setFault(({ kind }) =>
      kind === "ping" ? { answer: { status: 401, headers: { "www-authenticate": header } } } : undefined,
    );
    assert.equal(await fetchBlob(clientWith(t), registry, path), "0123456789");
    assert.deepEqual(kinds(registry), ["ping none 401", "token none 200", "blob bearer 200"]);
  });

  test("a token service that redirects gets the credentials alone", async (t) => {
    const auth = { mode: "token", username: "me", password: "hunter2" } as const;
    const { registry, path } = await withBlob(t, { auth });
    const other = await registryWith(t, { auth });
    registry.setFault(({ kind }) => (kind === "token" ? { redirect: other.tokenUrl } : undefined));
    await rejectsWith(fetchBlob(clientWith(t, { credentials }), registry, path), "unreachable", /answers 400/);
    assert.deepEqual(kinds(registry), ["ping none 401", "token basic 307"]);
    assert.deepEqual(kinds(other), ["token none 400"]);
  });
});

test("what a registry repeats of the secrets is not repeated again", async (t) => {
  const echo = (secret: string): Fault => ({
    answer: { status: 500, body: JSON.stringify({ errors: [{ message: `${"x".repeat(290)} you sent ${secret}!` }] }) },
  });
  const password = "hunter2/+ü";
  const credentials = { user: "me", password };
  const basic = await withBlob(t, { auth: { mode: "basic", username: "me", password } });
  const packed = Buffer.from(`me:${password}`).toString("base64");
  const alone = Buffer.from(password).toString("base64");
  const escaped = encodeURIComponent(password);
  for (const secret of [password, `me:${password}`, packed, `Basic ${packed}`, alone, escaped, `me:${escaped}`]) {
    basic.registry.setFault(({ kind }) => (kind === "blob" ? echo(secret) : undefined));
    const failed = fetchBlob(clientWith(t, { credentials }), basic.registry, basic.path);
    const error = await rejectsWith(failed, "unreachable", /x{290} you sent/);
    assert.doesNotMatch(allText(error), new RegExp(`hunt|${packed.slice(0, 6)}|${alone.slice(0, 6)}`));
  }
  const tokens = await withBlob(t, { auth: { mode: "token", anonymous: true } });
  const token = '{"token":"t0ken-hunter3-t0ken"}';
  tokens.registry.setFault(({ kind }) => {
    if (kind === "token") return { answer: { status: 200, body: token } };
    return kind === "blob" ? echo("t0ken-hunter3-t0ken") : undefined;
  });
  const failed = fetchBlob(clientWith(t), tokens.registry, tokens.path);
  assert.doesNotMatch(allText(await rejectsWith(failed, "unreachable")), /t0ken|hunter3/);
});

test("no error tells a password or a token, in whatever part of it", async (t) => {
  // With the clock standing still, the registry gives the same token to everyone.
  const password = "hunter2-Zm9v";
  const auth = { mode: "token", username: "me", password } as const;
  const { registry, path } = await withBlob(t, { auth, now: () => 1_000_000 });
  const authorization = `Basic ${Buffer.from(`me:${password}`).toString("base64")}`;
  const url = `${registry.tokenUrl}?service=embedded-registry&scope=repository:team/app:pull`;
  const { token } = (await (await fetch(url, { headers: { authorization } })).json()) as { token: string };
  const secrets = [password, authorization.slice(6), token, token.slice(0, 20)];
  const faults: readonly Fault[] = [
    { answer: { status: 401, headers: { "www-authenticate": `Bearer realm="${registry.tokenUrl}"` } } },
    { answer: { status: 500 } },
    { answer: { status: 404 } },
    { redirect: "ftp://x/" },
    { redirect: `${registry.url}/v2/team/app/${path}` },
    { cutAfter: 0, reset: true },
    { cutAfter: 3 },
    { contentLength: 3 },
  ];
  let failed = 0;
  for (const fault of faults) {
    for (const where of ["ping", "token", "blob"]) {
      registry.setFault((request) => (request.kind === where ? fault : undefined));
      const client = clientWith(t, { credentials: { user: "me", password } });
      try {
        await fetchBlob(client, registry, path);
      } catch (error) {
        failed += 1;
        const text = allText(error as never);
        for (const secret of secrets) assert.ok(!text.includes(secret), `${where} ${JSON.stringify(fault)}: ${text}`);
      }
    }
  }
  assert.ok(failed >= 15, String(failed));
});
