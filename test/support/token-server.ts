import { createPrivateKey, createSign, type KeyObject, randomUUID, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runOk } from "./run.ts";

export const SERVICE = "aircrate-registry";
export const ISSUER = "aircrate-tokens";
/** A refresh token that is good for as long as the server runs. */
export const REFRESH_TOKEN = "aircrate-refresh";

export interface TokenServerOptions {
  /** Folder for key and certificate. */
  readonly dir: string;
  readonly user: string;
  readonly password: string;
  /** Seconds after which the registry refuses a token, default 300. */
  readonly ttl?: number;
  /** Name of the response's field, default `both`; clients have to accept either. */
  readonly field?: "token" | "access_token" | "both";
  /** Whether a refresh token is given to users who ask for one. */
  readonly offline?: boolean;
}

export interface TokenRequest {
  readonly method: string;
  readonly service: string | undefined;
  /** As asked for, one `repository:name:actions` each. */
  readonly scopes: readonly string[];
  readonly credentials: "none" | "basic" | "password" | "refresh_token";
  /** Status of the answer: 200, or 401 for wrong credentials. */
  readonly status: number;
}

export interface TokenServer {
  readonly realm: string;
  /** What the registry checks signatures with (`rootcertbundle`). */
  readonly certFile: string;
  readonly requests: readonly TokenRequest[];
  stop(): Promise<void>;
}

/**
 * Token server for a registry, in this process: GET with Basic credentials or none, POST as OAuth 2. Whoever comes
 * without credentials gets a token for `pull` on `public/*` and nothing else. See the token authentication
 * specification of the distribution project.
 */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const keyFile = join(options.dir, "token.key");
  const certFile = join(options.dir, "token.pem");
  const certificate = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${ISSUER}`];
  await runOk("openssl", [...certificate, "-keyout", keyFile, "-out", certFile]);
  const key = createPrivateKey(readFileSync(keyFile));
  const x5c = new X509Certificate(readFileSync(certFile)).raw.toString("base64");
  const requests: TokenRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, { options, key, x5c }).then(
      (done) => {
        if (done !== undefined) requests.push(done.request);
        send(response, done?.request.status ?? 404, done?.body ?? {});
      },
      (error: Error) => send(response, 500, { details: error.message }),
    );
  });
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { realm: `http://127.0.0.1:${port}/token`, certFile, requests, stop };
}

interface Signer {
  readonly options: TokenServerOptions;
  readonly key: KeyObject;
  readonly x5c: string;
}

async function answer(
  request: IncomingMessage,
  signer: Signer,
): Promise<{ request: TokenRequest; body: object } | undefined> {
  const { options } = signer;
  const url = new URL(request.url ?? "/", "http://token");
  if (url.pathname !== "/token") return undefined;
  const method = request.method ?? "";
  const query = method === "POST" ? new URLSearchParams(await text(request)) : url.searchParams;
  const { credentials, good } = method === "POST" ? oauth(query, options) : basic(request, options);
  const scopes = query.getAll("scope").flatMap((scope) => scope.split(" ").filter((word) => word !== ""));
  const service = query.get("service") ?? undefined;
  const asked = { method, service, scopes, credentials };
  if (credentials !== "none" && !good) {
    const errors = [{ code: "UNAUTHORIZED", message: "wrong credentials" }];
    return { request: { ...asked, status: 401 }, body: { errors } };
  }
  const access = scopes.map((scope) => grant(scope, good));
  const { ttl = 300, field = "both" } = options;
  const token = sign(signer, { sub: good ? options.user : "", aud: service ?? SERVICE, access });
  const body = {
    ...(field === "access_token" ? {} : { token }),
    ...(field === "token" ? {} : { access_token: token }),
    ...(options.offline === true && good && query.get("offline_token") === "true"
      ? { refresh_token: REFRESH_TOKEN }
      : {}),
    expires_in: ttl,
    issued_at: new Date().toISOString(),
  };
  return { request: { ...asked, status: 200 }, body };
}

type Credentials = { readonly credentials: TokenRequest["credentials"]; readonly good: boolean };

function basic(request: IncomingMessage, { user, password }: TokenServerOptions): Credentials {
  const { authorization } = request.headers;
  if (authorization === undefined) return { credentials: "none", good: false };
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return { credentials: "basic", good: authorization === expected };
}

function oauth(form: URLSearchParams, { user, password }: TokenServerOptions): Credentials {
  if (form.get("grant_type") === "refresh_token") {
    return { credentials: "refresh_token", good: form.get("refresh_token") === REFRESH_TOKEN };
  }
  return { credentials: "password", good: form.get("username") === user && form.get("password") === password };
}

/** What a scope gets. A repository's name may hold a colon (a port), so the outer two count. */
function grant(scope: string, isUser: boolean): { type: string; name: string; actions: string[] } {
  const [type = "", ...rest] = scope.split(":");
  const asked = (rest.pop() ?? "").split(",");
  const name = rest.join(":");
  const open = name.startsWith("public/") ? asked.filter((action) => action === "pull") : [];
  return { type, name, actions: isUser ? asked : open };
}

/** Seconds that docker-registry 2.8 goes on to take a token after its end. */
const LEEWAY = 60;

/** JSON Web Token, RS256, with the certificate in its header, which is how the registry finds the key. */
function sign({ options, key, x5c }: Signer, claims: object): string {
  const now = Math.floor(Date.now() / 1000);
  const { ttl = 300 } = options;
  const life = { iss: ISSUER, iat: now, nbf: now - 10, exp: now + ttl - LEEWAY, jti: randomUUID() };
  const parts = [
    { typ: "JWT", alg: "RS256", x5c: [x5c] },
    { ...claims, ...life },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key, "base64url")}`;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
