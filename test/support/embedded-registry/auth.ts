import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { type Answer, errorAnswer } from "./answer.ts";
import type { RegistryRequest } from "./request.ts";

export type RegistryAuth = NoAuth | BasicAuth | TokenAuth;

export interface NoAuth {
  readonly mode: "none";
}

export interface BasicAuth {
  readonly mode: "basic";
  readonly username: string;
  readonly password: string;
}

/** Bearer tokens as in distribution's "Token Authentication Specification" and "Oauth2 Token Authentication". */
export interface TokenAuth {
  readonly mode: "token";
  /** Credentials that may pull and push anything. Without them only anonymous tokens are given out. */
  readonly username?: string;
  readonly password?: string;
  /** Whether a token without credentials is good for a repository. By default for none. */
  readonly anonymous?: boolean | ((repository: string) => boolean);
  /** Lifetime of a token; 300 by default, as on Docker Hub. */
  readonly ttlSeconds?: number;
  /** Which field of the token answer holds the token; both by default. */
  readonly field?: "token" | "access_token" | "both";
  /** Whether `expires_in` and `issued_at` are told. True by default; the lifetime is the same. */
  readonly tellExpiry?: boolean;
  /** A refresh token that is as good as the credentials; given out when `offline_token=true` comes with them. */
  readonly refreshToken?: string;
  /** Name of the service in challenges, which every token request must name. */
  readonly service?: string;
  /** Tokens are given out on a port of their own, so at another origin. */
  readonly otherPort?: boolean;
}

/** Decides about requests. */
export interface Authority {
  /** The refusal of a request, or undefined when it may go on. */
  refuse(request: RegistryRequest, headers: IncomingHttpHeaders): Answer | undefined;
  /** The answer of the token endpoint. */
  token(message: IncomingMessage, request: RegistryRequest): Promise<Answer>;
}

