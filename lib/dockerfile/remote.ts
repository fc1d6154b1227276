/** What a source of ADD or COPY stands for, by its form alone; undefined for a path. */
export type RemoteKind = "git" | "http" | "other";

const SCHEME = /^([a-zA-Z0-9]+):\/\//;
// user@host:path, as ssh takes it.
const SCP = /^[a-zA-Z0-9_-]+@[a-zA-Z0-9.-]+:/;

/**
 * Tells sources that are fetched from paths, as BuildKit does (dfgitutil.ParseGitRef): `ssh:`, `git:` and
 * `user@host:path` are Git repositories, and so is an http URL whose path ends with `.git`. `github.com/owner/name` is
 * a path. `other` is a scheme that nobody fetches.
 */
export function remoteKind(source: string): RemoteKind | undefined {
  const scheme = SCHEME.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) return SCP.test(source) ? "git" : undefined;
  if (scheme === "ssh" || scheme === "git") return "git";
  if (scheme !== "http" && scheme !== "https") return "other";
  return source.split(/[?#]/, 1)[0]!.endsWith(".git") ? "git" : "http";
}
