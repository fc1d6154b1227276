import type { FindCredentials } from "../credentials/credentials.ts";
import type { Transport } from "../http/transport.ts";
import { type Authorization, type AuthRequest, basic, forbidden } from "./authorization.ts";
import { parseChallenges } from "./challenge.ts";
import { fetchToken } from "./token.ts";

/** Authorizations for the repositories of registries, got once for all requests that need the same one. */
export interface Authorizer {
  /**
   * The value of the `Authorization` header to send, renewed before it runs out.
   *
   * @param challenge `WWW-Authenticate` of the registry, for when there is none yet
   * @throws AircrateError as {@link answerChallenge}
   */
  authorize(challenge: string, request: AuthRequest): Promise<string>;
  /**
   * Another one in place of one that the registry has answered by 401 and this challenge.
   *
   * @throws AircrateError as {@link answerChallenge}
   */
  renew(challenge: string, request: AuthRequest & { refused: string | undefined }): Promise<string>;
}

/** What is known for a repository; the challenge says how to get it again. */
interface Held {
  readonly challenge: string;
  readonly authorization: Promise<Authorization>;
}

export function createAuthorizer(transport: Transport, findCredentials: FindCredentials): Authorizer {
  const held = new Map<string, Held>();

  return {
    async authorize(challenge, request) {
      const known = held.get(keyOf(request));
      // A new one is used at least once, however short it lives.
      if (known === undefined) return (await hold(challenge, request).authorization).header;
      const { header, renewAt } = await known.authorization;
      return performance.now() < renewAt ? header : replace(known, known.challenge, request);
    },
    async renew(challenge, { refused, ...request }) {
      const known = held.get(keyOf(request));
      if (known === undefined) return (await hold(challenge, request).authorization).header;
      const { header } = await known.authorization;
      return header === refused ? replace(known, challenge, request) : header;
    },
  };

  /** Of several requests that find the same one out of date, the first one renews it for all. */
  async function replace(old: Held, challenge: string, request: AuthRequest): Promise<string> {
    const known = held.get(keyOf(request));
    const next = known === undefined || known === old ? hold(challenge, request) : known;
    return (await next.authorization).header;
  }

  function hold(challenge: string, request: AuthRequest): Held {
    const key = keyOf(request);
    const next = { challenge, authorization: answerChallenge(transport, findCredentials, { challenge, ...request }) };
    held.set(key, next);
    // A failure is not remembered.
    next.authorization.catch(() => {
      if (held.get(key) === next) held.delete(key);
    });
    return next;
  }
}

/** What a token is good for. No part holds a space. */
function keyOf({ host, repository, push = false, mountFrom = "" }: AuthRequest): string {
  return `${host}/${repository} ${push} ${mountFrom}`;
}

/**
 * Answers a registry's challenge, by a token if it takes one.
 *
 * @param options `challenge` is the `WWW-Authenticate` of the 401
 * @throws AircrateError forbidden when there are no credentials that serve, or they cannot be read; unreachable when the
 *   token service does not answer as it should
 */
export async function answerChallenge(
  transport: Transport,
  findCredentials: FindCredentials,
  { challenge, ...request }: AuthRequest & { challenge: string },
): Promise<Authorization> {
  const challenges = parseChallenges(challenge);
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer === undefined && !challenges.some(({ scheme }) => scheme === "basic")) {
    throw forbidden(request, "it asks for a way to authenticate that is neither Bearer nor Basic");
  }
  const credentials = await findCredentials(request.host, request.repository ?? "");
  if (bearer !== undefined) return fetchToken(transport, bearer, { credentials, ...request });
  if (credentials === undefined) throw forbidden(request, "it asks for a user name and a password");
  if ("identityToken" in credentials) {
    throw forbidden(request, "it asks for a user name and a password, and there is an identity token only");
  }
  return { header: basic(credentials), renewAt: Number.POSITIVE_INFINITY };
}
