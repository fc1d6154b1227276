import type { ProxySettings } from "./proxy.ts";
import type { OnRetry, RetrySettings } from "./retry.ts";
import type { TlsSettings } from "./tls.ts";

/** How servers are reached: what a user may set. */
export interface NetworkSettings {
  readonly retry?: RetrySettings;
  readonly onRetry?: OnRetry;
  /**
   * Milliseconds within which an answer must begin and a small document must be there in whole, and which no body may
   * pause longer; default {@link PATIENCE_MS}. Waiting between tries does not count.
   */
  readonly timeout?: number;
  readonly proxy?: ProxySettings;
  readonly tls?: TlsSettings;
  /**
   * Servers, as HOST[:PORT], whose certificate is not checked and that may be spoken to in plain http, as Docker's
   * `insecure-registries`.
   */
  readonly insecure?: readonly string[];
}

export const PATIENCE_MS = 60_000;

/** Whether this server (`host` of its URL) is one of those that the user named as insecure. */
export function isInsecure(host: string, { insecure = [] }: Pick<NetworkSettings, "insecure">): boolean {
  // 443 goes without saying in a URL, and may be said by the user.
  return insecure.some((name) => name.toLowerCase().replace(/:443$/, "") === host);
}
