import type { Platform } from "../platform.ts";
import { excerpt } from "./fault.ts";
import { isComputable } from "./run/compute.ts";
import { programOf, simpleCommands } from "./script.ts";

/** What the hint depends on: what is built, and what the stage starts from. */
export interface RunSetting {
  readonly platform: Platform;
  /** The reference behind FROM: its name tells the C library and, of a Python image, the version. */
  readonly base: string;
}

type Hint = (args: readonly string[], setting: RunSetting) => string;

const APT: Hint = (args, { platform }) => {
  const packages = operands(args).map((name) => name.replace(/(?==|$)/, `:${platform.architecture}`));
  return (
    `packages: take a base image that has them, or unpack them on the host: "apt-get download ${list(packages, "PACKAGE")}", ` +
    'then "for f in *.deb; do dpkg-deb -x $f rootfs; done", and here "COPY rootfs/ /"'
  );
};

const APK: Hint = (args, { platform }) =>
  `packages: take a base image that has them, or unpack them on the host: "apk fetch --recursive --arch ${machine(platform)} ` +
  `${list(operands(args), "PACKAGE")}", then "mkdir -p rootfs; for f in *.apk; do tar -xzf $f -C rootfs; done", and here "COPY rootfs/ /"`;

const RPM: Hint = (args) =>
  `packages: take a base image that has ${list(operands(args), "them")}, or unpack them on the host into rootfs/ ` +
  '("rpm2cpio PACKAGE.rpm | cpio -idm"), and here "COPY rootfs/ /"';

const PIP: Hint = (args, { platform, base }) => {
  const libc = isMusl(base) ? "musllinux_1_2" : "manylinux2014";
  const version = /(?:^|\/)python:(\d+\.\d+)/.exec(base)?.[1];
  const wanted = list(pipOperands(args), "-r requirements.txt");
  return (
    `pip: prepare the packages on the host: "pip install --target vendor --platform ${libc}_${machine(platform)} ` +
    `--only-binary=:all: ${version === undefined ? "" : `--python-version ${version} `}${wanted}" ("pip download" takes the same ` +
    'options), and here "COPY vendor/ /app/vendor/" and "ENV PYTHONPATH=/app/vendor"'
  );
};

const NPM: Hint = (_args, { platform, base }) =>
  `npm: prepare node_modules on the host: "npm ci --omit=dev --cpu=${nodeCpu(platform)} --os=${platform.os}` +
  `${isMusl(base) ? " --libc=musl" : ""}", and here "COPY node_modules/ /app/node_modules/"`;

const CHMOD: Hint = (args) => {
  const [mode, ...paths] = args.filter((arg) => !/^-[a-zA-Z]+$/.test(arg) || /^-[rwxXst]+$/.test(arg));
  const octal = mode !== undefined && /^[0-7]{3,4}$/.test(mode) ? mode : "755";
  return `chmod: set the mode where the file is copied: "COPY --chmod=${octal} SOURCE ${paths[0] ?? "DESTINATION"}"; the executable bit that a file has on the host is kept anyway`;
};

const CHOWN: Hint = (args) => {
  const [owner, ...paths] = operandsOf(args);
  return `chown: set the owner where the files are copied: "COPY --chown=${owner ?? "1000:1000"} SOURCE ${paths[0] ?? "DESTINATION"}"`;
};

const MKDIR: Hint = (args) =>
  `mkdir: "WORKDIR ${operandsOf(args)[0] ?? "/PATH"}" creates the folder with its parents (and makes it the working folder); or copy a tree that has it`;

const LN: Hint = (args) => {
  const [target, link] = operandsOf(args);
  const path = `rootfs/${(link ?? "LINK").replace(/^\/+/, "")}`;
  return `ln: make the symbolic link on the host: "ln -s ${target ?? "TARGET"} ${path}", and here "COPY rootfs/ /": links are copied as they are`;
};

const USERADD: Hint = (args) => {
  const at = args.findIndex((arg) => /^(?:-u|--uid|-g|--gid)$/.test(arg));
  const id = (at >= 0 && args[at + 1]) || args.map((arg) => /^--[ug]id=(\d+)$/.exec(arg)?.[1]).find(Boolean) || "1000";
  return `users: a process needs no name: "USER ${id}:${id}" and "COPY --chown=${id}:${id} …"; where a program asks for the name, copy an /etc/passwd that has it`;
};

const RM: Hint = (args) => {
  const paths = operandsOf(args).filter((path) => PLAIN.test(path) && path.startsWith("/"));
  return `rm: in aircrate.yml "remove: [${list(paths, "/PATH").replaceAll(" ", ", ")}]" hides files of the base image; other files need not be copied in the first place`;
};

