import { AircrateError, type Fault, systemCode } from "../error.ts";

/** A fault of the network that is found here and not in the HTTP client. */
export class NetworkFault extends Error {
  override readonly name = "NetworkFault";
}

/** The proxy on the way does not serve: it cannot be reached itself, or it answers this status instead of the server. */
export class ProxyFault extends Error {
  override readonly name = "ProxyFault";
  /** Host and port, never the credentials. */
  readonly proxy: string;
  readonly status: number | undefined;

  constructor(proxy: string, detail: { status?: number; cause?: unknown }) {
    super(`the proxy ${proxy} does not serve`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.proxy = proxy;
    this.status = detail.status;
  }
}

/**
 * The code of a fault, under which the tables below know it. That of a TLS alert is shortened to `ALERT_BAD_CERTIFICATE`
 * and the like: what stands before it differs between versions of OpenSSL.
 */
export function faultCode(error: unknown): string {
  return (systemCode(error) ?? "").replace(/^ERR_SSL_.*_(?=ALERT_)/, "");
}

const UNKNOWN_AUTHORITY = "its certificate comes from an authority that is not known here";
const CUT = "the connection was cut";
const TIMED_OUT = "the connection timed out";
const NO_ROUTE = "there is no route to it";

/** Words for faults that may pass, so that a request is worth sending again. */
const PASSING: Readonly<Record<string, string>> = {
  EAI_AGAIN: "the name server does not answer",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: CUT,
  ECONNABORTED: CUT,
  EPIPE: CUT,
  ETIMEDOUT: TIMED_OUT,
  ENETUNREACH: NO_ROUTE,
  EHOSTUNREACH: NO_ROUTE,
  ENETDOWN: "the network is down",
  EADDRNOTAVAIL: "there is no address to reach it from",
  UND_ERR_CONNECT_TIMEOUT: TIMED_OUT,
  UND_ERR_HEADERS_TIMEOUT: "it accepted the request and then fell silent",
  UND_ERR_BODY_TIMEOUT: "it fell silent in the middle of an answer",
  UND_ERR_SOCKET: CUT,
  UND_ERR_INFO: CUT,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer is not as long as announced",
  HPE_INVALID_EOF_STATE: CUT,
  ERR_HTTP2_STREAM_ERROR: CUT,
  ERR_HTTP2_SESSION_ERROR: CUT,
  ERR_HTTP2_GOAWAY_SESSION: CUT,
  ERR_HTTP2_STREAM_CANCEL: CUT,
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: "its encrypted bytes arrive damaged",
  ALERT_BAD_RECORD_MAC: "encrypted bytes arrive there damaged",
};

const FINAL: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known to the name server",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  ALERT_PROTOCOL_VERSION: "it does not speak TLS 1.2 or later",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it does not speak TLS 1.2 or later",
  ALERT_HANDSHAKE_FAILURE: "it ends the TLS handshake, perhaps since it asks for a client certificate",
  ALERT_NO_APPLICATION_PROTOCOL: "it speaks neither HTTP/1.1 nor HTTP/2",
};

