import type { FindCredentials } from "../credentials/credentials.ts";
import { AircrateError } from "../error.ts";
import { type Answer, drop, type ServerAnswer, type SmallAnswer } from "../http/answer.ts";
import { isInsecure, type NetworkSettings } from "../http/settings.ts";
import { createTransport, type RequestOptions, type TransportOptions } from "../http/transport.ts";
import type { Reference } from "../reference.ts";
import { type AnsweredRequest, answerError } from "./answer-error.ts";
import { answerChallenge, createAuthorizer } from "./auth.ts";
import type { AuthRequest } from "./authorization.ts";
import { apiHost, isLoopback } from "./host.ts";
import { insecureHosts, type Mirrors, type Place, placesOf, type Registries } from "./mirrors.ts";
import { type Failures, givenUpOnce } from "./sources.ts";
import { createTarget, type RegistryTarget } from "./target.ts";

/** Reads from registries and writes to them over the OCI distribution API (distribution-spec 1.1, "Pull" and "Push"). */
export interface RegistryClient {
  /** The places that may have what the reference names, in the order in which to ask them; at least one. */
  sources(reference: Reference): readonly RegistrySource[];
  /** The repository of a reference, to push to. It is never one of a mirror. */
  target(reference: Pick<Reference, "registry" | "repository">): RegistryTarget;
  /**
   * Tries the client's credentials on a registry itself, not on a mirror of it.
   *
   * @throws AircrateError unreachable, forbidden when it does not take them
   */
  checkCredentials(registry: string): Promise<CheckedCredentials>;
  close(): Promise<void>;
}

/** One place to pull a reference from: its registry, or a mirror of it. */
export interface RegistrySource {
  /** Host and port, as the user knows it. */
  readonly host: string;
  /**
   * One GET below `/v2/REPOSITORY/`, with whatever authentication the registry asks for.
   *
   * @returns an answer of status 200; when `from` is given and not 0, also one of 206 or 416
   * @throws AircrateError unreachable (network, 404, other answers), forbidden (401, 403)
   */
  get(path: string, options: SourceRequest): Promise<Answer>;
  /** As `get`, with a small body read whole. @throws AircrateError also integrity when it is larger than `limit` */
  read(path: string, options: SourceRequest & { limit: number }): Promise<SmallAnswer>;
}

export interface SourceRequest {
  /** The reference in full, for errors. */
  readonly where: string;
  readonly accept?: string;
  /** Asks for the bytes from this position on (RFC 9110, section 14.2). */
  readonly from?: number;
}

export interface CheckedCredentials {
  /** Whether the registry asked for credentials at all; without that nothing is proved. */
  readonly asked: boolean;
  /** Stands in for the password from now on, when the registry's token service gives such tokens. */
  readonly identityToken?: string;
}

/** How registries are reached: what a user may set, the same for every command. */
export interface RegistryAccess extends NetworkSettings {
  /** Asked instead of registries; goes before `registries`. */
  readonly mirrors?: Mirrors;
  readonly registries?: Registries;
  readonly findCredentials?: FindCredentials;
}

/** Sends one request about a repository, with whatever authentication the registry asks for. */
export type Ask = (place: Place, request: PlaceRequest) => Promise<PlaceAnswer>;

export interface PlaceRequest
  extends Pick<RequestOptions, "where" | "method" | "headers" | "content" | "once">,
    Pick<AuthRequest, "push" | "mountFrom"> {
  /** Path below `/v2/REPOSITORY/`, or an address that the registry gave: at another origin it gets no credentials. */
  readonly to: string | URL;
}

/** Any answer; of status 401 only when new credentials do not help. */
export interface PlaceAnswer {
  readonly answer: ServerAnswer;
  /** What it answers, for the words of its error. */
  readonly request: AnsweredRequest;
}

export interface RegistryClientOptions extends TransportOptions, RegistryAccess {}

/** How a host is spoken to, found out once. */
interface Contact {
  readonly base: URL;
  /** Of its first answer. */
  readonly status: number;
  /** `WWW-Authenticate` of its first 401; undefined when it asks for nothing. */
  readonly challenge: string | undefined;
}

