import assert from "node:assert/strict";
import { createServer as createTcpServer } from "node:net";
import { describe, test } from "node:test";
import { drop, readBody } from "../../lib/http/answer.ts";
import { createPatience, type Retry, readRetryAfter } from "../../lib/http/retry.ts";
import { onCleanup } from "../support/cleanup.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { freePort } from "../support/tools.ts";
import { type Answer, listen, portOf, readText, serverFor, transportFor, WHERE } from "./servers.ts";

const FINE: Answer = { body: "fine" };

describe("what is sent again", () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    test(`${status}, until it is well`, async (t) => {
      const place = await serverFor(t, { "/": [{ status }, { status }, FINE] });
      const retries: Retry[] = [];
      const transport = transportFor(t, { onRetry: (retry) => retries.push(retry) });
      assert.equal(await readText(transport, place.origin), "fine");
      assert.equal(place.requests.length, 3);
      assert.deepEqual(
        retries.map(({ wait, ...rest }) => rest),
        [1, 2].map(() => ({ where: WHERE, host: place.host, reason: `it answers ${status}` })),
      );
    });
  }

  test("connections that are cut before an answer, and bodies that break off", async (t) => {
    const short: Answer = { body: "fi", headers: { "content-length": "4" }, cut: true };
    const chunked: Answer = { body: "fi", cut: true };
    const place = await serverFor(t, { "/": [short, chunked, { status: 503 }, FINE] });
    assert.equal(await readText(transportFor(t), place.origin), "fine");
    assert.equal(place.requests.length, 4);

    let count = 0;
    const rude = createTcpServer((socket) => {
      count += 1;
      if (count < 3) socket.resetAndDestroy();
      else socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine");
    });
    await listen(t, rude);
    assert.equal(await readText(transportFor(t), `http://127.0.0.1:${portOf(rude)}/`), "fine");
  });

  test("get: only until the answer begins", async (t) => {
    const place = await serverFor(t, { "/": { body: "fi", headers: { "content-length": "4" }, cut: true } });
    const answer = await transportFor(t).send(new URL(place.origin), { where: WHERE });
    await rejectsWith(readBody(answer, 100, WHERE), "unreachable", /cannot be reached/);
    assert.equal(place.requests.length, 1);
  });

  test("a whole chain of redirects, from its start", async (t) => {
    const answers: Record<string, Answer | Answer[]> = { "/far": [{ status: 502 }, FINE] };
    const place = await serverFor(t, answers);
    answers["/"] = { status: 307, headers: { location: "/far" } };
    assert.equal(await readText(transportFor(t), place.origin), "fine");
    assert.deepEqual(
      place.requests.map(({ url }) => url),
      ["/", "/far", "/", "/far"],
    );
  });
});

describe("what is final", () => {
  for (const status of [400, 401, 403, 404, 410, 416, 501, 505]) {
    test(String(status), async (t) => {
      const place = await serverFor(t, { "/": { status } });
      const answer = await transportFor(t).send(new URL(place.origin), { where: WHERE });
      await drop(answer.body);
      assert.deepEqual([answer.status, answer.tries, place.requests.length], [status, 1, 1]);
    });
  }

  test("a redirect that is refused, an answer that is too large, a name that nobody knows", async (t) => {
    const location = "ftp://127.0.0.1/";
    const place = await serverFor(t, { "/": { status: 302, headers: { location } }, "/large": { body: "12345" } });
    const transport = transportFor(t);
    await rejectsWith(readText(transport, place.origin), "unreachable", /redirects/);
    const large = transport.read(new URL(`${place.origin}/large`), { where: WHERE, limit: 4 });
    await rejectsWith(large, "integrity", /larger than 4/);
    assert.equal(place.requests.length, 2);
  });
});

describe("when it stays as it is", () => {
  test("the last answer is given, with the number of tries", async (t) => {
    const place = await serverFor(t, { "/": { status: 503 } });
    const answer = await transportFor(t).send(new URL(place.origin), { where: WHERE });
    await drop(answer.body);
    assert.deepEqual([answer.status, answer.tries, place.requests.length], [503, 5, 5]);
  });

  test("an error tells how often it was tried", async (t) => {
    const place = await serverFor(t, { "/": { body: "x", cut: true } });
    const transport = transportFor(t, { retry: { tries: 4, firstWait: 1 } });
    await rejectsWith(readText(transport, place.origin), "unreachable", /connection was cut/, /^tried 4 times$/m);
    assert.equal(place.requests.length, 4);
    const once = transportFor(t, { retry: { tries: 1 } });
    const error = await rejectsWith(readText(once, place.origin), "unreachable");
    assert.deepEqual(error.reason.length, 1);
  });

  test("a port where nobody listens is tried three times, for a server may restart", async (t) => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    await rejectsWith(readText(transportFor(t), url), "unreachable", /nothing listens there/, /^tried 3 times$/m);
    const port = Number(new URL(url).port);
    const server = createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine"));
    onCleanup(t, () => void server.close());
    const restarting = transportFor(t, {
      retry: { firstWait: 200 },
      onRetry: () => void (server.listening || server.listen(port, "127.0.0.1")),
    });
    assert.equal(await readText(restarting, url), "fine");
  });
});

