import { resolve } from "node:path";
import type { Static } from "@sinclair/typebox";
import type { TreeCopy } from "../../spec/aircrate-yml.ts";
import { encodeCapabilities } from "../capabilities.ts";
import type { Digest } from "../digest.ts";
import { type ModeChange, parseMode } from "../mode.ts";
import { isInside } from "./files.ts";

/** One copy of a layer in `aircrate.yml`. */
export interface TreeCopySource {
  readonly where: string;
  /** The instruction that does the same, for reports and the history. */
  readonly text: string;
  readonly source: TreeCopyFrom;
  /** Absolute path in the image. */
  readonly to: string;
  readonly owner?: string;
  readonly chmod?: ModeChange;
  /** Patterns as of `.dockerignore`, relative to what is copied. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** New paths by old ones, relative to what is copied. */
  readonly rename: ReadonlyMap<string, string>;
  /** Value of `security.capability`. */
  readonly capabilities?: Uint8Array;
}

export type TreeCopyFrom =
  /** `path` is absolute and in the project folder; whether it exists is not checked here. */
  | { readonly kind: "path" | "archive"; readonly path: string }
  | { readonly kind: "image"; readonly image: string; readonly path: string }
  | { readonly kind: "url"; readonly url: string; readonly checksum: Digest; readonly unpack: boolean };

interface CopyContext {
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly where: string;
  /** Collects a problem of one key, or of the whole copy. */
  readonly report: (key: string | undefined, message: string, hint?: string) => void;
}

/** Reads one copy; what is wrong with it is reported, and the result is then of no use. */
export function readTreeCopy(copy: Static<typeof TreeCopy>, context: CopyContext): TreeCopySource {
  const { to, include = [], exclude = [], rename = {} } = copy;
  const owner = copy.owner === undefined ? undefined : String(copy.owner);
  const chmod = readChmod(copy.chmod, context);
  const capabilities = readCapabilities(copy, context);
  return {
    ...{ where: context.where, text: textOf(copy), source: readSource(copy, context), to, include, exclude },
    rename: new Map(Object.entries(rename)),
    ...(owner !== undefined && { owner }),
    ...(chmod !== undefined && { chmod }),
    ...(capabilities !== undefined && { capabilities }),
  };
}

const NOT_FOR_ARCHIVES = ["owner", "chmod", "include", "exclude", "rename", "capabilities"] as const;

function readSource(copy: Static<typeof TreeCopy>, { directory, report }: CopyContext): TreeCopyFrom {
  const { from, image, archive, url, checksum, unpack = false } = copy;
  if (archive !== undefined || unpack) {
    for (const key of NOT_FOR_ARCHIVES) {
      if (copy[key] !== undefined) report(key, `\`${key}\` is not for archives: their members keep what they say`);
    }
  }
  if ([from, archive, url].filter((source) => source !== undefined).length !== 1) {
    report(undefined, "a copy needs one of `from`, `archive` and `url`");
  }
  if (image !== undefined) {
    if (from === undefined) report("image", "`image` needs `from`: a path in that image");
    return { kind: "image", image, path: from ?? "" };
  }
  if (url !== undefined) {
    if (checksum === undefined) {
      report("url", "a remote file needs its `checksum`", `curl -fL ${url} | sha256sum gives it: sha256:…`);
    }
    return { kind: "url", url, checksum: checksum ?? "sha256:", unpack };
  }
  for (const key of ["checksum", "unpack"] as const) {
    if (copy[key] !== undefined) report(key, `\`${key}\` is for remote files: it needs \`url\``);
  }
  const name = archive ?? from ?? ".";
  const path = resolve(directory, name);
  if (name.includes("\0") || !isInside(path, directory)) {
    report(archive === undefined ? "from" : "archive", `\`${name}\` lies outside the project folder`);
  }
  return { kind: archive === undefined ? "path" : "archive", path };
}

function readChmod(text: string | undefined, { report }: CopyContext): ModeChange | undefined {
  if (text === undefined) return undefined;
  const mode = parseMode(text);
  if (mode === undefined) report("chmod", `\`${text}\` is no mode`, 'write it like "0644", "755" or "u=rwX,go=rX"');
  return mode;
}

function readCapabilities({ capabilities }: Static<typeof TreeCopy>, { report }: CopyContext): Uint8Array | undefined {
  if (capabilities === undefined) return undefined;
  try {
    return encodeCapabilities(capabilities);
  } catch (error) {
    report("capabilities", (error as Error).message, "write it as for setcap: cap_net_raw+ep");
    return undefined;
  }
}

function textOf({ from, image, archive, url, to, owner, chmod }: Static<typeof TreeCopy>): string {
  return [
    from === undefined ? "ADD" : "COPY",
    ...(image === undefined ? [] : [`--from=${image}`]),
    ...(owner === undefined ? [] : [`--chown=${owner}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
    from ?? archive ?? url ?? "",
    to,
  ].join(" ");
}
