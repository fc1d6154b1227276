import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { readBody } from "../../lib/http/answer.ts";
import type { Content } from "../../lib/http/content.ts";
import type { RequestOptions } from "../../lib/http/transport.ts";
import { rejectsWith } from "../support/faults.ts";
import { inChunks, noise } from "../support/seeded.ts";
import { listen, portOf, transportFor, WHERE } from "./servers.ts";

const BYTES = noise(1, 1_000_000);
const SENT = createHash("sha256").update(BYTES).digest("hex");

/** One that counts how often it was opened. */
function contentOf(bytes = BYTES): Content & { opened(): number } {
  let opened = 0;
  return {
    ...{ type: "application/octet-stream", size: bytes.length, opened: () => opened },
    open() {
      opened += 1;
      return inChunks(bytes, 64 * 1024);
    },
  };
}

/** A server that reads every request to its end, and tells what it got. */
async function reader(t: TestContext, answer: (got: Got, response: ServerResponse, before: number) => void) {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    const hash = createHash("sha256");
    for await (const chunk of request) hash.update(chunk);
    const { method, url, headers } = request;
    const one = { method, url, headers, digest: hash.digest("hex") };
    const before = got.push(one) - 1;
    answer(one, response, before);
  });
  await listen(t, server);
  return { url: `http://127.0.0.1:${portOf(server)}`, got };
}

interface Got extends Pick<IncomingMessage, "method" | "url" | "headers"> {
  readonly digest: string;
}

test("content is streamed with its length, and opened again for each try and each redirect within its origin", async (t) => {
  const { url, got } = await reader(t, (one, response, before) => {
    if (before === 0) response.destroy();
    else if (before === 1) response.writeHead(503).end();
    else if (one.url === "/a") response.writeHead(307, { location: "/b" }).end();
    else response.writeHead(201).end("taken");
  });
  const content = contentOf();
  const headers = { authorization: "Bearer x" };
  const answer = await transportFor(t).send(new URL(`${url}/a`), { where: WHERE, method: "PUT", content, headers });
  assert.equal(String(await readBody(answer, 100, WHERE)), "taken");
  assert.deepEqual([answer.status, answer.tries, content.opened()], [201, 3, 4]);
  assert.deepEqual(
    got.map(({ method, url, headers, digest }) => [
      method,
      url,
      headers["content-length"],
      headers.authorization,
      digest,
    ]),
    ["/a", "/a", "/a", "/b"].map((path) => ["PUT", path, "1000000", "Bearer x", SENT]),
  );
});

test("nothing but a GET or HEAD goes to another origin", async (t) => {
  const other = await reader(t, (_, response) => response.end());
  const { url } = await reader(t, (_, response) => response.writeHead(307, { location: other.url }).end());
  const transport = transportFor(t);
  for (const [method, told] of [
    ["PUT", /a PUT is not sent on/],
    ["PATCH", /a PATCH is not sent on/],
    ["POST", /a POST is not sent on/],
  ] as const) {
    const request: RequestOptions = { where: WHERE, method, content: contentOf(Buffer.from("x")) };
    await rejectsWith(transport.send(new URL(url), request), "unreachable", told);
  }
  assert.deepEqual(other.got, []);
  const { status } = await transport.send(new URL(url), { where: WHERE, method: "HEAD" });
  assert.deepEqual([status, other.got.length], [200, 1]);
});

test("HEAD brings what is announced, and no body", async (t) => {
  const server = createServer((_, response) => response.writeHead(200, { "content-length": "1000000" }).end());
  await listen(t, server);
  const answer = await transportFor(t).send(new URL(`http://127.0.0.1:${portOf(server)}`), {
    where: WHERE,
    method: "HEAD",
  });
  assert.equal(answer.headers["content-length"], "1000000");
  assert.equal((await readBody(answer, 0, WHERE)).length, 0);
});

test("a request that is to be sent once is", async (t) => {
  const { url, got } = await reader(t, (_, response, before) =>
    before === 0 ? response.writeHead(503).end() : response.destroy(),
  );
  const transport = transportFor(t);
  const request = { where: WHERE, method: "PUT", content: contentOf(), once: true } as const;
  assert.equal((await transport.send(new URL(url), request)).status, 503);
  await rejectsWith(transport.send(new URL(url), request), "unreachable", /the connection was cut/);
  assert.equal(got.length, 2);
});

test("a server that takes nothing more is given up; one that is slow is not", async (t) => {
  const server = createTcpServer((socket) => socket.on("error", () => {}).pause());
  await listen(t, server);
  const stalled = new URL(`http://127.0.0.1:${portOf(server)}`);
  const transport = transportFor(t, { timeout: 300 });
  const large = contentOf(Buffer.alloc(16_000_000));
  const failed = transport.send(stalled, { where: WHERE, method: "PUT", content: large, once: true });
  await rejectsWith(failed, "unreachable", /it takes nothing more within 0\.3 s/);

  const { url } = await reader(t, (_, response) => response.end());
  async function* open() {
    for await (const chunk of inChunks(BYTES, 200_000)) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield chunk;
    }
  }
  const slow = { type: "a/b", size: BYTES.length, open };
  assert.equal((await transport.send(new URL(url), { where: WHERE, method: "PUT", content: slow })).status, 200);
});

test("an answer that comes before the content is sent ends it", async (t) => {
  const server = createServer((_, response) => response.writeHead(413).end("too large"));
  await listen(t, server);
  const request = { where: WHERE, method: "PUT", content: contentOf(Buffer.alloc(16_000_000)), once: true } as const;
  const answer = await transportFor(t).send(new URL(`http://127.0.0.1:${portOf(server)}`), request);
  assert.deepEqual([answer.status, String(await readBody(answer, 100, WHERE))], [413, "too large"]);
});

test("an abort ends what is being sent", async (t) => {
  const server = createServer(() => {});
  await listen(t, server);
  const controller = new AbortController();
  async function* open() {
    yield BYTES;
    controller.abort(new Error("enough"));
    await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
  }
  const request = { where: WHERE, method: "PUT", content: { type: "a/b", size: 2 * BYTES.length, open } } as const;
  const failed = transportFor(t, { signal: controller.signal }).send(
    new URL(`http://127.0.0.1:${portOf(server)}`),
    request,
  );
  await assert.rejects(failed, /enough/);
});
