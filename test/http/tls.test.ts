import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { tlsOptions } from "../../lib/http/tls.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { NODE_VERSIONS, nodeFor } from "../support/node-versions.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";
import { portOf, readText, serverFor, transportFor } from "./servers.ts";

const NAMES = "IP:127.0.0.1,DNS:localhost";

interface Keys {
  readonly dir: string;
  readonly authority: Certificate;
  readonly server: Certificate;
  readonly client: Certificate;
}

async function keysFor(t: TestContext): Promise<Keys | undefined> {
  if (!requireTool(t, "openssl")) return undefined;
  const dir = tempDir(t);
  const authority = await makeAuthority(dir);
  const server = await makeCertificate(dir, "server", { authority, names: NAMES });
  return { dir, authority, server, client: await makeCertificate(dir, "client", { authority }) };
}

function read({ certFile, keyFile }: Certificate) {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** A folder of one host in a new `certs.d`, with copies of files. @returns the `certs.d` */
function hostFolder(t: TestContext, host: string, files: Readonly<Record<string, string>>): string {
  const base = join(tempDir(t), "certs.d");
  mkdirSync(join(base, host), { recursive: true });
  for (const [name, file] of Object.entries(files)) copyFileSync(file, join(base, host, name));
  return base;
}

test("authorities: of a file for all servers, of a folder for one", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const place = await serverFor(t, { "/": { body: "fine" } }, createHttpsServer(read(keys.server)));
  const ca = keys.authority.certFile;
  const other = await makeAuthority(keys.dir, "other");
  const bundle = join(keys.dir, "bundle.pem");
  writeFileSync(bundle, `# two of them\n${readFileSync(other.certFile)}\n${readFileSync(ca)}`);
  for (const tls of [
    { authorities: [ca] },
    { authorities: [other.certFile, ca] },
    { authorities: [bundle] },
    { folders: ["/nonexistent", hostFolder(t, place.host, { "ca.crt": ca, "notes.txt": ca })] },
    {
      folders: [hostFolder(t, place.host, { "other.crt": other.certFile }), hostFolder(t, place.host, { "a.crt": ca })],
    },
  ]) {
    assert.equal(await readText(transportFor(t, { tls }), place.origin), "fine");
  }
  for (const tls of [
    {},
    { authorities: [other.certFile] },
    { folders: [hostFolder(t, "127.0.0.1", { "ca.crt": ca })] },
    { folders: [hostFolder(t, `localhost:${place.host.split(":")[1]}`, { "ca.crt": ca })] },
    { folders: [hostFolder(t, place.host, { "ca.pem": ca })] },
  ]) {
    const error = await rejectsWith(
      readText(transportFor(t, { tls }), place.origin),
      "unreachable",
      /authority that is not known/,
      /--ca FILE/,
      /certs\.d/,
    );
    assert.equal(error.reason.length, 1, "tried once");
  }
});

test("what is known without any file goes on to count", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  // Whether Node's own list is kept when one is added, seen in the context that connections are made of.
  const script = `
    import { createServer } from "node:https"; import { connect } from "node:tls"; import { readFileSync } from "node:fs";
    const { tlsOptions } = await import(${JSON.stringify(new URL("../../lib/http/tls.js", import.meta.url).href)});
    const [cert, key, ca] = process.argv.slice(1);
    const options = await tlsOptions("h", { authorities: [ca], extra: process.env.NODE_EXTRA_CA_CERTS }, false);
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, "127.0.0.1", () => {
      const socket = connect({ port: server.address().port, host: "127.0.0.1", ...options }, () => {
        console.log("authorized", socket.authorized); process.exit();
      }).on("error", (error) => { console.log(error.code); process.exit(); });
    });`;
  const other = await makeAuthority(keys.dir, "other");
  const { certFile, keyFile } = keys.server;
  const args = ["--input-type=module", "-e", script, certFile, keyFile, other.certFile];
  const env = { NODE_OPTIONS: undefined, NODE_TEST_CONTEXT: undefined };
  const extra = { ...env, NODE_EXTRA_CA_CERTS: keys.authority.certFile };
  // Node tells its list since 22.15.
  for (const version of NODE_VERSIONS) {
    const node = await nodeFor(t, version);
    if (node === undefined) return;
    assert.equal(await runOk(node, args, { env: extra }), "authorized true\n");
    assert.match(await runOk(node, args, { env }), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  }
});

