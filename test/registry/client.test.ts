import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drop } from "../../lib/http/answer.ts";
import { parseReference } from "../../lib/reference.ts";
import type { Fault } from "../support/embedded-registry.ts";
import { rejectsWith } from "../support/faults.ts";
import { clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { BLOB, fetchBlob, kinds, withBlob } from "./blob-fetch.ts";

test("a host is asked once how it is spoken to", async (t) => {
  const { registry, path } = await withBlob(t);
  const client = clientWith(t);
  const texts = await Promise.all([1, 2, 3].map(() => fetchBlob(client, registry, path)));
  assert.deepEqual(texts, ["0123456789", "0123456789", "0123456789"]);
  assert.deepEqual(kinds(registry), ["ping none 200", "blob none 200", "blob none 200", "blob none 200"]);
});

test("a mirror is asked instead of the registry, under the same repository", async (t) => {
  const { registry, path } = await withBlob(t);
  const client = clientWith(t, { mirrors: { "docker.io": registry.host } });
  const answer = await client.sources(parseReference("team/app"))[0]!.get(path, { where: "docker.io/team/app:latest" });
  assert.equal(answer.url.href, `${registry.url}/v2/team/app/${path}`);
  await drop(answer.body);
});

test("the accept header goes with it", async (t) => {
  const { registry, path } = await withBlob(t);
  const answer = await clientWith(t)
    .sources(referenceIn(registry, "team/app"))[0]!
    .get(path, { where: "w", accept: "a/b, c/d" });
  await drop(answer.body);
  assert.equal(registry.requests.at(-1)?.accept, "a/b, c/d");
});

test("a blob that lies elsewhere is fetched there, without the token", async (t) => {
  const { registry, path } = await withBlob(t, { auth: { mode: "token", anonymous: true } });
  const other = await registryWith(t);
  other.putBlob("cdn", BLOB);
  registry.setFault(({ kind }) => (kind === "blob" ? { redirect: `${other.url}/v2/cdn/${path}` } : undefined));
  assert.equal(await fetchBlob(clientWith(t), registry, path), "0123456789");
  assert.deepEqual(kinds(registry).at(-1), "blob bearer 307");
  assert.deepEqual(kinds(other), ["blob none 200"]);
});

describe("answers that are no content", () => {
  const answer = (status: number, body = "", headers: Record<string, string> = {}): Fault => ({
    answer: { status, body, headers },
  });
  const said = (message: string) => JSON.stringify({ errors: [{ code: "SOME_CODE", message }] });
  for (const [name, fault, kind, ...patterns] of [
    ["404", answer(404), "unreachable", /there is no such image/, /answers 404$/m, /check the repository and the tag/],
    ["404 with words", answer(404, said("manifest unknown")), "unreachable", /answers 404: manifest unknown/],
    ["403", answer(403, said("denied")), "forbidden", /does not allow it/, /answers 403: denied/],
    ["401 without a challenge", answer(401), "forbidden", /answers 401/],
    ["429", answer(429, said("toomanyrequests")), "unreachable", /come back later/, /429: toomany/, /--mirror/],
    ["500", answer(500, "<html>oops</html>"), "unreachable", /does not deliver/, /answers 500$/m],
    ["503 with a code only", answer(503, '{"errors":[{"code":"UNAVAILABLE"}]}'), "unreachable", /503: UNAVAILABLE/],
    ["204", answer(204), "unreachable", /answers 204/],
    ["206", answer(206, "0123"), "unreachable", /answers 206/],
    ["304", answer(304), "unreachable", /answers 304/],
    ["a long message", answer(500, said("x".repeat(5000))), "unreachable", /answers 500: x{300}$/m],
    [
      "a message with control characters",
      answer(500, said("a\n\u001b[31mred\u2028")),
      "unreachable",
      /500: a {2}\[31mred $/m,
    ],
    ["an endless message", answer(500, " ".repeat(200_000)), "unreachable", /answers 500$/m],
    ["a hostile message", answer(500, '{"errors":{"__proto__":[]}}'), "unreachable", /answers 500$/m],
  ] as const) {
    test(name, async (t) => {
      const { registry, path } = await withBlob(t);
      registry.setFault((request) => (request.kind === "blob" ? fault : undefined));
      const error = await rejectsWith(
        fetchBlob(clientWith(t), registry, path),
        kind,
        ...(patterns as readonly RegExp[]),
      );
      assert.equal(error.where, `${registry.host}/team/app:1`);
    });
  }
});

describe("plain http", () => {
  /** As the name of a registry that is not loopback, for a client; the machine is the same. */
  const away = (registry: { host: string }) => registry.host.replace("127.0.0.1", "0.0.0.0");
  test("a host elsewhere is spoken to only when it is named as insecure", async (t) => {
    const { registry, path } = await withBlob(t);
    const fetchFrom = (insecure: string[]) =>
      clientWith(t, { insecure })
        .sources(parseReference(`${away(registry)}/team/app:1`))[0]!
        .read(path, { where: "w", limit: 100 });
    for (const insecure of [[], ["0.0.0.0"], [registry.host], [`${away(registry)}0`]]) {
      await rejectsWith(fetchFrom(insecure), "unreachable", /does not speak TLS/);
    }
    assert.equal(registry.requests.length, 0);
    assert.equal(String((await fetchFrom([away(registry)])).bytes), "0123456789");
  });
});

test("a small document whose body breaks off is asked for again", async (t) => {
  const { registry, path } = await withBlob(t);
  registry.setFault(({ kind, attempt }) => (kind === "blob" && attempt < 3 ? { cutAfter: 4 } : undefined));
  const answer = await clientWith(t)
    .sources(referenceIn(registry, "team/app"))[0]!
    .read(path, { where: "w", limit: 99 });
  assert.equal(String(answer.bytes), "0123456789");
  assert.deepEqual(kinds(registry).slice(1), ["blob none 200", "blob none 200", "blob none 200"]);
});

test("an answer of the registry that stays tells how often it was asked for", async (t) => {
  const { registry, path } = await withBlob(t);
  registry.setFault(({ kind }) => (kind === "blob" ? { answer: { status: 503 } } : undefined));
  await rejectsWith(fetchBlob(clientWith(t), registry, path), "unreachable", /answers 503$/m, /^tried 5 times$/m);
});
