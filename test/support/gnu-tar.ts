import { runOk } from "./run.ts";

/** What GNU tar says about a member. */
export interface ListedMember {
  /** `ls -l` style: `-rw-r--r--`. */
  readonly mode: string;
  readonly owner: string;
  readonly size: number;
  /** `1970-01-01 00:00:00`, UTC. */
  readonly time: string;
  readonly path: string;
  /** Target of a symbolic or hard link. */
  readonly link?: string;
}

/** The members of a tar file as GNU tar reads them; it fails on whatever it warns about. Names must hold no ` -> `. */
export async function listTar(file: string): Promise<ListedMember[]> {
  const args = ["--list", "--verbose", "--numeric-owner", "--full-time", "--utc", "--quoting-style=literal"];
  const text = await runOk("tar", [...args, "--absolute-names", "--show-transformed-names", "-f", file], {
    env: { LC_ALL: "C.UTF-8" },
  });
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [, mode, owner, size, time, name] = /^(\S{10}) (\S+) +(\d+) (\S+ \S+) ([\s\S]*)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`not a line of tar --list: ${line}`);
      const [path, link] = name.split(/ -> | link to /);
      return {
        mode: mode!,
        owner: owner!,
        size: Number(size),
        time: time!,
        path: path!,
        ...(link !== undefined && { link }),
      };
    });
}
