import path from "node:path";
import { readRegistriesFile } from "./app/registries.ts";
import { credentialsFromFiles } from "./credentials/find.ts";
import { configFolder, credentialPlaces, type Environment, registriesFile } from "./environment.ts";
import type { ProxySettings } from "./http/proxy.ts";
import type { TlsSettings } from "./http/tls.ts";
import { DAY, type Range, within } from "./range.ts";
import type { RegistryAccess } from "./registry/client.ts";
import { parseHost } from "./registry/host.ts";
import { parseMirror } from "./registry/mirrors.ts";

/** How registries are reached, as far as somebody says so; everything else is found in files and the environment. */
export interface RegistrySettings {
  /** Asked instead of registries, each as `REGISTRY[/PREFIX]=HOST[/PATH]`. They go before what the project says. */
  readonly mirrors?: readonly string[];
  /** PEM files of authorities that are trusted, too. */
  readonly ca?: readonly string[];
  /** `HOST[:PORT]` of registries whose certificates are not checked, and that may be asked in plain http. */
  readonly insecureRegistries?: readonly string[];
  /** How often a request is sent at most, 1 to 1000; default 5. */
  readonly retries?: number;
  /** Longest wait that a registry may ask for, in seconds, up to a day; default 60. */
  readonly retryMaxWait?: number;
  /** Seconds, up to a day, until an answer has to begin, and that it may pause; default 60. */
  readonly timeout?: number;
}

/** What the numbers of {@link RegistrySettings} may be. */
export const RANGES = {
  retries: { from: 1, to: 1000, whole: true },
  retryMaxWait: { from: 0, to: DAY },
  timeout: { from: 0.001, to: DAY },
} as const satisfies Record<string, Range>;

/**
 * How registries are reached: credentials, mirrors, proxies and certificates from where README, "Networks" and
 * "Credentials", says.
 *
 * @throws AircrateError usage; input: the user's file about registries is wrong
 */
export async function registryAccess(settings: RegistrySettings, env: Environment): Promise<RegistryAccess> {
  const { mirrors = [], ca = [], insecureRegistries = [], retries, retryMaxWait, timeout } = settings;
  return {
    mirrors: new Map(mirrors.map(parseMirror)),
    registries: await readRegistriesFile(registriesFile(env)),
    findCredentials: credentialsFromFiles(credentialPlaces(env)),
    insecure: insecureRegistries.map(parseHost),
    proxy: proxySettings(env),
    tls: tlsSettings(ca, env),
    retry: {
      ...(retries !== undefined && { tries: within(retries, "retries", RANGES.retries) }),
      ...(retryMaxWait !== undefined && {
        maxRetryAfter: within(retryMaxWait, "retryMaxWait", RANGES.retryMaxWait) * 1000,
      }),
    },
    ...(timeout !== undefined && { timeout: within(timeout, "timeout", RANGES.timeout) * 1000 }),
  };
}

/** Variables of one name in both cases, where the one in capitals counts first, as in Go's programs. Empty is unset. */
function proxySettings(env: Environment): ProxySettings {
  const variable = (name: string) => env[name] || env[name.toLowerCase()];
  const all = variable("ALL_PROXY");
  const https = variable("HTTPS_PROXY") ?? all;
  const http = variable("HTTP_PROXY") ?? all;
  const except = variable("NO_PROXY");
  return { ...(https && { https }), ...(http && { http }), ...(except && { except }) };
}

/** Aircrate's own folder counts first, then those of Podman and Docker. */
function tlsSettings(authorities: readonly string[], env: Environment): TlsSettings {
  const config = configFolder(env);
  const homes = [path.join(config, "aircrate"), path.join(config, "containers"), "/etc/containers", "/etc/docker"];
  return {
    authorities,
    folders: homes.map((folder) => path.join(folder, "certs.d")),
    extra: env.NODE_EXTRA_CA_CERTS,
  };
}
