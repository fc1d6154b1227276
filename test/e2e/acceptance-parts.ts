/**
 * What an image can hold, as a table: one folder of the image each. To try one more kind of thing, add a part: the real
 * tools unpack all of them, and what they make of it has to be `tree`.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Described, describe } from "../support/described-tree.ts";
import { noise, prose } from "../support/seeded.ts";

export interface Part {
  /** Its folder, in the context and in the image. */
  readonly name: string;
  /** Makes what is in its folder of the context. */
  make(folder: string): void;
  /** Instructions besides `COPY NAME /parts/NAME`. */
  readonly instructions?: readonly string[];
  /** What has to be in its folder of the image, as `describeTree` gives it, in any order. */
  readonly tree: readonly string[];
}

/** An entry that an image has when nothing is asked for. */
function entry(kind: Described["kind"], path: string, rest: Partial<Described> = {}): string {
  return describe({ path, kind, mode: kind === "directory" ? 0o755 : 0o644, uid: 0, gid: 0, ...rest });
}

/** A part of plain files with these contents, and of the folders that they need. */
function filesPart(name: string, contents: Readonly<Record<string, string | Uint8Array>>): Part {
  const folders = new Set<string>();
  for (const path of Object.keys(contents)) {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(folder);
  }
  return {
    name,
    make(folder) {
      for (const [path, content] of Object.entries(contents)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content, { mode: 0o640 });
      }
    },
    tree: [
      ...[...folders].map((path) => entry("directory", path)),
      ...Object.entries(contents).map(([path, content]) => entry("file", path, { content })),
    ],
  };
}

const LINKS: Readonly<Record<string, string>> = {
  beside: "target",
  above: "../../parts/links/target",
  absolute: "/etc/passwd",
  "to nothing": "no/such/thing",
  folder: "./",
  ziel: "größe/写真",
  long: `${"l".repeat(100)}/${"l".repeat(200)}`,
  "100 bytes": "x".repeat(100),
  "101 bytes": "x".repeat(101),
};

/** A path of folders with names of the greatest length, about a thousand bytes. */
const DEEP = Array.from({ length: 4 }, (_, i) => String(i).repeat(250)).join("/");

export const PARTS: readonly Part[] = [
  {
    name: "folders",
    make(folder) {
      mkdirSync(join(folder, "empty"));
      mkdirSync(join(folder, "a/b/c"), { recursive: true });
      mkdirSync(join(folder, "closed"), { mode: 0o700 });
    },
    tree: ["empty", "a", "a/b", "a/b/c", "closed"].map((path) => entry("directory", path)),
  },
  {
    name: "links",
    make(folder) {
      for (const [path, target] of Object.entries(LINKS)) symlinkSync(target, join(folder, path));
      writeFileSync(join(folder, "target"), "target\n");
    },
    tree: [
      entry("file", "target", { content: "target\n" }),
      ...Object.entries(LINKS).map(([path, content]) => entry("symlink", path, { content })),
    ],
  },
  filesPart("sizes", {
    ...Object.fromEntries([0, 1, 511, 512, 513, 10_240].map((size) => [`prose-${size}`, prose(size, size)])),
    ...Object.fromEntries([131_072, 300_001].map((size) => [`noise-${size}`, noise(size, size)])),
    large: prose(1, 1_000_000),
  }),
  filesPart("names", {
    größe: "composed",
    "gro\u0308ße": "decomposed",
    "写真/ドローン": "Japanese",
    "📷": "beyond the basic plane",
    [`${"ü".repeat(60)}/${"ü".repeat(60)}`]: "more bytes than characters",
    "with space": "",
    " before and after ": "",
    "line\nend": "",
    "tab\tbell\u0007": "",
    "quote\"s'": "",
    "back\\slash": "",
    "-rf": "",
    "*?[a]": "",
    $HOME: "",
    "#hash": "",
    "...": "",
    "~": "",
  }),
  filesPart("lengths", {
    ...Object.fromEntries([99, 100, 101, 255].map((size) => ["n".repeat(size), `${size} bytes`])),
    [`${"d".repeat(140)}/${"n".repeat(99)}`]: "in ustar's two fields",
    [`${"e".repeat(160)}/${"n".repeat(99)}`]: "too much for ustar",
    [`${DEEP}/file`]: "deep",
  }),
  {
    name: "modes",
    make(folder) {
      for (const name of ["program", "setuid", "setgid", "sticky"]) writeFileSync(join(folder, name), `#!${name}\n`);
      // What a checkout has of these is not copied: they come only when they are asked for.
      chmodSync(join(folder, "program"), 0o4711);
    },
    instructions: [
      "COPY --chmod=4755 modes/setuid /parts/modes/",
      "COPY --chmod=2711 modes/setgid /parts/modes/",
      "COPY --chmod=1777 modes/sticky /parts/modes/tmp/",
      "COPY --chmod=0 modes/sticky /parts/modes/sticky",
    ],
    tree: [
      entry("file", "program", { content: "#!program\n", mode: 0o755 }),
      entry("file", "setuid", { content: "#!setuid\n", mode: 0o4755 }),
      entry("file", "setgid", { content: "#!setgid\n", mode: 0o2711 }),
      entry("file", "sticky", { content: "#!sticky\n", mode: 0 }),
      entry("directory", "tmp"),
      entry("file", "tmp/sticky", { content: "#!sticky\n", mode: 0o1777 }),
    ],
  },
  {
    name: "owners",
    make(folder) {
      mkdirSync(join(folder, "folder"));
      writeFileSync(join(folder, "folder/file"), "owned\n");
      symlinkSync("file", join(folder, "folder/link"));
    },
    instructions: [
      "COPY --chown=1000:1001 owners/folder /parts/owners/user",
      // 2097151 is the largest that a plain header holds.
      "COPY --chown=2097151:2097152 owners/folder /parts/owners/large",
      "COPY --chown=2147483647:2147483647 owners/folder /parts/owners/largest",
    ],
    tree: (
      [
        ["folder", 0, 0],
        ["user", 1000, 1001],
        ["large", 2_097_151, 2_097_152],
        ["largest", 2_147_483_647, 2_147_483_647],
      ] as const
    ).flatMap(([path, uid, gid]) => [
      entry("directory", path, { uid, gid }),
      entry("file", `${path}/file`, { uid, gid, content: "owned\n" }),
      entry("symlink", `${path}/link`, { uid, gid, content: "file" }),
    ]),
  },
];

/** Writes the context of an image with all parts. Returns what has to be below `/parts` in the image, in any order. */
export function writeParts(context: string): string[] {
  const lines = ["FROM scratch"];
  const expected: string[] = [];
  for (const { name, make, instructions = [], tree } of PARTS) {
    mkdirSync(join(context, name), { recursive: true });
    make(join(context, name));
    lines.push(`COPY ${name} /parts/${name}`, ...instructions);
    expected.push(entry("directory", name), ...tree.map((line) => line.replaceAll(/(^| is )"/g, `$1"${name}/`)));
  }
  writeFileSync(join(context, "Dockerfile"), `${lines.join("\n")}\nCMD ["/none"]\n`);
  return expected;
}