test("a client certificate goes to its own server and to no other", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const { authority, client } = keys;
  const shown: boolean[] = [];
  const asking = () => {
    const options = { ...read(keys.server), ca: readFileSync(authority.certFile), requestCert: true };
    const server = createHttpsServer({ ...options, rejectUnauthorized: false });
    server.on("request", ({ socket }) => shown.push((socket as TLSSocket).authorized));
    return server;
  };
  const answers: Record<string, { status?: number; headers?: Record<string, string>; body?: string }> = {
    "/": { body: "fine" },
  };
  const first = await serverFor(t, answers, asking());
  const second = await serverFor(t, { "/": { body: "fine" } }, asking());
  answers["/away"] = { status: 307, headers: { location: second.origin } };
  for (const name of ["client", "me"]) {
    const files = { [`${name}.cert`]: client.certFile, [`${name}.key`]: client.keyFile };
    const folders = [hostFolder(t, first.host, files)];
    const transport = transportFor(t, { tls: { authorities: [authority.certFile], folders } });
    shown.length = 0;
    await readText(transport, first.origin);
    await readText(transport, `${first.origin}/away`);
    assert.deepEqual(shown, [true, true, false], name);
  }
});

test("a client certificate that is asked for and missing", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const options = { ...read(keys.server), ca: readFileSync(keys.authority.certFile), requestCert: true };
  const transport = transportFor(t, { tls: { authorities: [keys.authority.certFile] } });
  const newer = await serverFor(t, { "/": {} }, createHttpsServer({ ...options, minVersion: "TLSv1.3" }));
  const error = await rejectsWith(readText(transport, newer.origin), "forbidden", /asks for a client certificate/);
  assert.match(error.hint.join(), new RegExp(`client\\.cert.*${newer.host}`));
  // In TLS 1.2 a server does not say what it misses.
  const older = await serverFor(t, { "/": {} }, createHttpsServer({ ...options, maxVersion: "TLSv1.2" }));
  await rejectsWith(readText(transport, older.origin), "unreachable", /perhaps since it asks for a client certificate/);
});

test("files that are wrong are located", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const { dir, authority, client, server } = keys;
  const ca = authority.certFile;
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const pem = readFileSync(ca, "latin1");
  await runOk("openssl", ["x509", "-in", ca, "-outform", "der", "-out", join(dir, "der")]);
  const lock = ["pkey", "-in", client.keyFile, "-aes128", "-passout", "pass:x", "-out", join(dir, "locked")];
  await runOk("openssl", lock);
  for (const [file, pattern] of [
    [write("empty", ""), /not a file of certificates in PEM/],
    [join(dir, "der"), /openssl x509 -inform der/],
    [write("half", pem.slice(0, -40)), /not a file of certificates/],
    [write("second", `${pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`), /certificate 2 of 2/],
    [write("large", Buffer.alloc(4 * 1024 * 1024 + 1)), /larger than 4 MiB/],
    [join(dir, "none"), /cannot be read\n.*ENOENT/],
    [dir, /cannot be read\n.*EISDIR/],
  ] as const) {
    const error = await rejectsWith(tlsOptions("h", { authorities: [file] }, false), "input", pattern);
    assert.equal(error.where, file);
  }
  for (const [files, at, pattern] of [
    [{ "client.cert": client.certFile }, "client.cert", /the key of .* is missing, client\.key\n.*ends with \.crt/],
    [{ "me.key": client.keyFile }, "me.key", /certificate of the key is missing, me\.cert/],
    [{ "a.cert": client.certFile, "b.key": client.keyFile }, "b.key", /is missing, b\.cert/],
    [{ "client.cert": client.certFile, "client.key": server.keyFile }, "client.key", /does not belong to/],
    [{ "client.cert": client.certFile, "client.key": join(dir, "locked") }, "client.key", /locked.*\n.*openssl pkey/],
    [{ "client.cert": client.certFile, "client.key": ca }, "client.key", /not a key in PEM/],
    [{ "client.cert": client.keyFile, "client.key": client.keyFile }, "client.cert", /not a file of certificates/],
    [{ "broken.crt": join(dir, "empty") }, "broken.crt", /not a file of certificates/],
    [
      { "a.cert": client.certFile, "a.key": client.keyFile, "b.cert": client.certFile, "b.key": client.keyFile },
      "",
      /2 client certificates\n.*a\.cert, b\.cert\n.*client\.cert/,
    ],
  ] as const) {
    const base = hostFolder(t, "h:1", files as Readonly<Record<string, string>>);
    const error = await rejectsWith(tlsOptions("h:1", { folders: [base] }, false), "input", pattern);
    assert.equal(error.where, join(base, "h:1", at).replace(/\/$/, ""));
  }
});

