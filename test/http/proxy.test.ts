import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { proxyFor } from "../../lib/http/proxy.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { tempDir } from "../support/cleanup.ts";
import { allText, rejectsWith, throwsWith } from "../support/faults.ts";
import { freePort, requireTool } from "../support/tools.ts";
import { listen, portOf, readText, serverFor, transportFor, WHERE } from "./servers.ts";

const SECRET = "pass-Xq7";
const BASE64 = Buffer.from(`me:${SECRET}`).toString("base64");

interface Seen {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

interface Proxy {
  readonly host: string;
  readonly seen: Seen[];
  /** What it answers instead of doing its work. */
  status: number | undefined;
}

/** A proxy that takes every name for this machine. */
async function proxyWith(t: TestContext, server: Server = createServer()): Promise<Proxy> {
  const seen: Seen[] = [];
  const proxy: Proxy = { host: "", seen, status: undefined };
  server.on("request", (request, response) => {
    const { method, url = "", headers } = request;
    seen.push({ line: `${method} ${url}`, authorization: headers["proxy-authorization"], host: headers.host });
    if (proxy.status !== undefined) return void response.writeHead(proxy.status).end("<html>");
    const { port, pathname, search } = new URL(url);
    const target = httpRequest({ host: "127.0.0.1", port, method, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    target.on("error", () => response.writeHead(502).end());
    request.pipe(target);
  });
  server.on("connect", ({ url = "", headers }, socket) => {
    seen.push({ line: `CONNECT ${url}`, authorization: headers["proxy-authorization"], host: headers.host });
    socket.on("error", () => {});
    if (proxy.status !== undefined)
      return void socket.end(`HTTP/1.1 ${proxy.status} No\r\ncontent-length: 2\r\n\r\nno`);
    const target = connect(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Fine\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.end("HTTP/1.1 502 No\r\n\r\n"));
    socket.on("close", () => target.destroy());
  });
  await listen(t, server);
  return Object.assign(proxy, { host: `127.0.0.1:${portOf(server)}` });
}

/** An https server and what to trust for it. */
async function secureServer(t: TestContext, dir: string, body = "secure") {
  const authority = await makeAuthority(dir);
  const pair = await makeCertificate(dir, "tls", { authority, names: "DNS:far.test,IP:127.0.0.1" });
  const place = await serverFor(t, { "/x?y=1": { body } }, createHttpsServer(read(pair)));
  return { place, pair, tls: { authorities: [authority.certFile] } };
}

function read({ certFile, keyFile }: Certificate) {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

test("plain http: the proxy gets the whole address, and its credentials go no farther", async (t) => {
  const place = await serverFor(t, { "/x?y=1": { body: "plain" } });
  const proxy = await proxyWith(t);
  const settings = { http: `http://me:${SECRET}@${proxy.host}`, except: "other.test" };
  const far = place.host.replace("127.0.0.1", "far.test");
  const transport = transportFor(t, { proxy: settings });
  assert.equal(await readText(transport, `http://${far}/x?y=1`), "plain");
  assert.deepEqual(proxy.seen, [{ line: `GET http://${far}/x?y=1`, authorization: `Basic ${BASE64}`, host: far }]);
  assert.equal(place.requests[0]?.headers.host, far);
  assert.equal(await readText(transport, `${place.origin}/x?y=1`), "plain");
  assert.equal(proxy.seen.length, 1, "loopback is asked without it");
});

test("content goes through the proxy, and not there when it refuses", async (t) => {
  const got: string[] = [];
  const server = createServer(async (request, response) => {
    got.push(`${request.method} ${request.headers["content-length"]} ${await text(request)}`);
    response.writeHead(201).end();
  });
  await listen(t, server);
  const proxy = await proxyWith(t);
  const transport = transportFor(t, { proxy: { http: proxy.host } });
  async function* open() {
    yield Buffer.from("con");
    yield Buffer.from("tent");
  }
  const request = { where: WHERE, method: "PUT", content: { type: "a/b", size: 7, open } } as const;
  const url = new URL(`http://far.test:${portOf(server)}/`);
  assert.equal((await transport.send(url, request)).status, 201);
  async function* damaged() {
    yield Buffer.from("con");
    throw new AircrateError("integrity", "a blob in the store is damaged");
  }
  const failed = transport.send(url, { ...request, content: { ...request.content, open: damaged } });
  await rejectsWith(failed, "integrity", /a blob in the store is damaged/);
  assert.deepEqual(got, ["PUT 7 content"]);
  proxy.status = 407;
  await rejectsWith(transport.send(url, request), "forbidden", /the proxy .* asks for credentials/);
  assert.equal(got.length, 1);
});

test("https: through a tunnel, and a redirect to another host through another one", async (t) => {
  if (!requireTool(t, "openssl")) return;
  const { place, tls } = await secureServer(t, tempDir(t));
  const proxy = await proxyWith(t);
  const far = place.host.replace("127.0.0.1", "far.test");
  const transport = transportFor(t, { tls, proxy: { https: `me:${SECRET}@${proxy.host}` } });
  const url = `https://${far}/x?y=1`;
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => readText(transport, url))), ["secure", "secure", "secure"]);
  assert.equal(place.requests.length, 3);
  for (const seen of proxy.seen) {
    assert.deepEqual(seen, { line: `CONNECT ${far}`, authorization: `Basic ${BASE64}`, host: far });
  }
  for (const { headers } of place.requests) assert.equal(headers["proxy-authorization"], undefined);
});

test("a proxy that speaks TLS itself", async (t) => {
  if (!requireTool(t, "openssl")) return;
  const { place, pair, tls } = await secureServer(t, tempDir(t));
  const proxy = await proxyWith(t, createHttpsServer(read(pair)));
  const plain = await serverFor(t, { "/": { body: "plain" } });
  const address = `https://me:${SECRET}@${proxy.host}`;
  const transport = transportFor(t, { tls, proxy: { https: address, http: address } });
  assert.equal(await readText(transport, `https://far.test:${place.host.split(":")[1]}/x?y=1`), "secure");
  assert.equal(await readText(transport, `http://away.test:${plain.host.split(":")[1]}/`), "plain");
  assert.deepEqual(
    proxy.seen.map(({ line, authorization }) => [line.split(" ")[0], authorization]),
    ["CONNECT", "GET"].map((method) => [method, `Basic ${BASE64}`]),
  );
  const unknown = transportFor(t, { proxy: { https: address } });
  const error = await rejectsWith(
    readText(unknown, "https://far.test/"),
    "unreachable",
    /the proxy 127\.0\.0\.1:\d+ cannot be reached/,
    /authority that is not known/,
    /--ca FILE/,
  );
  assert.deepEqual(error.reason.length, 1, "tried once");
});

test("a proxy that refuses or is not there is named, without its credentials", async (t) => {
  const proxy = await proxyWith(t);
  const gone = `127.0.0.1:${await freePort()}`;
  const at = (host: string) => ({ https: `http://me:${SECRET}@${host}`, http: `http://me:${SECRET}@${host}` });
  for (const [url, status, fault, requests, ...patterns] of [
    ["https://far.test/", 407, "forbidden", 1, /the proxy HOST asks for credentials/, /USER:PASSWORD@HOST/],
    ["http://far.test/", 407, "forbidden", 1, /the proxy HOST asks for credentials/],
    [
      "https://far.test/",
      403,
      "forbidden",
      1,
      /the proxy HOST does not let through to far\.test/,
      /far\.test.*NO_PROXY/,
    ],
    ["https://far.test:5000/", 502, "unreachable", 5, /HOST does not reach far\.test:5000/, /answers 502/, /tried 5 t/],
    ["https://far.test/", 400, "unreachable", 1, /the proxy HOST does not reach far\.test/, /HOST answers 400/],
    [
      "https://far.test/",
      undefined,
      "unreachable",
      0,
      /the proxy HOST cannot be reached/,
      /nothing listens/,
      /tried 3 t/,
    ],
    ["http://far.test/", undefined, "unreachable", 0, /the proxy HOST cannot be reached/, /nothing listens/, /_PROXY/],
  ] as const) {
    proxy.status = status;
    proxy.seen.length = 0;
    const host = status === undefined ? gone : proxy.host;
    const transport = transportFor(t, { proxy: at(host) });
    const error = await rejectsWith(
      readText(transport, url),
      fault,
      ...patterns.map((pattern) => new RegExp(pattern.source.replace("HOST ", `${host} `), "m")),
    );
    assert.equal(proxy.seen.length, requests, url);
    assert.doesNotMatch(allText(error), new RegExp(`${SECRET}|${BASE64}`));
  }
});

test("a proxy that cuts connections, or falls silent", async (t) => {
  const cut = createServer();
  let asked = 0;
  cut.on("connect", (_, socket) => {
    asked += 1;
    if (asked > 2) return;
    socket.on("error", () => {});
    socket.destroy();
  });
  await listen(t, cut);
  const transport = transportFor(t, {
    proxy: { https: `http://127.0.0.1:${portOf(cut)}` },
    timeout: 300,
    retry: { tries: 3, firstWait: 1 },
  });
  await rejectsWith(
    readText(transport, "https://far.test/"),
    "unreachable",
    /no answer within 0\.3 s|fell silent/,
    /tried 3 times/,
  );
  assert.equal(asked, 3);
});

test("the proxy for an address", () => {
  const proxies = { https: "http://s.test:1", http: "https://u%40:p%3Ab@p.test", except: "direct.test" };
  const of = (url: string, settings: Parameters<typeof proxyFor>[1] = proxies) => {
    const proxy = proxyFor(new URL(url), settings);
    return proxy && [proxy.origin.href, proxy.headers["proxy-authorization"]];
  };
  assert.deepEqual(of("https://a.test/"), ["http://s.test:1/", undefined]);
  const credentials = `Basic ${Buffer.from("u@:p:b").toString("base64")}`;
  assert.deepEqual(of("http://a.test/"), ["https://p.test/", credentials]);
  assert.equal(of("http://direct.test/"), undefined);
  assert.equal(of("http://a.test/", { https: "http://s.test" }), undefined);
  assert.equal(of("https://a.test/", { http: "http://s.test" }), undefined);
  assert.deepEqual(of("https://a.test/", { https: "proxy.test:3128" }), ["http://proxy.test:3128/", undefined]);
  assert.deepEqual(of("https://a.test/", { https: "[::1]:3128/" }), ["http://[::1]:3128/", undefined]);
  for (const https of [`socks5://me:${SECRET}@p.test`, `http://me:${SECRET}@:1`, `http://me%:${SECRET}@p.test`]) {
    const error = throwsWith(() => of("https://a.test/", { https }), "usage", /proxy/, /HTTPS_PROXY/);
    assert.ok(!allText(error).includes(SECRET));
  }
});
