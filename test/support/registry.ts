import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, makeAuthority, makeCertificate } from "./certificates.ts";
import { startDaemon } from "./daemon.ts";
import { BEHIND_PROXY } from "./proxy.ts";
import { runOk } from "./run.ts";
import { ISSUER, SERVICE, startTokenServer, type TokenServer, type TokenServerOptions } from "./token-server.ts";

export const USER = "aircrate";
export const PASSWORD = "sesame-pass";

/** plain: no credentials. basic and token: `USER` and `PASSWORD`. tls: https with a certificate of its own authority. */
export type RegistryMode = "plain" | "basic" | "token" | "tls";

export interface RegistryOptions {
  readonly mode?: RegistryMode;
  /** Folder of ours for configuration, keys and log. */
  readonly dir: string;
  /** Storage folder, default `storage` in `dir`. Registries of all modes may share one. */
  readonly storage?: string;
  /** Refuse to push (405): for storage that others use, too. */
  readonly readonly?: boolean;
  /** For mode tls: the file of the authority whose client certificates it asks for. */
  readonly clientAuthority?: string;
  /** To listen on again after a stop, default any. */
  readonly port?: number;
  /** Address of a registry that it is a pull-through cache of. */
  readonly proxy?: string;
  /** Takes manifests of Docker's schema 1. */
  readonly schema1?: boolean;
  /** For mode token: what `startTokenServer` takes. */
  readonly token?: Pick<TokenServerOptions, "ttl" | "field" | "offline">;
}

export interface Registry {
  readonly mode: RegistryMode;
  /** `127.0.0.1:PORT`, as it stands in a reference. */
  readonly host: string;
  /** With scheme, without a path. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Mode tls: the authority that a client has to trust. */
  readonly caFile?: string;
  /** Mode token. */
  readonly tokens?: TokenServer;
  /** The access log so far: lines of the common log format among messages. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts Debian's docker-registry on a free loopback port. For a test, see `registryFor` in seed.ts. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { mode = "plain", dir } = options;
  mkdirSync(dir, { recursive: true });
  const tokens =
    mode === "token" ? await startTokenServer({ ...options.token, dir, user: USER, password: PASSWORD }) : undefined;
  try {
    const authority = mode === "tls" ? await makeAuthority(dir) : undefined;
    const names = `IP:127.0.0.1,DNS:localhost,DNS:${BEHIND_PROXY}`;
    const tls = authority && (await makeCertificate(dir, "tls", { authority, names }));
    const config = join(dir, "registry.json");
    writeFileSync(config, JSON.stringify(await configuration(options, tokens, tls)));
    const daemon = await startDaemon("docker-registry", ["serve", config], {
      logFile: join(dir, "registry.log"),
      ready: (log) => LISTENING.test(log),
    });
    const host = `127.0.0.1:${LISTENING.exec(daemon.log())?.[1]}`;
    const stop = async () => {
      await daemon.stop();
      await tokens?.stop();
    };
    const url = `${mode === "tls" ? "https" : "http"}://${host}`;
    return {
      mode,
      host,
      url,
      user: USER,
      password: PASSWORD,
      caFile: authority?.certFile,
      tokens,
      log: daemon.log,
      stop,
    };
  } catch (error) {
    await tokens?.stop();
    throw error;
  }
}

/** On port 0, which no other process can take from it, the registry logs which one that came to be. */
const LISTENING = /listening on 127\.0\.0\.1:(\d+)/;

/** The registry's configuration, as JSON, which is YAML. */
async function configuration(options: RegistryOptions, tokens?: TokenServer, tls?: Certificate): Promise<object> {
  const { mode = "plain", dir, storage = join(dir, "storage"), readonly = false, port = 0, proxy, schema1 } = options;
  const { clientAuthority } = options;
  mkdirSync(storage, { recursive: true });
  const auth = tokens
    ? { token: { realm: tokens.realm, service: SERVICE, issuer: ISSUER, rootcertbundle: tokens.certFile } }
    : mode === "basic"
      ? { htpasswd: { realm: "aircrate", path: await makePasswords(dir) } }
      : undefined;
  return {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: storage },
      delete: { enabled: true },
      cache: { blobdescriptor: "inmemory" },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readonly } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: "aircrate",
      ...(tls && {
        tls: {
          certificate: tls.certFile,
          key: tls.keyFile,
          ...(clientAuthority !== undefined && { clientcas: [clientAuthority] }),
        },
      }),
    },
    ...(auth && { auth }),
    ...(proxy !== undefined && { proxy: { remoteurl: proxy } }),
    ...(schema1 === true && { compatibility: { schema1: { enabled: true } } }),
  };
}

/** The registry takes bcrypt and nothing else; cost 4 keeps the check quick. */
async function makePasswords(dir: string): Promise<string> {
  const path = join(dir, "htpasswd");
  writeFileSync(path, await runOk("htpasswd", ["-B", "-C", "4", "-b", "-n", USER, PASSWORD]));
  return path;
}