const DOWNLOAD: Hint = (args) => {
  const url = args.find((arg) => /^(?:https?|ftp):\/\//.test(arg)) ?? "URL";
  const file = url.slice(url.lastIndexOf("/") + 1) || "FILE";
  return `download: do it on the host and check what came: "curl -fLo ${file} ${excerpt(url, 200)}", "sha256sum ${file}", and here "COPY ${file} DESTINATION"`;
};

const GIT: Hint = () => 'git: clone on the host at a fixed commit, and here "COPY FOLDER/ DESTINATION/"';

const UNPACK: Hint = (args) => {
  const archive = args.find((arg) => /\.(?:zip|t?[gx]z|tbz2?|tar|bz2|zst)$|\.tar\./.test(arg)) ?? "ARCHIVE";
  return `archives: unpack on the host: "mkdir -p rootfs && tar -xf ${archive} -C rootfs", and here "COPY rootfs/ DESTINATION/"`;
};

const MOVE: Hint = () => "cp, mv: COPY the file from the build context to the place where it belongs";

const WRITE: Hint = () => "files written by a script: have the file in the build context and COPY it";

const COMPILE: Hint = (_args, { platform }) =>
  `compiling: build for ${platform.os}/${platform.architecture} on the host (cross-compiler, or a build container), and here COPY the result`;

const OTHER: Hint = () =>
  "RUN: do what it does on the host, in a folder of the build context, and here COPY the result";

const HINTS: ReadonlyMap<string, Hint> = new Map<string, Hint>(
  (
    [
      ["apt-get apt aptitude dpkg", APT],
      ["apk", APK],
      ["yum dnf microdnf zypper rpm tdnf", RPM],
      ["pip pipx uv poetry", PIP],
      ["npm npx yarn pnpm", NPM],
      ["chmod", CHMOD],
      ["chown chgrp", CHOWN],
      ["mkdir", MKDIR],
      ["ln", LN],
      ["useradd adduser groupadd addgroup usermod", USERADD],
      ["rm rmdir unlink", RM],
      ["curl wget", DOWNLOAD],
      ["git", GIT],
      ["tar unzip gunzip", UNPACK],
      ["cp mv install", MOVE],
      ["echo cat printf tee sed touch", WRITE],
      ["make cmake ninja gcc g++ cc go cargo colcon catkin_make meson configure", COMPILE],
    ] as const
  ).flatMap(([programs, hint]) => programs.split(" ").map((program) => [program, hint] as const)),
);

/** Programs whose effect is known where nothing else is in their RUN. */
const DONE: ReadonlySet<string> = new Set("mkdir chmod chown chgrp ln rm rmdir touch".split(" "));

// Words that a shell would leave as they are.
const PLAIN = /^[\w@%+=:,./-]+$/;

// What prepares or ends a script without an effect of its own.
const SILENT: ReadonlySet<string> = new Set([
  "",
  "cd",
  "set",
  "export",
  "true",
  ":",
  "fi",
  "done",
  "}",
  "exit",
  "source",
  ".",
]);

// Options, and what package managers leave behind: nothing of it is there when they do not run.
const CACHES = /^(?:-|\/var\/(?:lib\/apt|cache|tmp)|\/tmp|\/root\/\.cache|~\/\.cache)/;

/** What to do instead of a script, one line for each kind of thing that it does, in its order. */
export function runHints(script: string, setting: RunSetting): string[] {
  const hints = new Map<Hint, { readonly line: string; readonly named: boolean }>();
  let moved = false;
  for (const words of simpleCommands(script)) {
    const [program, args] = programOf(words);
    moved ||= program === "cd";
    if (SILENT.has(program) || (program === "rm" && args.every((arg) => CACHES.test(arg)))) continue;
    const hint = HINTS.get(/^pip[0-9.]+$/.test(program) ? "pip" : program) ?? OTHER;
    const named = operands(args).length > 0;
    // "apt-get update" says nothing; the "apt-get install" behind it names the packages.
    const before = hints.get(hint);
    if (before !== undefined && (before.named || !named)) continue;
    const alone = moved ? "" : aloneHint(program, args);
    hints.set(hint, { line: hint(args, setting).replace(": ", `: ${alone}`), named });
  }
  if (hints.size > 1) hints.delete(OTHER);
  return hints.size === 0 ? [OTHER([], setting)] : [...hints.values()].map(({ line }) => line);
}

/** Whether a part of a RUN would be done if it were all of one: what to say of it in front of the hint. */
function aloneHint(program: string, args: readonly string[]): string {
  const command = [program, ...args].join(" ");
  if (!DONE.has(program) || !args.every((arg) => PLAIN.test(arg)) || !isComputable(command)) return "";
  return `"RUN ${excerpt(command, 200)}" is done here when it stands alone; or `;
}

function operandsOf(args: readonly string[]): string[] {
  return args.filter((arg) => !arg.startsWith("-"));
}

/** What follows the subcommand, without options. */
function operands(args: readonly string[]): string[] {
  return args
    .filter((arg) => !arg.startsWith("-"))
    .slice(1)
    .filter((arg) => /^[\w.+:=<>~@/-]+$/.test(arg));
}

const PIP_KEPT: ReadonlySet<string> = new Set(
  "-r --requirement -c --constraint -i --index-url --extra-index-url".split(" "),
);
const PIP_DROPPED: ReadonlySet<string> = new Set(
  "-t --target --prefix --root --cache-dir --timeout --progress-bar".split(" "),
);

/** What pip is to install and from where, without the subcommand and what only concerns the image. */
function pipOperands(args: readonly string[]): string[] {
  const wanted: string[] = [];
  for (let at = 1; at < args.length; at++) {
    const arg = args[at]!;
    if (PIP_KEPT.has(arg)) wanted.push(arg, args[++at] ?? "");
    else if (PIP_DROPPED.has(arg)) at++;
    else if (!arg.startsWith("-")) wanted.push(arg);
  }
  return wanted;
}

function list(words: readonly string[], otherwise: string): string {
  return words.length === 0 ? otherwise : excerpt(words.join(" "), 200);
}

function isMusl(base: string): boolean {
  return base.includes("alpine");
}

/** The machine name of uname, as wheels and apk have it. */
function machine({ architecture }: Platform): string {
  return architecture === "arm64" ? "aarch64" : architecture === "amd64" ? "x86_64" : architecture;
}

function nodeCpu({ architecture }: Platform): string {
  return architecture === "amd64" ? "x64" : architecture;
}
