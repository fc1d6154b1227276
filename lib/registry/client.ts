import { decodeJson } from "../../spec/decode.ts";
import { RegistryErrors } from "../../spec/registry.ts";
import { AircrateError } from "../error.ts";
import { type Answer, drop, readBody, type SmallAnswer } from "../http/answer.ts";
import { tried } from "../http/errors.ts";
import { isInsecure, type NetworkSettings } from "../http/settings.ts";
import { createTransport, type TransportOptions } from "../http/transport.ts";
import type { Reference } from "../reference.ts";
import { answerChallenge, forbidden } from "./auth.ts";
import type { FindCredentials } from "./credentials.ts";
import { apiHost, isLoopback, type Mirrors } from "./host.ts";

/** Reads from registries over the OCI distribution API (distribution-spec 1.1, "Pull"). */
export interface RegistryClient {
  /** The places that may have what the reference names, in the order in which to ask them; at least one. */
  sources(reference: Reference): readonly RegistrySource[];
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

/** How registries are reached: what a user may set, the same for every command. */
export interface RegistryAccess extends NetworkSettings {
  readonly mirrors?: Mirrors;
  readonly findCredentials?: FindCredentials;
}

export interface RegistryClientOptions extends TransportOptions, RegistryAccess {}

const MAX_ERROR_BODY = 64 * 1024;

/** How a host is spoken to, found out once. */
interface Contact {
  readonly base: URL;
  /** `WWW-Authenticate` of its first 401; undefined when it asks for nothing. */
  readonly challenge: string | undefined;
}

export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { mirrors = new Map(), findCredentials = async () => undefined } = options;
  const transport = createTransport(options);
  const contacts = new Map<string, Promise<Contact>>();
  const authorizations = new Map<string, Promise<string>>();

  return {
    sources: ({ registry, repository }) => [createSource(apiHost(registry, mirrors), repository)],
    close: () => transport.close(),
  };

  function createSource(address: string, repository: string): RegistrySource {
    const host = address === "registry-1.docker.io" ? "docker.io" : address;
    const source: RegistrySource = {
      host,
      async get(path, { where, accept, from = 0 }) {
        const contact = await once(contacts, address, () => firstContact(address, where));
        const url = new URL(`/v2/${repository}/${path}`, contact.base);
        const request = { host, plain: contact.base.protocol === "http:", repository, where };
        const key = `${address}/${repository}`;
        const authorize = (header: string) =>
          once(authorizations, key, () => answerChallenge(transport, findCredentials, { header, ...request }));
        let authorization = contact.challenge === undefined ? undefined : await authorize(contact.challenge);
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
          const known = authorizations.get(key);
          // Of several requests that were refused at once, the first one fetches it for all.
          if ((await known) === authorization && authorizations.get(key) === known) authorizations.delete(key);
          authorization = await authorize(header);
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
    const challenge = answer.status === 401 ? joinHeader(answer.headers["www-authenticate"]) : undefined;
    return { base: new URL("/", answer.asked), challenge };
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

async function answerError(
  answer: Answer,
  request: { host: string; where: string; authorization: string | undefined },
): Promise<AircrateError> {
  const { host, where } = request;
  // Cut last: half a secret would not be known again.
  const said = withoutSecrets(await registryMessage(answer, where), request.authorization).slice(0, 300);
  const reason = tried(`${host} answers ${answer.status}${said === "" ? "" : `: ${said}`}`, answer.tries);
  switch (answer.status) {
    case 401:
    case 403:
      return forbidden(request, reason);
    case 404:
      return new AircrateError("unreachable", "there is no such image", {
        where,
        reason,
        hint: "check the repository and the tag",
      });
    case 429:
      return new AircrateError("unreachable", "the registry asks to come back later", {
        where,
        reason,
        hint: "wait, log in for a higher limit, or give a mirror with --mirror REGISTRY=HOST",
      });
    default:
      return new AircrateError("unreachable", "the registry does not deliver", { where, reason });
  }
}

async function registryMessage(answer: Answer, where: string): Promise<string> {
  try {
    const { errors } = decodeJson(RegistryErrors, await readBody(answer, MAX_ERROR_BODY, where));
    const text = errors.map(({ code, message }) => message ?? code ?? "").join("; ");
    return text.replace(/[^\x20-\x7e]/g, " ");
  } catch {
    return "";
  }
}

/** A registry may repeat in an answer what it was sent, and answers are printed. */
function withoutSecrets(text: string, authorization: string | undefined): string {
  if (authorization === undefined) return text;
  const sent = authorization.slice(authorization.indexOf(" ") + 1);
  const plain = authorization.startsWith("Basic ") ? Buffer.from(sent, "base64").toString("utf8") : "";
  const secrets = [sent, plain, plain.slice(plain.indexOf(":") + 1)].filter((secret) => secret !== "");
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "[hidden]"), text);
}
