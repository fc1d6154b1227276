import type { FindCredentials } from "../credentials/credentials.ts";
import { AircrateError } from "../error.ts";
import { type Answer, drop, type SmallAnswer } from "../http/answer.ts";
import { isInsecure, type NetworkSettings } from "../http/settings.ts";
import { createTransport, type TransportOptions } from "../http/transport.ts";
import type { Reference } from "../reference.ts";
import { answerError } from "./answer-error.ts";
import { answerChallenge, createAuthorizer } from "./auth.ts";
import { apiHost, isLoopback } from "./host.ts";
import { insecureHosts, type Mirrors, type Place, placesOf, type Registries } from "./mirrors.ts";
import { type Failures, givenUpOnce } from "./sources.ts";

/** Reads from registries over the OCI distribution API (distribution-spec 1.1, "Pull"). */
export interface RegistryClient {
  /** The places that may have what the reference names, in the order in which to ask them; at least one. */
  sources(reference: Reference): readonly RegistrySource[];
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
    const answer = await transport.get(new URL("/v2/", base), { where: registry, headers: { authorization: header } });
    if (answer.status !== 200) throw await answerError(answer, { ...request, authorization: header });
    await drop(answer.body);
    return { asked: true, ...(identityToken !== undefined && { identityToken }) };
  }

  function createSource({ host, repository }: Place): RegistrySource {
    const address = apiHost(host);
    const source: RegistrySource = {
      host,
      async get(path, { where, accept, from = 0 }) {
        const contact = await once(contacts, address, () => firstContact(address, where));
        const url = new URL(`/v2/${repository}/${path}`, contact.base);
        const request = { host, plain: contact.base.protocol === "http:", repository, where };
        let authorization =
          contact.challenge === undefined ? undefined : await authorizer.authorize(contact.challenge, request);
        for (let attempt = 0; ; attempt += 1) {
          const headers = {
            ...(accept && { accept }),
            ...(authorization && { authorization }),
            ...(from > 0 && { range: `bytes=${from}-` }),
          };
          const answer = await transport.get(url, { where, headers });
          if (answer.status === 200 || (from > 0 && (answer.status === 206 || answer.status === 416))) return answer;
          const header = joinHeader(answer.headers["www-authenticate"]);
          if (answer.status !== 401 || attempt > 0 || header === undefined)
            throw await answerError(answer, { ...request, authorization });
          // The token was for less than this, or has run out: once more with a new one.
          await drop(answer.body);
          authorization = await authorizer.renew(header, { ...request, refused: authorization });
        }
      },
      read: (path, request) => transport.whole(() => source.get(path, request), request),
    };
    return source;
  }

  /** `GET /v2/`: finds the scheme and the challenge before anything that matters is sent. */
  async function firstContact(host: string, where: string): Promise<Contact> {
    const url = new URL(`https://${host}/v2/`);
    const orPlain = isLoopback(host) || isInsecure(url.host, options);
    const answer = await transport.get(url, { where, orPlain });
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
