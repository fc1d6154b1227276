import { decodeJson } from "../../spec/decode.ts";
import { TokenAnswer } from "../../spec/registry.ts";
import type { Credentials } from "../credentials/credentials.ts";
import { AircrateError } from "../error.ts";
import { type Answer, drop, readBody } from "../http/answer.ts";
import type { Transport } from "../http/transport.ts";
import { type Authorization, type AuthRequest, basic, forbidden } from "./authorization.ts";
import type { Challenge } from "./challenge.ts";
import { isLoopback } from "./host.ts";
import { mergeScopes } from "./scope.ts";

const MAX_TOKEN_ANSWER = 1024 * 1024;
const CLIENT_ID = "aircrate";

/** Lifetime of a token that does not tell its own, in seconds (Token Authentication Specification). */
const DEFAULT_LIFETIME = 60;
/** A token is renewed when a fifth of its life is left, but at most this many seconds before its end. */
const MARGIN = 10;

/**
 * Gets a Bearer token from the service that a challenge names (distribution docs, "Token Authentication Specification",
 * and for identity tokens "OAuth2 Token Authentication").
 *
 * @throws AircrateError forbidden when the service is not to be trusted or refuses, unreachable when it gives no token
 */
export async function fetchToken(
  transport: Transport,
  challenge: Challenge,
  { credentials, ...request }: AuthRequest & { credentials: Credentials | undefined },
): Promise<Authorization> {
  const url = serviceUrl(challenge, request);
  const answer = await ask(transport, { url, challenge, credentials, request });
  // An identity token that has run out is a faulty request in OAuth2 (RFC 6749, section 5.2).
  const usesToken = credentials !== undefined && "identityToken" in credentials;
  if (answer.status === 401 || answer.status === 403 || (usesToken && answer.status === 400)) {
    await drop(answer.body);
    const refused = usesToken ? "it refuses the identity token" : "it refuses the credentials";
    throw forbidden(request, credentials === undefined ? "it gives no anonymous access" : refused);
  }
  const bytes = await readBody(answer, MAX_TOKEN_ANSWER, request.where);
  if (answer.status !== 200) {
    throw new AircrateError("unreachable", `the token service ${url.host} answers ${answer.status}`, request);
  }
  const now = performance.now();
  const decoded = decodeAnswer(bytes);
  const token = decoded?.token ?? decoded?.access_token;
  if (decoded === undefined || token === undefined || /[^\x21-\x7e]/.test(token)) {
    throw new AircrateError("unreachable", `the token service ${url.host} gives no token`, request);
  }
  const left = lifetime(decoded, answer);
  return {
    header: `Bearer ${token}`,
    renewAt: now + (left - Math.min(left / 5, MARGIN)) * 1000,
    ...(request.offline && decoded.refresh_token && { identityToken: decoded.refresh_token }),
  };
}

function ask(transport: Transport, { url, challenge, credentials, request }: Readonly<TokenRequest>): Promise<Answer> {
  const service = challenge.parameters.get("service");
  const scopes = mergeScopes(...neededScopes(request), challenge.parameters.get("scope"));
  if (credentials !== undefined && "identityToken" in credentials) {
    const form = new URLSearchParams({ grant_type: "refresh_token", client_id: CLIENT_ID });
    if (service !== undefined) form.set("service", service);
    if (scopes.length > 0) form.set("scope", scopes.join(" "));
    form.set("refresh_token", credentials.identityToken);
    return transport.send(url, { where: request.where, form });
  }
  const query = new URL(url);
  if (service !== undefined) query.searchParams.set("service", service);
  query.searchParams.delete("scope");
  for (const scope of scopes) query.searchParams.append("scope", scope);
  if (request.offline) {
    query.searchParams.set("client_id", CLIENT_ID);
    query.searchParams.set("offline_token", "true");
  }
  return transport.send(query, {
    where: request.where,
    headers: credentials === undefined ? {} : { authorization: basic(credentials) },
  });
}

/** Token Scope Documentation: pushing asks for both actions, since what is there is looked at first. */
function neededScopes({ repository, push = false, mountFrom }: AuthRequest): string[] {
  if (repository === undefined) return [];
  const own = `repository:${repository}:${push ? "pull,push" : "pull"}`;
  return mountFrom === undefined ? [own] : [own, `repository:${mountFrom}:pull`];
}

interface TokenRequest {
  readonly url: URL;
  readonly challenge: Challenge;
  readonly credentials: Credentials | undefined;
  readonly request: AuthRequest;
}

function serviceUrl({ parameters }: Challenge, request: AuthRequest): URL {
  let url: URL;
  try {
    url = new URL(parameters.get("realm") ?? "");
  } catch {
    throw forbidden(request, "its Bearer challenge names no token service");
  }
  // Credentials go to this address, so it must be as safe as the registry itself.
  const registry = new URL(`http://${request.host}`);
  const near = isLoopback(url.host) || (!isLoopback(request.host) && url.hostname === registry.hostname);
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && request.plain && near);
  if (!allowed || url.username !== "" || url.password !== "") {
    throw forbidden(request, `it names a token service that is not trusted: ${url.protocol}//${url.host}`);
  }
  return url;
}

function decodeAnswer(bytes: Uint8Array): TokenAnswer | undefined {
  try {
    return decodeJson(TokenAnswer, bytes);
  } catch {
    // The caller tells it, without the text: it may hold the token.
    return undefined;
  }
}

/** Seconds that a token is still good for. What passed since it was issued is measured on the service's own clock. */
function lifetime({ expires_in = DEFAULT_LIFETIME, issued_at = "" }: TokenAnswer, { headers }: Answer): number {
  const age = (Date.parse(String(headers.date)) - Date.parse(issued_at)) / 1000;
  // A token that was over when it was given out: more likely one of the two clocks is wrong.
  return age > 0 && age < expires_in ? expires_in - age : Math.max(expires_in, 0);
}
