import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { drop, readBody } from "../../lib/http/answer.ts";
import { networkError } from "../../lib/http/errors.ts";
import { createTransport, type Transport, type TransportOptions } from "../../lib/http/transport.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { allText, failure, rejectsWith } from "../support/faults.ts";
import { runOk } from "../support/run.ts";
import { noise } from "../support/seeded.ts";
import { freePort, requireTool } from "../support/tools.ts";

const WHERE = "docker.io/library/a:1";
const SECRETS = { authorization: "Bearer hunter2", cookie: "session=hunter2", "proxy-authorization": "Basic hunter2" };

interface Place {
  readonly origin: string;
  readonly requests: IncomingMessage[];
  readonly bodies: string[];
}

/** A server whose answers are told per path: a status with headers, or a body. */
async function serverFor(t: TestContext, answers: Record<string, Answer>, server?: Server): Promise<Place> {
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  const listener: RequestListener = async (request, response) => {
    requests.push(request);
    bodies.push(await text(request));
    const { status = 200, headers = {}, body = "" } = answers[request.url ?? ""] ?? { status: 404 };
    response.writeHead(status, headers).end(body);
  };
  const place = server ?? createHttpServer();
  place.on("request", listener);
  await new Promise<void>((resolve) => place.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => {
    place.closeAllConnections();
    place.close();
  });
  const { port } = place.address() as AddressInfo;
  return { origin: `${server === undefined ? "http" : "https"}://127.0.0.1:${port}`, requests, bodies };
}

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

function transportFor(t: TestContext, options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({ userAgent: "aircrate/test", retry: { firstWait: 5 }, ...options });
  onCleanup(t, () => transport.close());
  return transport;
}

function to(location: string, status = 307): Answer {
  return { status, headers: { location } };
}

async function get(transport: Transport, url: string, headers: Record<string, string> = SECRETS) {
  const answer = await transport.send(new URL(url), { where: WHERE, headers });
  return { status: answer.status, url: answer.url.href, text: String(await readBody(answer, 1e6, WHERE)) };
}

function sentTo(place: Place): unknown[] {
  return place.requests.map(({ url, headers }) => [url, headers.authorization, headers.cookie, headers["user-agent"]]);
}

test("redirects within an origin keep the headers, all five kinds", async (t) => {
  const answers: Record<string, Answer> = {
    "/1": to("/2", 301),
    "/2": to("3", 302),
    "/3": to("?4", 303),
    "/5": to("./end", 307),
    "/end": { body: "here" },
  };
  const place = await serverFor(t, answers);
  answers["/3?4"] = to(`${place.origin}/5`, 308);
  const { text, url } = await get(transportFor(t), `${place.origin}/1`);
  assert.deepEqual([text, url], ["here", `${place.origin}/end`]);
  assert.deepEqual(
    sentTo(place),
    ["/1", "/2", "/3", "/3?4", "/5", "/end"].map((path) => [
      path,
      "Bearer hunter2",
      "session=hunter2",
      "aircrate/test",
    ]),
  );
});

test("nothing private crosses to another origin, nor comes back from there", async (t) => {
  const answers: Record<string, Answer> = { "/back": { body: "back" } };
  const first = await serverFor(t, answers);
  const second = await serverFor(t, { "/there": to(`${first.origin}/back`) });
  answers["/start"] = to(`${second.origin}/there`);
  const { text, url } = await get(transportFor(t), `${first.origin}/start`);
  assert.deepEqual([text, url], ["back", `${first.origin}/back`]);
  assert.deepEqual(sentTo(second), [["/there", undefined, undefined, "aircrate/test"]]);
  assert.deepEqual(sentTo(first), [
    ["/start", "Bearer hunter2", "session=hunter2", "aircrate/test"],
    ["/back", undefined, undefined, "aircrate/test"],
  ]);
  for (const { headers } of [...second.requests, first.requests[1]!]) {
    assert.doesNotMatch(JSON.stringify(headers), /hunter2/);
  }
});

test("header names in any case are private", async (t) => {
  const second = await serverFor(t, { "/": { body: "x" } });
  const first = await serverFor(t, { "/": to(second.origin) });
  await get(transportFor(t), first.origin, { AUTHORIZATION: "hunter2", Accept: "text/x" });
  assert.equal(second.requests[0]?.headers.authorization, undefined);
  assert.equal(second.requests[0]?.headers.accept, "text/x");
});

