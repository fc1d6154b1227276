import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a file tree: `path/` is a folder, `path -> target` a symbolic link, `path = other` a hard link to one above,
 * `path*` an executable file, else a file with its name in it. Modes are 0755 and 0644 whatever the umask: these are the
 * ones that aircrate gives what it copies.
 */
export function writeTree(dir: string, lines: readonly string[]): void {
  for (const line of lines) {
    const [name = "", target] = line.split(" -> ");
    const [path = "", other] = name.split(" = ");
    const file = join(dir, path.replace(/\*$/, ""));
    makeFolder(path.endsWith("/") ? file : dirname(file));
    if (target !== undefined) symlinkSync(target, file);
    else if (other !== undefined) linkSync(join(dir, other), file);
    else if (!path.endsWith("/"))
      writeContent(file, path.endsWith("*") ? "" : path, path.endsWith("*") ? 0o755 : 0o644);
  }
}

/** Writes files with mode 0644, and the folders they need. */
export function writeContents(dir: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    makeFolder(dirname(join(dir, name)));
    writeContent(join(dir, name), content, 0o644);
  }
}

function writeContent(file: string, content: string | Uint8Array, mode: number): void {
  writeFileSync(file, content);
  chmodSync(file, mode);
  // Builders that look for changes see none in a file of the same size and second.
  time += 1;
  utimesSync(file, time, time);
}

let time = 1_600_000_000;

function makeFolder(dir: string): void {
  const first = mkdirSync(dir, { recursive: true });
  if (first === undefined) return;
  for (let made = dir; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o755);
}