export function createRegistryClient(given: RegistryClientOptions): RegistryClient {
  const { registries = new Map(), findCredentials = async () => undefined } = given;
  const options = { ...given, insecure: [...(given.insecure ?? []), ...insecureHosts(registries)] };
  const transport = createTransport(options);
  const contacts = new Map<string, Promise<Contact>>();
  const failures: Failures = new Map();
  const authorizer = createAuthorizer(transport, findCredentials);

  return {
    sources(reference) {
      const sources = placesOf(reference, options).map(createSource);
      return sources.map((source, i) => (i < sources.length - 1 ? givenUpOnce(source, failures) : source));
    },
    target: ({ registry, repository }) =>
      createTarget({ host: registry, repository }, { ask, patience: transport.patience }),
    checkCredentials,
    close: () => transport.close(),
  };

  async function checkCredentials(registry: string): Promise<CheckedCredentials> {
    const { base, status, challenge } = await firstContact(apiHost(registry), registry);
    if (challenge === undefined && status === 200) return { asked: false };
    if (challenge === undefined) {
      throw new AircrateError("unreachable", "it does not answer as a registry does", {
        where: registry,
        reason: `${new URL("/v2/", base).href} answers ${status}`,
        hint: "check the name of the registry",
      });
    }
    const request = { host: registry, plain: base.protocol === "http:", where: registry, offline: true };
    const { header, identityToken } = await answerChallenge(transport, findCredentials, { challenge, ...request });
    const answer = await transport.send(new URL("/v2/", base), { where: registry, headers: { authorization: header } });
    if (answer.status !== 200) throw await answerError(answer, { ...request, authorization: header });
    await drop(answer.body);
    return { asked: true, ...(identityToken !== undefined && { identityToken }) };
  }

  function createSource(place: Place): RegistrySource {
    const source: RegistrySource = {
      host: place.host,
      async get(path, { where, accept, from = 0 }) {
        const headers = { ...(accept && { accept }), ...(from > 0 && { range: `bytes=${from}-` }) };
        const { answer, request } = await ask(place, { to: path, where, headers });
        if (answer.status === 200 || (from > 0 && (answer.status === 206 || answer.status === 416))) return answer;
        throw await answerError(answer, request);
      },
      read: (path, request) => transport.whole(() => source.get(path, request), request),
    };
    return source;
  }

  async function ask(
    { host, repository }: Place,
    { to, push, mountFrom, ...sent }: PlaceRequest,
  ): Promise<PlaceAnswer> {
    const { where } = sent;
    const address = apiHost(host);
    const { base, challenge } = await once(contacts, address, () => firstContact(address, where));
    const url = typeof to === "string" ? new URL(`/v2/${repository}/${to}`, base) : to;
    const needs = { ...(push !== undefined && { push }), ...(mountFrom !== undefined && { mountFrom }) };
    const request = { host, plain: base.protocol === "http:", repository, where, ...needs };
    const own = url.origin === base.origin;
    let authorization = own && challenge !== undefined ? await authorizer.authorize(challenge, request) : undefined;
    for (let attempt = 0; ; attempt += 1) {
      const headers = { ...sent.headers, ...(authorization && { authorization }) };
      const answer = await transport.send(url, { ...sent, headers });
      // Another origin, which a redirect may lead to, has no say in where credentials go.
      const asks = own && answer.url.origin === base.origin && joinHeader(answer.headers["www-authenticate"]);
      if (answer.status !== 401 || attempt > 0 || !asks) {
        return { answer, request: { ...request, authorization } };
      }
      // The token was for less than this, or has run out: once more with a new one.
      await drop(answer.body);
      authorization = await authorizer.renew(asks, { ...request, refused: authorization });
    }
  }

  /** `GET /v2/`: finds the scheme and the challenge before anything that matters is sent. */
  async function firstContact(host: string, where: string): Promise<Contact> {
    const url = new URL(`https://${host}/v2/`);
    const orPlain = isLoopback(host) || isInsecure(url.host, options);
    const answer = await transport.send(url, { where, orPlain });
    await drop(answer.body);
    return {
      base: new URL("/", answer.asked),
      status: answer.status,
      challenge: answer.status === 401 ? joinHeader(answer.headers["www-authenticate"]) : undefined,
    };
  }
}

/** Runs `make` once per key; a failure is not remembered. */
function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let promise = known.get(key);
  if (promise === undefined) {
    promise = make();
    known.set(key, promise);
    promise.catch(() => known.delete(key));
  }
  return promise;
}

function joinHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
