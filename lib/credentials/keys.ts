export const DOCKER_HUB = "docker.io";

/** The name of Docker Hub in Docker's files and for its helpers: the address of an interface that is long gone. */
const HUB_SERVER = "https://index.docker.io/v1/";
const HUB_NAMES: readonly string[] = ["index.docker.io", DOCKER_HUB, "registry-1.docker.io"];

/** The name under which credentials for a host are written, and by which helpers know it. */
export function serverOf(host: string): string {
  return host === DOCKER_HUB ? HUB_SERVER : host;
}

/**
 * All keys that mean a host as a whole: its name, exactly and with its port, and the addresses that clients have
 * written in place of it. They are listed, not searched for: credentials are never offered to a host that merely looks
 * alike.
 */
export function hostKeys(host: string): string[] {
  const names = host === DOCKER_HUB ? HUB_NAMES : [host];
  const addresses = names.flatMap((name) =>
    ["https", "http"].flatMap((scheme) => ["", "/", "/v1/", "/v2/"].map((end) => `${scheme}://${name}${end}`)),
  );
  return [serverOf(host), ...names, ...addresses];
}

/**
 * The keys of a repository, the most specific one first: `host/a/b`, `host/a`, then those of the host
 * (containers-auth.json(5)).
 */
export function repositoryKeys(host: string, repository: string): string[] {
  const parts = repository.split("/");
  return [...parts.map((_, i) => `${host}/${parts.slice(0, parts.length - i).join("/")}`), ...hostKeys(host)];
}