/** Certificates of servers that are refused here, with what helps. */
const CERTIFICATE: Readonly<Record<string, readonly [reason: string, help: "authority" | "clock" | "name"]>> = {
  CERT_HAS_EXPIRED: ["its certificate has expired", "clock"],
  CERT_NOT_YET_VALID: ["its certificate is not valid yet", "clock"],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["its certificate is self-signed", "authority"],
  SELF_SIGNED_CERT_IN_CHAIN: [UNKNOWN_AUTHORITY, "authority"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [UNKNOWN_AUTHORITY, "authority"],
  UNABLE_TO_GET_ISSUER_CERT: [UNKNOWN_AUTHORITY, "authority"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [UNKNOWN_AUTHORITY, "authority"],
  CERT_UNTRUSTED: [UNKNOWN_AUTHORITY, "authority"],
  CERT_SIGNATURE_FAILURE: ["its certificate is not signed by the authority that it names", "authority"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["its certificate is for another name", "name"],
};

/** Alerts by which a server refuses the certificate of a client (RFC 8446, section 6.2), or the lack of one. */
const CLIENT_CERTIFICATE: Readonly<Record<string, string>> = {
  ALERT_CERTIFICATE_REQUIRED: "it asks for a client certificate",
  ALERT_BAD_CERTIFICATE: "it refuses the client certificate, or asks for one",
  ALERT_UNSUPPORTED_CERTIFICATE: "it refuses the client certificate as one of the wrong kind",
  ALERT_CERTIFICATE_REVOKED: "the client certificate is revoked",
  ALERT_CERTIFICATE_EXPIRED: "the client certificate has expired",
  ALERT_CERTIFICATE_UNKNOWN: "it refuses the client certificate",
  ALERT_UNKNOWN_CA: "it does not know the authority of the client certificate",
  ALERT_ACCESS_DENIED: "it allows no access with the client certificate",
  ALERT_DECRYPT_ERROR: "it refuses the client certificate",
};

/** Statuses that may be different the next time. 501 and the like say something about the server, not the moment. */
export const PASSING_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Whether a fault of the network may be over the next time. */
export function mayPass(error: unknown): boolean {
  if (error instanceof NetworkFault) return true;
  if (error instanceof ProxyFault) {
    return error.status === undefined ? mayPass(error.cause) : PASSING_STATUS.has(error.status);
  }
  return !(error instanceof AircrateError) && Object.hasOwn(PASSING, faultCode(error));
}

/** Whether it was sent to nobody: no one listens. Then nobody is there to wait for, for long. */
export function isRefused(error: unknown): boolean {
  return systemCode(error instanceof ProxyFault ? error.cause : error) === "ECONNREFUSED";
}

/** Whether a connection ended without a word. */
export function isCut(error: unknown): boolean {
  return PASSING[faultCode(error)] === CUT;
}

/** Whether a server refuses the client certificate, or the lack of one. */
export function isClientRefused(error: unknown): boolean {
  return Object.hasOwn(CLIENT_CERTIFICATE, faultCode(error));
}

/** Whether a fault shows that the server speaks TLS, so that there is no point in asking it in plain http. */
export function showsTls(error: unknown): boolean {
  const code = faultCode(error);
  return Object.hasOwn(CERTIFICATE, code) || code.startsWith("ALERT_");
}

/** Why a request failed, in a few words and without the address. */
export function faultText(error: unknown): string {
  if (error instanceof NetworkFault) return error.message;
  if (error instanceof ProxyFault) return proxyText(error);
  const code = faultCode(error);
  const text = PASSING[code] ?? FINAL[code] ?? CERTIFICATE[code]?.[0] ?? CLIENT_CERTIFICATE[code];
  return `${text ?? (error as Error).message.trim()}${code === "" ? "" : ` (${code})`}`;
}

function proxyText({ proxy, status, cause }: ProxyFault): string {
  return status === undefined ? `the proxy ${proxy}: ${faultText(cause)}` : `the proxy ${proxy} answers ${status}`;
}

const HINT = "check the network, or give a mirror with --mirror REGISTRY=HOST, or build from the store with --offline";

/**
 * Words a failed request. The address is given without its query, which may hold a signature.
 *
 * @param tries how often it was sent
 * @param help what to do when nothing more is known; default: that for whoever pulls
 */
export function networkError(error: unknown, where: string, url: URL, tries = 1, help = HINT): unknown {
  if (error instanceof AircrateError || (error as Error).name === "AbortError") return error;
  if (error instanceof ProxyFault) return proxyError(error, where, url, tries);
  const code = faultCode(error);
  // The one error of the client that may come without a code: the answer is no HTTP.
  const known = code !== "" || error instanceof NetworkFault || (error as Error).name === "HTTPParserError";
  if (!known) return error;
  const refused = isClientRefused(error);
  return new AircrateError(refused ? "forbidden" : "unreachable", `${url.host} cannot be reached`, {
    where,
    reason: tried(faultText(error), tries),
    hint: refused
      ? `put the client certificate and its key as client.cert and client.key into the folder ${url.host} in ~/.config/aircrate/certs.d`
      : (certificateHint(code, url) ?? help),
    cause: error,
  });
}

/** Adds how often it was tried to why it failed. */
export function tried(reason: string, tries = 1): string[] {
  return tries > 1 ? [reason, `tried ${tries} times`] : [reason];
}

function certificateHint(code: string, url: URL): string | readonly string[] | undefined {
  switch (CERTIFICATE[code]?.[1]) {
    case "authority":
      return [
        "name a file with the certificate of its authority with --ca FILE or NODE_EXTRA_CA_CERTS",
        `or put it as ca.crt into the folder ${url.host} in ~/.config/aircrate/certs.d or /etc/containers/certs.d`,
      ];
    case "clock":
      return "check the clock of this machine; if it is right, the server needs a new certificate";
    case "name":
      return "ask for the server under a name of its certificate";
    default:
      return undefined;
  }
}

function proxyError(fault: ProxyFault, where: string, url: URL, tries: number): AircrateError {
  const { proxy, status } = fault;
  const [kind, what, hint] = proxyWords(fault, url);
  return new AircrateError(kind, what, {
    where,
    reason: tried(status === undefined ? faultText(fault.cause) : `${proxy} answers ${status}`, tries),
    hint,
    cause: fault,
  });
}

function proxyWords({ proxy, status, cause }: ProxyFault, url: URL): [Fault, string, string | readonly string[]] {
  const around = `or put ${url.hostname} into NO_PROXY if it can be reached without the proxy`;
  switch (status) {
    case undefined: {
      const certificate = certificateHint(faultCode(cause), new URL(`https://${proxy}`));
      const check = "check the proxy's address in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY";
      return ["unreachable", `the proxy ${proxy} cannot be reached`, certificate ?? [check, around]];
    }
    // A server cannot answer CONNECT, so a 401 is the proxy's, too; tinyproxy gives it for wrong credentials.
    case 401:
    case 407:
      return [
        "forbidden",
        `the proxy ${proxy} asks for credentials, or refuses those it got`,
        "put them into the proxy's address in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: http://USER:PASSWORD@HOST:PORT",
      ];
    case 403:
      return [
        "forbidden",
        `the proxy ${proxy} does not let through to ${url.host}`,
        [`ask whoever runs the proxy to allow ${url.host}`, around],
      ];
    default:
      return [
        "unreachable",
        `the proxy ${proxy} does not reach ${url.host}`,
        [`check that the proxy can reach ${url.host}`, around],
      ];
  }
}