test("names of folders: the port 443 may be said, Docker Hub has its own, and none leads elsewhere", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const found = async (host: string, folder: string) => {
    const base = hostFolder(t, folder, { "ca.crt": keys.authority.certFile });
    return (await tlsOptions(host, { folders: [base] }, false)).secureContext !== undefined;
  };
  for (const [host, folder] of [
    ["h", "h"],
    ["h", "h:443"],
    ["h:5000", "h:5000"],
    ["[::1]:5000", "[::1]:5000"],
    ["registry-1.docker.io", "docker.io"],
    ["registry-1.docker.io", "registry-1.docker.io"],
  ] as const) {
    assert.equal(await found(host, folder), true, `${host} ${folder}`);
  }
  for (const [host, folder] of [
    ["h:5000", "h"],
    ["h", "h:80"],
    ["..", "."],
    [".", "."],
    ["docker.io", "registry-1.docker.io"],
  ] as const) {
    assert.equal(await found(host, folder), false, `${host} ${folder}`);
  }
});

test("a certificate that is expired or for another name", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const { authority, dir } = keys;
  const tls = { authorities: [authority.certFile] };
  const expired = await makeCertificate(dir, "expired", { authority, names: NAMES, days: -1 });
  const other = await makeCertificate(dir, "name", { authority, names: "DNS:elsewhere.test" });
  for (const [pair, ...patterns] of [
    [expired, /has expired/, /clock/],
    [other, /is for another name/, /under a name of its certificate/],
  ] as const) {
    const place = await serverFor(t, { "/": {} }, createHttpsServer(read(pair)));
    await rejectsWith(readText(transportFor(t, { tls }), place.origin), "unreachable", ...patterns);
    const insecure = transportFor(t, { insecure: [place.host] });
    assert.equal(await readText(insecure, place.origin), "");
    const others = transportFor(t, { insecure: ["127.0.0.1", `localhost:${place.host.split(":")[1]}`] });
    await rejectsWith(readText(others, place.origin), "unreachable", /certificate/);
  }
});

test("a server that speaks only HTTP/2, and one that also does", async (t) => {
  const keys = await keysFor(t);
  if (keys === undefined) return;
  const tls = { authorities: [keys.authority.certFile] };
  for (const [allowHTTP1, version] of [
    [false, "2.0"],
    [true, "1.1"],
  ] as const) {
    const versions: string[] = [];
    const sessions = new Set<{ destroy(): void }>();
    const server: Http2SecureServer = createSecureServer({ ...read(keys.server), allowHTTP1 }, (request, response) => {
      versions.push(request.httpVersion);
      if (request.url !== "/cut") return void response.end("fine");
      // Cancelled in the middle (RFC 9113, section 7: CANCEL), the first time.
      response.writeHead(200, { "content-length": "8" });
      response.write("half", () => (versions.length % 2 === 0 ? response.end("half") : response.stream.close(8)));
    });
    server.on("session", (session) => sessions.add(session));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onCleanup(t, () => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    const origin = `https://127.0.0.1:${portOf(server)}`;
    const transport = transportFor(t, { tls });
    const texts = await Promise.all([1, 2, 3, 4].map(() => readText(transport, origin)));
    assert.deepEqual(texts, ["fine", "fine", "fine", "fine"]);
    assert.deepEqual(versions, [version, version, version, version]);
    if (version !== "2.0") continue;
    versions.length = 0;
    assert.equal(await readText(transport, `${origin}/cut`), "halfhalf");
    assert.equal(versions.length, 2, "what was cut is no answer");
  }
});
