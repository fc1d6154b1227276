import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "./cleanup.ts";

export interface CredentialHelper {
  /** Environment in which it is found: a PATH that begins with its folder. */
  readonly env: { readonly PATH: string };
  /** Actions and inputs so far, oldest first: `get registry.example`. */
  calls(): string[];
  /** What it keeps for a server, as it got it. */
  kept(server: string): unknown;
}

/**
 * A real credential helper, `docker-credential-NAME`, in a folder of its own: a shell script that keeps what it is given
 * in files. With `body`, a script that does that instead.
 */
export function credentialHelper(t: TestContext, name: string, body = KEEPER): CredentialHelper {
  const dir = tempDir(t);
  const program = join(dir, `docker-credential-${name}`);
  mkdirSync(join(dir, "kept"));
  writeFileSync(program, `#!/bin/sh\ncd ${dir} || exit 9\n${body}`);
  chmodSync(program, 0o755);
  const calls = join(dir, "calls");
  return {
    env: { PATH: `${dir}${delimiter}${process.env.PATH}` },
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").split("\n").slice(0, -1) : []),
    kept: (server) => JSON.parse(readFileSync(join(dir, "kept", server.replace(/[/:]/g, "_")), "utf8")),
  };
}

/** Protocol of docker-credential-helpers; the input of `store` is what `get` has to give back. */
const KEEPER = `
input=$(cat)
server=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
echo "$1 $server" >> calls
file=kept/$(printf %s "$server" | tr /: __)
case $1 in
  store) printf %s "$input" > "$file" ;;
  *) [ -e "$file" ] || { echo "credentials not found in native keychain"; exit 1; } ;;
esac
case $1 in
  get) cat "$file" ;;
  erase) rm "$file" ;;
esac
`;
