import { AircrateError } from "../error.ts";

/**
 * The address of a remote file. Plain http is as good as https: the checksum proves what arrives.
 *
 * @throws AircrateError input
 */
export function parseRemote(text: string, where: string): URL {
  // The text is not repeated: it may hold a password.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AircrateError("input", "the address of a remote file is not an http or https URL", { where });
  }
  if (url.username !== "" || url.password !== "") {
    throw new AircrateError("input", "the address of a remote file holds credentials", {
      where,
      reason: `${shownAddress(url)} is asked without any`,
      hint: "fetch the file on the host, and COPY it",
    });
  }
  url.hash = "";
  return url;
}

/** The address without its query, which may hold a signature. */
export function shownAddress(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** What BuildKit calls a file whose address has no path (dockerfile2llb/convert.go). */
const UNNAMED = "__unnamed__";

/** The name that a remote file has in a folder: the last part of its path, as BuildKit has it. */
export function remoteName(url: URL): string {
  let path: string;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    return UNNAMED;
  }
  const name = path.replace(/\/+$/, "").replace(/^.*\//s, "");
  return /^\.{0,2}$|\0/.test(name) ? UNNAMED : name;
}
