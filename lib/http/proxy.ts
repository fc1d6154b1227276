import { AircrateError } from "../error.ts";
import { bypasses } from "./no-proxy.ts";

/** Proxies for requests, as the variables of the environment name them (`HTTPS_PROXY` and so on). */
export interface ProxySettings {
  /** The proxy for https addresses: `[http[s]://][USER:PASSWORD@]HOST[:PORT]`. */
  readonly https?: string;
  /** The proxy for http addresses. */
  readonly http?: string;
  /** Servers that are asked without a proxy, as in `NO_PROXY`. */
  readonly except?: string;
}

export interface ProxyServer {
  /** Scheme, host and port, without credentials. */
  readonly origin: URL;
  /** `Proxy-Authorization` for it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The proxy that a request has to go through, if any. @throws AircrateError usage when its address is malformed */
export function proxyFor(url: URL, settings: ProxySettings): ProxyServer | undefined {
  const address = url.protocol === "https:" ? settings.https : settings.http;
  if (!address || bypasses(url, settings.except ?? "")) return undefined;
  return readProxy(address);
}

function readProxy(address: string): ProxyServer {
  // As in Go and curl, an address without a scheme is an http proxy.
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "") throw addressError("the address of the proxy cannot be read");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw addressError(`a proxy of the kind ${url.protocol}// is not supported`);
  }
  return { origin: new URL(url.origin), headers: authorization(url) };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  let credentials: string;
  try {
    credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw addressError("the credentials in the address of the proxy have a % that encodes nothing");
  }
  return { "proxy-authorization": `Basic ${Buffer.from(credentials, "utf8").toString("base64")}` };
}

/** The address may hold a password, so it is not shown. */
function addressError(what: string): AircrateError {
  return new AircrateError("usage", what, {
    hint: "write it as http://[USER:PASSWORD@]HOST:PORT in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or take it out",
  });
}