describe("waiting", () => {
  const request = { where: WHERE, host: "h" };
  const waits = async (settings: Parameters<typeof createPatience>[0], setback = {}) => {
    const found: number[] = [];
    const patience = createPatience({ tries: 8, ...settings }, { onRetry: ({ wait }) => found.push(wait) });
    for (let tries = 1; await patience({ reason: "r", ...setback }, tries, request); tries += 1);
    return found;
  };
  test("doubles, with jitter, up to a limit", async () => {
    const found = await waits({ firstWait: 4, maxWait: 20 });
    assert.equal(found.length, 7);
    for (const [i, most] of [4, 8, 16, 20, 20, 20, 20].entries()) {
      assert.ok(found[i]! >= most / 2 && found[i]! <= most, `${found}`);
    }
    const other = await waits({ firstWait: 40, maxWait: 40 });
    assert.ok(new Set(other).size > 1, `no jitter: ${other}`);
  });
  test("as long as the server asks for, up to a cap", async () => {
    assert.deepEqual(await waits({ firstWait: 1, tries: 3 }, { retryAfter: 30 }), [30, 30]);
    assert.deepEqual(await waits({ firstWait: 1, tries: 3, maxRetryAfter: 20 }, { retryAfter: 20 }), [20, 20]);
    assert.deepEqual(await waits({ firstWait: 1, tries: 3, maxRetryAfter: 20 }, { retryAfter: 21 }), []);
    const short = await waits({ firstWait: 30, tries: 2 }, { retryAfter: 0 });
    assert.ok(short[0]! >= 15, "not at once, however much in a hurry the server is");
  });
  test("Retry-After of a server is heeded", async (t) => {
    const place = await serverFor(t, { "/": [{ status: 429, headers: { "retry-after": "1" } }, FINE] });
    const began = performance.now();
    assert.equal(await readText(transportFor(t), place.origin), "fine");
    assert.ok(performance.now() - began >= 990);
    const long = await serverFor(t, { "/": [{ status: 503, headers: { "retry-after": "3600" } }, FINE] });
    const answer = await transportFor(t).send(new URL(long.origin), { where: "here" });
    await drop(answer.body);
    assert.deepEqual([answer.status, answer.tries], [503, 1], "nobody waits for an hour");
  });
  test("ends with an abort, whose reason is the error", async (t) => {
    const place = await serverFor(t, { "/": { status: 503, headers: { "retry-after": "50" } } });
    const stop = new AbortController();
    const reason = new Error("stopped by SIGTERM");
    const transport = transportFor(t, { signal: stop.signal, onRetry: () => setTimeout(() => stop.abort(reason), 10) });
    assert.equal(await failure(readText(transport, place.origin)), reason);
    assert.equal(place.requests.length, 1);
  });
});

describe("time limits", () => {
  test("an answer has to begin in time, each try anew", async (t) => {
    const place = await serverFor(t, { "/": [{ silent: true }, FINE], "/never": { silent: true } });
    const transport = transportFor(t, { timeout: 400, retry: { tries: 2, firstWait: 1 } });
    assert.equal(await readText(transport, place.origin), "fine");
    const never = readText(transport, `${place.origin}/never`);
    await rejectsWith(never, "unreachable", /no answer within 0\.4 s/, /^tried 2 times$/m);
  });

  /** A byte every 20 ms. */
  const drip = async (t: import("node:test").TestContext, count: number) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${count}\r\n\r\n`);
      const timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    await listen(t, server);
    return new URL(`http://127.0.0.1:${portOf(server)}/`);
  };
  test("a small document has to be there in time, a blob only has to go on", async (t) => {
    const url = await drip(t, 20);
    const transport = transportFor(t, { timeout: 200, retry: { tries: 1 } });
    await rejectsWith(transport.read(url, { where: WHERE, limit: 100 }), "unreachable", /takes too long/);
    const { body } = await transport.send(url, { where: WHERE });
    assert.equal(await readAll(body), 20);
  });
  test("a body that pauses is cut", async (t) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx");
    });
    await listen(t, server);
    const { body } = await transportFor(t, { timeout: 200 }).send(new URL(`http://127.0.0.1:${portOf(server)}/`), {
      where: WHERE,
    });
    const error = await failure(readAll(body));
    assert.equal((error as NodeJS.ErrnoException).code, "UND_ERR_BODY_TIMEOUT");
  });
});

async function readAll(body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
}

test("Retry-After in its forms (RFC 9110, sections 10.2.3 and 5.6.7)", () => {
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (const [header, milliseconds] of [
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
    ["Sunday, 06-Nov-94 08:50:37 GMT", 60_000],
    ["Sun Nov  6 08:50:37 1994", 60_000],
    ["Sun, 06 Nov 1994 08:49:00 GMT", 0],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["", undefined],
    ["Sun, 99 Nov 1994 08:50:37 GMT", undefined],
  ] as const) {
    assert.equal(readRetryAfter(header, date), milliseconds, header);
  }
  const soon = new Date(Date.now() + 90_000).toUTCString();
  const wait = readRetryAfter(soon, undefined)!;
  assert.ok(wait > 88_000 && wait <= 90_000, "without the server's clock, by our own");
  assert.equal(readRetryAfter(["1", "2"], date), undefined);
});