export interface AuthorityOptions {
  /** Address of the token endpoint. */
  readonly realm: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const SCOPE = /^repository:([a-z0-9._/-]+):([a-z*]+(?:,[a-z*]+)*)$/;
const REQUEST_LIMIT = 64 * 1024;

export function createAuthority(auth: RegistryAuth, options: AuthorityOptions): Authority {
  const noEndpoint = async () => errorAnswer(404, "UNSUPPORTED", "no token endpoint");
  if (auth.mode === "token") return tokenAuthority(auth, options);
  if (auth.mode === "none") return { refuse: () => undefined, token: noEndpoint };
  const expected = basic(auth.username, auth.password);
  return {
    refuse: (_request, headers) =>
      headers.authorization === expected ? undefined : unauthorized('Basic realm="embedded registry"'),
    token: noEndpoint,
  };
}

/** What a token allows, as it stands in the token itself: it is opaque to clients only. */
interface Grant {
  /** As `repository:NAME:pull` and `repository:NAME:push`. */
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly expires: number;
}

function tokenAuthority(auth: TokenAuth, { realm, now }: AuthorityOptions): Authority {
  const service = auth.service ?? "embedded-registry";
  const ttl = auth.ttlSeconds ?? 300;

  function refuse(request: RegistryRequest, headers: IncomingHttpHeaders): Answer | undefined {
    const actions = request.method === "GET" || request.method === "HEAD" ? ["pull"] : ["pull", "push"];
    const { repository } = request;
    const scope = repository === undefined ? "" : `,scope="repository:${repository}:${actions}"`;
    const challenge = `Bearer realm="${realm}",service="${service}"${scope}`;
    const [scheme = "", token = ""] = (headers.authorization ?? "").split(" ");
    if (scheme.toLowerCase() !== "bearer") return unauthorized(challenge);
    const grant = openToken(token);
    if (grant === undefined || grant.expires <= now()) return unauthorized(`${challenge},error="invalid_token"`);
    const needed = repository === undefined ? [] : actions.map((action) => `repository:${repository}:${action}`);
    if (needed.every((one) => grant.scopes.includes(one))) return undefined;
    return unauthorized(`${challenge},error="insufficient_scope"`);
  }

  async function token(message: IncomingMessage, request: RegistryRequest): Promise<Answer> {
    if (request.method !== "GET" && request.method !== "POST") return errorAnswer(405, "UNSUPPORTED", "GET or POST");
    const query = request.method === "GET" ? request.query : new URLSearchParams(await bodyOf(message));
    if (query.getAll("service").join() !== service) return errorAnswer(400, "UNSUPPORTED", "another service, or none");
    const scopes = query.getAll("scope").flatMap((scope) => scope.split(" "));
    const wrong = scopes.find((scope) => !SCOPE.test(scope));
    if (wrong !== undefined) return errorAnswer(400, "UNSUPPORTED", `not a scope: ${wrong}`);
    if (request.method === "POST" && !query.has("client_id")) return errorAnswer(400, "UNSUPPORTED", "no client_id");

    const who = request.method === "GET" ? byHeader(message.headers) : byForm(query);
    if (who === "stranger") return errorAnswer(401, "UNAUTHORIZED", "wrong credentials");
    const offline = query.get("offline_token") === "true" || query.get("access_type") === "offline";
    return {
      status: 200,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: JSON.stringify({
        ...named(sealToken({ scopes: scopes.flatMap((scope) => granted(scope, who)), expires: now() + ttl * 1000 })),
        ...(auth.tellExpiry === false ? {} : { expires_in: ttl, issued_at: new Date(now()).toISOString() }),
        ...(offline && who === "user" ? { refresh_token: auth.refreshToken } : {}),
      }),
    };
  }

  function byHeader({ authorization }: IncomingHttpHeaders): "user" | "anonymous" | "stranger" {
    if (authorization === undefined) return "anonymous";
    const known = auth.username !== undefined && authorization === basic(auth.username, auth.password ?? "");
    return known ? "user" : "stranger";
  }

  function byForm(form: URLSearchParams): "user" | "stranger" {
    const grantType = form.get("grant_type");
    if (grantType === "refresh_token") {
      return auth.refreshToken !== undefined && form.get("refresh_token") === auth.refreshToken ? "user" : "stranger";
    }
    const same = form.get("username") === auth.username && form.get("password") === (auth.password ?? "");
    return grantType === "password" && auth.username !== undefined && same ? "user" : "stranger";
  }

  /** A scope that is not allowed is left out of the token, as on Docker Hub: the registry refuses it then. */
  function granted(scope: string, who: "user" | "anonymous"): string[] {
    const [, repository = "", actions = ""] = SCOPE.exec(scope) ?? [];
    const { anonymous = false } = auth;
    const open = typeof anonymous === "boolean" ? anonymous : anonymous(repository);
    const allowed = who === "user" ? ["pull", "push"] : open ? ["pull"] : [];
    return allowed
      .filter((action) => actions === "*" || actions.split(",").includes(action))
      .map((action) => `repository:${repository}:${action}`);
  }

  function named(value: string): { token?: string; access_token?: string } {
    const field = auth.field ?? "both";
    return {
      ...(field === "access_token" ? {} : { token: value }),
      ...(field === "token" ? {} : { access_token: value }),
    };
  }

  return { refuse, token };
}

// The tokens protect nothing but test content, so their key is no secret. Without chance in them a run can be repeated.
const KEY = "embedded registry";

function sealToken(grant: Grant): string {
  const text = Buffer.from(JSON.stringify(grant)).toString("base64url");
  return `${text}.${createHmac("sha256", KEY).update(text).digest("base64url")}`;
}

function openToken(token: string): Grant | undefined {
  const [text = "", seal] = token.split(".");
  if (createHmac("sha256", KEY).update(text).digest("base64url") !== seal) return undefined;
  return JSON.parse(Buffer.from(text, "base64url").toString());
}

function unauthorized(challenge: string): Answer {
  return errorAnswer(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > REQUEST_LIMIT) break;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
