import path from "node:path";
import { readRegistriesFile } from "../lib/app/registries.ts";
import { credentialsFromFiles } from "../lib/credentials/find.ts";
import { AircrateError } from "../lib/error.ts";
import type { ProxySettings } from "../lib/http/proxy.ts";
import type { Retry } from "../lib/http/retry.ts";
import type { TlsSettings } from "../lib/http/tls.ts";
import type { RegistryAccess } from "../lib/registry/client.ts";
import { parseHost } from "../lib/registry/host.ts";
import { parseMirror } from "../lib/registry/mirrors.ts";
import { configFolder, credentialPlaces, registriesFile } from "./environment.ts";
import type { NetworkArguments } from "./network.ts";
import { warn } from "./ui/text.ts";
import { DAY } from "./units.ts";

/** How registries are reached, by options and environment. @throws AircrateError usage */
export async function registryAccess(args: NetworkArguments, env: NodeJS.ProcessEnv): Promise<RegistryAccess> {
  const { retries, timeout } = args;
  return {
    mirrors: new Map(args.mirror.map(parseMirror)),
    registries: await readRegistriesFile(registriesFile(env)),
    findCredentials: credentialsFromFiles(credentialPlaces(env)),
    insecure: args["insecure-registry"].map(parseHost),
    onRetry: showRetry,
    proxy: proxySettings(env),
    tls: tlsSettings(args.ca, env),
    retry: {
      tries: within(retries, "retries", { from: 1, to: 1000, whole: true }),
      maxRetryAfter: within(args["retry-max-wait"], "retry-max-wait", { from: 0, to: DAY }) * 1000,
    },
    timeout: within(timeout, "timeout", { from: 0.001, to: DAY }) * 1000,
  };
}

/** Tells that a request is going to be sent again; a wait of less than a second is over before that is read. */
function showRetry({ host, reason, wait }: Retry): void {
  if (wait >= 1000) warn(`${host}: ${reason}; trying again in ${(wait / 1000).toFixed(1)} s`);
}

function within(value: number, option: string, range: { from: number; to: number; whole?: boolean }): number {
  const { from, to, whole = false } = range;
  if (value >= from && value <= to && (!whole || Number.isInteger(value))) return value;
  throw new AircrateError("usage", `--${option} is not a ${whole ? "whole number" : "number"} from ${from} to ${to}`);
}

/** Variables of one name in both cases, where the one in capitals counts first, as in Go's programs. Empty is unset. */
function proxySettings(env: NodeJS.ProcessEnv): ProxySettings {
  const variable = (name: string) => env[name] || env[name.toLowerCase()];
  const all = variable("ALL_PROXY");
  const https = variable("HTTPS_PROXY") ?? all;
  const http = variable("HTTP_PROXY") ?? all;
  const except = variable("NO_PROXY");
  return { ...(https && { https }), ...(http && { http }), ...(except && { except }) };
}

/** Aircrate's own folder counts first, then those of Podman and Docker. */
function tlsSettings(authorities: readonly string[], env: NodeJS.ProcessEnv): TlsSettings {
  const config = configFolder(env);
  const homes = [path.join(config, "aircrate"), path.join(config, "containers"), "/etc/containers", "/etc/docker"];
  return {
    authorities,
    folders: homes.map((folder) => path.join(folder, "certs.d")),
    extra: env.NODE_EXTRA_CA_CERTS,
  };
}
