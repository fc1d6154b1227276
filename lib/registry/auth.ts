import { decodeJson } from "../../spec/decode.ts";
import { TokenAnswer } from "../../spec/registry.ts";
import { AircrateError } from "../error.ts";
import { drop, readBody } from "../http/answer.ts";
import type { Transport } from "../http/transport.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Credentials, FindCredentials } from "./credentials.ts";
import { isLoopback } from "./host.ts";

export interface AuthRequest {
  /** The registry that asks, as the user knows it: host and port. */
  readonly host: string;
  /** Whether the registry itself is spoken to without TLS. */
  readonly plain: boolean;
  readonly repository: string;
  readonly where: string;
}

const MAX_TOKEN_ANSWER = 1024 * 1024;

/**
 * Answers a registry's challenge: the value of the `Authorization` header to send from now on.
 *
 * @param header `WWW-Authenticate` of the 401
 * @throws AircrateError forbidden when there are no credentials that serve
 */
export async function answerChallenge(
  transport: Transport,
  findCredentials: FindCredentials,
  { header, ...request }: AuthRequest & { header: string },
): Promise<string> {
  const challenges = parseChallenges(header);
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  const credentials = await findCredentials(request.host);
  if (bearer !== undefined) return `Bearer ${await fetchToken(transport, bearer, credentials, request)}`;
  if (challenges.some(({ scheme }) => scheme === "basic")) {
    if (credentials === undefined) throw forbidden(request, "it asks for a user name and a password");
    return basic(credentials);
  }
  throw forbidden(request, "it asks for a way to authenticate that is neither Bearer nor Basic");
}

function basic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

/** Token Authentication Specification of distribution, GET form. */
async function fetchToken(
  transport: Transport,
  challenge: Challenge,
  credentials: Credentials | undefined,
  request: AuthRequest,
): Promise<string> {
  const url = tokenUrl(challenge, request);
  const answer = await transport.get(url, {
    where: request.where,
    headers: credentials === undefined ? {} : { authorization: basic(credentials) },
  });
  if (answer.status === 401 || answer.status === 403) {
    await drop(answer.body);
    throw forbidden(request, credentials === undefined ? "it gives no anonymous access" : "it refuses the credentials");
  }
  const bytes = await readBody(answer, MAX_TOKEN_ANSWER, request.where);
  if (answer.status !== 200) {
    throw new AircrateError("unreachable", `the token service ${url.host} answers ${answer.status}`, request);
  }
  let token: string | undefined;
  try {
    const decoded = decodeJson(TokenAnswer, bytes);
    token = decoded.token ?? decoded.access_token;
  } catch {
    // Told below, without the text: it may hold the token.
  }
  if (token === undefined || /[^\x21-\x7e]/.test(token)) {
    throw new AircrateError("unreachable", `the token service ${url.host} gives no token`, request);
  }
  return token;
}

function tokenUrl(challenge: Challenge, request: AuthRequest): URL {
  const { parameters } = challenge;
  let url: URL;
  try {
    url = new URL(parameters.get("realm") ?? "");
  } catch {
    throw forbidden(request, "its Bearer challenge names no token service");
  }
  // Credentials go to this address, so it must be as safe as the registry itself.
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && request.plain && isLoopback(url.host));
  if (!allowed || url.username !== "" || url.password !== "") {
    throw forbidden(request, `it names a token service that is not trusted: ${url.protocol}//${url.host}`);
  }
  const service = parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", `repository:${request.repository}:pull`);
  return url;
}

export function forbidden(request: { host: string; where: string }, reason: string | readonly string[]): AircrateError {
  return new AircrateError("forbidden", `${request.host} does not allow it`, {
    where: request.where,
    reason,
    hint: [
      "check the reference: registries answer the same for what does not exist and for what you may not see",
      "put credentials for the host into ~/.docker/config.json (docker login, podman login), or name the file in REGISTRY_AUTH_FILE",
    ],
  });
}