test("a form is posted, also where its origin sends it on to, and nowhere else", async (t) => {
  const other = await serverFor(t, {});
  const place = await serverFor(t, {
    "/form": to("/there"),
    "/there": { body: "taken" },
    "/away": to(`${other.origin}/form`, 308),
    "/elsewhere": to(`${other.origin}/form`, 303),
  });
  const form = new URLSearchParams({ refresh_token: "hunter2 &=ü", scope: "a b" });
  const transport = transportFor(t);
  const answer = await transport.send(new URL(`${place.origin}/form`), { where: WHERE, form });
  assert.equal(String(await readBody(answer, 100, WHERE)), "taken");
  for (const path of ["/away", "/elsewhere"]) {
    const failed = transport.send(new URL(place.origin + path), { where: WHERE, form });
    const error = await rejectsWith(failed, "unreachable", /redirects in a way/, /a form is not sent on to http/);
    assert.doesNotMatch(allText(error), /hunter2/);
  }
  assert.equal(other.requests.length, 0);
  const type = "application/x-www-form-urlencoded";
  const sent = "refresh_token=hunter2+%26%3D%C3%BC&scope=a+b";
  assert.deepEqual(
    place.requests.map(({ method, url, headers }, i) => [method, url, headers["content-type"], place.bodies[i]]),
    ["/form", "/there", "/away", "/elsewhere"].map((path) => ["POST", path, type, sent]),
  );
});

test("redirects that are not followed", async (t) => {
  const answers: Record<string, Answer> = { "/loop": to("/loop") };
  for (let i = 0; i <= 6; i += 1) answers[`/${i}`] = i === 6 ? { body: "far" } : to(`/${i + 1}`);
  for (const [i, location] of [
    "ftp://127.0.0.1/x",
    "file:///etc/passwd",
    "data:text/plain,x",
    "http://user:hunter2@127.0.0.1/x",
    "http://",
    "http://[::1",
  ].entries()) {
    answers[`/bad-${i}`] = to(location);
  }
  const place = await serverFor(t, answers);
  const transport = transportFor(t);
  const refused = async (path: string, ...patterns: RegExp[]) => {
    const error = await rejectsWith(get(transport, place.origin + path), "unreachable", /redirects/, ...patterns);
    assert.equal(error.where, WHERE);
    assert.doesNotMatch(allText(error), /hunter2/);
  };
  await refused("/loop", /more than 5 redirects/);
  await refused("/0", /more than 5 redirects/);
  assert.equal((await get(transport, `${place.origin}/1`)).text, "far");
  for (const i of [0, 1, 2]) await refused(`/bad-${i}`, /leads from http: to/);
  await refused("/bad-3", /carries credentials/);
  await refused("/bad-4", /no valid address/);
  await refused("/bad-5", /no valid address/);
  assert.equal((await get(transport, `${place.origin}/1`)).text, "far", "connections still serve");
});

test("a redirect without an address is an answer like others", async (t) => {
  const place = await serverFor(t, { "/": { status: 307, body: "where to?" }, "/304": { status: 304 } });
  assert.deepEqual(await get(transportFor(t), place.origin), {
    status: 307,
    url: `${place.origin}/`,
    text: "where to?",
  });
  assert.equal((await get(transportFor(t), `${place.origin}/304`)).status, 304);
});

test("TLS: no way back to plain http, and a certificate that is not known is explained", async (t) => {
  if (!requireTool(t, "openssl")) return;
  const dir = tempDir(t);
  const args = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "key.pem",
    "-out",
    "cert.pem",
    "-days",
    "1",
  ];
  await runOk("openssl", [...args, "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"], { cwd: dir });
  const pair = { key: readFileSync(join(dir, "key.pem")), cert: readFileSync(join(dir, "cert.pem")) };
  const plain = await serverFor(t, { "/x": { body: "plain" } });
  const answers: Record<string, Answer> = { "/down": to(`${plain.origin}/x`), "/fine": { body: "fine" } };
  const secure = await serverFor(t, answers, createHttpsServer(pair));
  const other = await serverFor(t, { "/fine": { body: "other" } }, createHttpsServer(pair));
  answers["/across"] = to(`${other.origin}/fine`);

  await rejectsWith(get(transportFor(t), `${secure.origin}/fine`), "unreachable", /self-signed/, /NODE_EXTRA_CA_CERTS/);
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  onCleanup(t, () => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  const transport = transportFor(t);
  assert.equal((await get(transport, `${secure.origin}/fine`)).text, "fine");
  await rejectsWith(get(transport, `${secure.origin}/down`), "unreachable", /leads from https: to http:/);
  assert.deepEqual(plain.requests, []);
  assert.equal((await get(transport, `${secure.origin}/across`)).text, "other");
  assert.deepEqual(sentTo(other), [["/fine", undefined, undefined, "aircrate/test"]]);
});

