import { createPrivateKey } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import tls, { type ConnectionOptions } from "node:tls";
import { AircrateError, systemCode } from "../error.ts";
import { readCertificates, readPem } from "./pem.ts";

export interface TlsSettings {
  /** PEM files of authorities that count besides the known ones, for every server. */
  readonly authorities?: readonly string[];
  /**
   * Folders with one folder per server, named HOST[:PORT], in the order in which they count (Docker's `certs.d`, see
   * containers-certs.d(5)): each `*.crt` holds authorities for this server; `client.cert` with `client.key`, or another
   * pair `NAME.cert` and `NAME.key`, is the client certificate, sent to this server only.
   */
  readonly folders?: readonly string[];
  /** The file that `NODE_EXTRA_CA_CERTS` names. Node heeds it by itself as long as nothing else is added. */
  readonly extra?: string | undefined;
}

/** What there is for one server. */
interface ServerFiles {
  readonly authorities: readonly string[];
  readonly client: ClientFiles | undefined;
}

interface ClientFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * How to speak TLS to a server (`host` of its URL).
 *
 * @param insecure leaves its certificate unchecked
 * @throws AircrateError input, located at a file that is malformed or lacks its counterpart
 */
export async function tlsOptions(host: string, settings: TlsSettings, insecure: boolean): Promise<ConnectionOptions> {
  const { authorities, client } = await serverFiles(host, settings.folders ?? []);
  const files = [...(settings.authorities ?? []), ...authorities];
  const unchecked = insecure && { rejectUnauthorized: false };
  if (files.length === 0 && client === undefined) return { ...unchecked };
  const added = (await Promise.all(files.map(readCertificates))).flat();
  // One context for all connections: it takes 10 ms to make one of all known authorities.
  const secureContext = tls.createSecureContext({
    ...(added.length > 0 && { ca: [...(await knownAuthorities(settings)), ...added] }),
    ...(client !== undefined && (await readClient(client))),
  });
  return { ...unchecked, secureContext };
}

/** What Node trusts when it is told nothing; it forgets that when it is told something. */
async function knownAuthorities({ extra }: TlsSettings): Promise<readonly string[]> {
  // Since Node 22.15; it includes the file of NODE_EXTRA_CA_CERTS and, if asked for, the system's authorities.
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  if (getCACertificates !== undefined) return getCACertificates("default");
  // A file that cannot be read does not count; Node has warned of it at its start.
  const more = extra ? await readFile(extra, "latin1").catch(() => "") : "";
  return more === "" ? tls.rootCertificates : [...tls.rootCertificates, more];
}

async function serverFiles(host: string, folders: readonly string[]): Promise<ServerFiles> {
  const authorities: string[] = [];
  let client: ClientFiles | undefined;
  for (const folder of folders.flatMap((base) => hostFolders(base, host))) {
    const names = await list(folder);
    const at = (name: string) => path.join(folder, name);
    authorities.push(...names.filter((name) => name.endsWith(".crt")).map(at));
    client ??= findClient(folder, names);
  }
  return { authorities, client };
}

/** Hosts come from servers, too, by redirects: one that is no name of a folder has none. */
function hostFolders(base: string, host: string): string[] {
  if (!/^[\w[][\w.:[\]-]*$/.test(host)) return [];
  const names = /:\d+$/.test(host) ? [host] : [host, `${host}:443`];
  // The API of Docker Hub is served by another host than the one in references.
  if (host === "registry-1.docker.io") names.push("docker.io");
  return names.map((name) => path.join(base, name));
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new AircrateError("input", "the folder with certificates cannot be read", {
      where: folder,
      reason: code ?? "",
      cause: error,
    });
  }
}

function findClient(folder: string, names: readonly string[]): ClientFiles | undefined {
  const at = (name: string) => path.join(folder, name);
  const base = (name: string) => name.replace(/\.[^.]*$/, "");
  const certificates = names.filter((name) => name.endsWith(".cert"));
  const lonely = names.find((name) => name.endsWith(".key") && !names.includes(`${base(name)}.cert`));
  if (lonely !== undefined) {
    throw new AircrateError("input", `the certificate of the key is missing, ${base(lonely)}.cert`, {
      where: at(lonely),
    });
  }
  const keyless = certificates.find((name) => !names.includes(`${base(name)}.key`));
  if (keyless !== undefined) {
    throw new AircrateError("input", `the key of the client certificate is missing, ${base(keyless)}.key`, {
      where: at(keyless),
      hint: "a certificate of an authority has a name that ends with .crt",
    });
  }
  const name = certificates.includes("client.cert") ? "client.cert" : certificates[0];
  if (name === undefined) return undefined;
  if (certificates.length > 1 && name !== "client.cert") {
    throw new AircrateError("input", `there are ${certificates.length} client certificates`, {
      where: folder,
      reason: certificates.join(", "),
      hint: "name the one to send client.cert, and its key client.key",
    });
  }
  return { certificate: at(name), key: at(`${base(name)}.key`) };
}

async function readClient(files: ClientFiles): Promise<{ cert: string; key: Buffer }> {
  const cert = (await readCertificates(files.certificate)).join("\n");
  const key = await readPem(files.key);
  // Tried one by one: the error of both together does not tell which file is wrong.
  try {
    createPrivateKey(key);
  } catch (error) {
    const locked = systemCode(error) === "ERR_MISSING_PASSPHRASE" || key.includes("ENCRYPTED");
    throw new AircrateError("input", locked ? "the key is locked with a passphrase" : "it is not a key in PEM", {
      where: files.key,
      ...(locked && { hint: "unlock it: openssl pkey -in FILE -out FILE.key" }),
      cause: error,
    });
  }
  try {
    tls.createSecureContext({ cert, key });
  } catch (error) {
    throw new AircrateError("input", "the key does not belong to the client certificate", {
      where: files.key,
      reason: `certificate: ${files.certificate}`,
      cause: error,
    });
  }
  return { cert, key };
}
