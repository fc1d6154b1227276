import { mkdirSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "./run.ts";

export interface Apt {
  /** Names of the packages with `Priority: required`, what debootstrap's minbase starts from. */
  required(): Promise<string[]>;
  /** File names of the .debs of packages and all they depend on, sorted. */
  resolve(packages: readonly string[]): Promise<string[]>;
  /** Downloads these .debs; resolves to the folder they are in. */
  download(packages: readonly string[]): Promise<string>;
}

/**
 * apt for another architecture in a folder of its own: the host's Debian sources, but none of its state, so neither
 * its dpkg nor its apt notices. Needs no root. To apt nothing is installed, hence every dependency is downloaded.
 */
export async function privateApt(dir: string, architecture: string): Promise<Apt> {
  const at = (...parts: string[]) => join(dir, ...parts);
  for (const folder of ["state/lists/partial", "cache/archives/partial", "sources"]) {
    mkdirSync(at(folder), { recursive: true });
  }
  await writeFile(at("status"), "");
  for (const [name, text] of await debianSources()) await writeFile(at("sources", name), text);
  const settings = [
    `Dir::State=${at("state")}`,
    `Dir::State::status=${at("status")}`,
    `Dir::Cache=${at("cache")}`,
    "Dir::Etc::sourcelist=/dev/null",
    `Dir::Etc::sourceparts=${at("sources")}`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    "APT::Sandbox::User=root",
    "APT::Update::Error-Mode=any",
    "Acquire::Languages=none",
    "Acquire::Retries=2",
  ].flatMap((setting) => ["-o", setting]);
  const timeout = 10 * 60_000;
  await runOk("apt-get", [...settings, "-qq", "update"], { timeout });
  return {
    required: async () => requiredOf(await runOk("apt-cache", [...settings, "dumpavail"])),
    resolve: async (packages) => {
      // Lines of 'address' file-name size hash.
      const lines = (await runOk("apt-get", [...settings, "--print-uris", ...INSTALL, ...packages])).split("\n");
      return lines
        .map((line) => line.split(" ")[1] ?? "")
        .filter((name) => name.endsWith(".deb"))
        .sort();
    },
    download: async (packages) => {
      await runOk("apt-get", [...settings, "--download-only", ...INSTALL, ...packages], { timeout });
      return at("cache/archives");
    },
  };
}

const INSTALL = ["-qq", "--yes", "--no-install-recommends", "install"];

function requiredOf(packages: string): string[] {
  const stanzas = packages.split("\n\n").filter((stanza) => /^Priority: required$/m.test(stanza));
  return [...new Set(stanzas.map((stanza) => /^Package: (\S+)$/m.exec(stanza)?.[1] ?? ""))].sort();
}

/** The host's apt sources for Debian itself, its own suite with updates and security, without limits of architecture. */
async function debianSources(): Promise<Map<string, string>> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1];
  if (!/^ID=debian$/m.test(release) || codename === undefined)
    throw new Error("needs Debian's packages: not on Debian");
  const isOurs = (suite: string) => suite === codename || suite.startsWith(`${codename}-`);
  const sources = new Map<string, string>();
  const folder = "/etc/apt/sources.list.d";
  const names = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  for (const path of ["/etc/apt/sources.list", ...names]) {
    const text = await readFile(path, "utf8").catch(() => "");
    const found = path.endsWith(".sources") ? stanzas(text, isOurs) : lines(text, isOurs);
    if (found !== "") sources.set(`${sources.size}.${path.endsWith(".sources") ? "sources" : "list"}`, found);
  }
  if (sources.size === 0) throw new Error(`/etc/apt: no source for ${codename} main`);
  return sources;
}

/** deb822 stanzas, see sources.list(5). */
function stanzas(text: string, isOurs: (suite: string) => boolean): string {
  const words = (stanza: string, field: string) =>
    (new RegExp(`^${field}:(.*)$`, "im").exec(stanza)?.[1] ?? "").split(" ").filter((word) => word !== "");
  return text
    .split(/\n[ \t]*\n/)
    .map((stanza) => stanza.replace(/^#.*\n?/gm, "").replace(/^Architectures:.*\n?/gim, ""))
    .filter((stanza) => words(stanza, "Types").includes("deb") && words(stanza, "Components").includes("main"))
    .filter((stanza) => words(stanza, "Suites").every(isOurs))
    .map((stanza) => `${stanza.trim()}\n`)
    .join("\n");
}

/** One-line entries: `deb [options] address suite component...`. */
function lines(text: string, isOurs: (suite: string) => boolean): string {
  return text
    .split("\n")
    .map((line) => /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim()))
    .filter((match) => match !== null && isOurs(match[3]!) && match[4]!.split(/\s+/).includes("main"))
    .map((match) => `deb ${(match![1] ?? "").replace(/\barch=[^\s\]]*/, "")}${match![2]} ${match![3]} ${match![4]}\n`)
    .join("");
}