test("bodies: read whole, or refused when they are too large, and the connection serves again", async (t) => {
  const place = await serverFor(t, { "/": { body: noise(1, 100_000) } });
  const transport = transportFor(t);
  const answer = async () => transport.send(new URL(place.origin), { where: WHERE });
  assert.equal(Buffer.compare(await readBody(await answer(), 100_000, WHERE), noise(1, 100_000)), 0);
  const error = await rejectsWith(readBody(await answer(), 99_999, WHERE), "integrity", /larger than 99999 bytes/);
  assert.equal(error.where, WHERE);
  for (let i = 0; i < 20; i += 1) await drop((await answer()).body);
  assert.equal((await readBody(await answer(), 100_000, WHERE)).length, 100_000);
});

test("hosts that do not answer", async (t) => {
  const transport = transportFor(t);
  const closed = `http://127.0.0.1:${await freePort()}`;
  const refused = await rejectsWith(get(transport, `${closed}/?signature=hunter2`), "unreachable", /nothing listens/);
  assert.match(refused.message, /^docker\.io\/library\/a:1: 127\.0\.0\.1:\d+ cannot be reached$/);
  assert.match(refused.hint.join(), /--mirror/);
  assert.doesNotMatch(allText(refused), /hunter2/);
  await rejectsWith(get(transport, "http://name.invalid/"), "unreachable", /name/);

  const rude = createTcpServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => rude.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => void rude.close());
  const { port } = rude.address() as AddressInfo;
  await rejectsWith(get(transport, `http://127.0.0.1:${port}/`), "unreachable", /connection was cut/);
  await rejectsWith(get(transport, `https://127.0.0.1:${port}/`), "unreachable");
});

test("an answer that breaks off", async (t) => {
  const cut = createTcpServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nshort"));
  });
  await new Promise<void>((resolve) => cut.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => void cut.close());
  const { port } = cut.address() as AddressInfo;
  const error = await rejectsWith(get(transportFor(t), `http://127.0.0.1:${port}/?s=hunter2`), "unreachable");
  assert.match(error.message, /cannot be reached/);
  assert.doesNotMatch(allText(error), /hunter2/);
});

test("a connection that ends behind the last byte, before the reader has come so far", async (t) => {
  let size = 0;
  let header = "";
  let cut = false;
  let ended = () => {};
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    const end = () => {
      if (cut) socket.resetAndDestroy();
      else socket.end();
      ended();
    };
    socket.once("data", () => {
      socket.write(`HTTP/1.1 200 OK\r\n${header}content-length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size), () => setTimeout(end, 30));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => void server.close());
  const { port } = server.address() as AddressInfo;
  const transport = transportFor(t);
  const slowly = async () => {
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const answer = await transport.send(new URL(`http://127.0.0.1:${port}/`), { where: WHERE });
    await end;
    // Between two timers, what has arrived is noticed.
    await sleep(1);
    let read = 0;
    for await (const chunk of answer.body) read += chunk.length;
    return read;
  };
  for (header of ["", "connection: close\r\n"]) {
    for (size of [1000, 66_000, 100_000, 131_072, 150_000]) assert.equal(await slowly(), size, header);
  }
  // A connection that is reset is a fault, and no more than that.
  cut = true;
  assert.equal(((await failure(slowly())) as NodeJS.ErrnoException).code, "ECONNRESET");
});

test("garbage instead of an answer", async (t) => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("220 smtp.example ESMTP\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => void server.close());
  const { port } = server.address() as AddressInfo;
  await rejectsWith(get(transportFor(t), `http://127.0.0.1:${port}/`), "unreachable", /cannot be reached/);
});

test("an abort is no network error", async (t) => {
  const server = createTcpServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(t, () => void server.close());
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const failed = failure(get(transportFor(t, { signal: stop.signal }), `http://127.0.0.1:${port}/`));
  setTimeout(() => stop.abort(), 20);
  assert.equal(((await failed) as Error).name, "AbortError");
});

test("errors that are not the network's pass as they are", () => {
  const bug = new TypeError("x is not a function");
  assert.equal(networkError(bug, WHERE, new URL("http://a/")), bug);
});
