import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { Type } from "@sinclair/typebox";
import { parse as parseYaml } from "yaml";
import { type Command, shownCommands, shownOptions } from "../cli/command.ts";
import { findCommand } from "../cli/find.ts";
import { writtenName } from "../cli/parse.ts";
import { PROGRAM } from "../cli/table.ts";
import { helpText } from "../cli/ui/help.ts";
import { EXIT_STATUS, STATUS_DIFFERENT } from "../lib/error.ts";
import * as library from "../lib/index.ts";
import { decode } from "../spec/decode.ts";
import { aircrateLines, parseLine } from "./support/command-line.ts";
import { projectDir } from "./support/tools.ts";

const PAGES = ["README.md", "spec/README.md", "examples/photo-gallery/README.md"];
const README = readPage("README.md");

function readPage(name: string): string {
  return readFileSync(join(projectDir(), name), "utf8");
}

/** The text of the section below a heading, up to the next heading. */
function section(heading: string): string {
  const [, text] = README.split(new RegExp(`^##+ ${heading}\n`, "m"));
  assert.ok(text !== undefined, `no section "${heading}"`);
  return text.split(/^##+ /m)[0] ?? "";
}

/** What is in the fences of a language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, code = ""]) => code);
}

/** The first cells of a table, without its head. */
function firstCells(text: string): string[] {
  const rows = text.split(/^\| ---.*$/m)[1] ?? "";
  return [...rows.matchAll(/^\| ((?:[^|\\]|\\.)*?) \|/gm)].map(([, cell = ""]) => cell.replaceAll("\\|", "|"));
}

test("every command line is one that the program takes", async () => {
  const lines = blocks(README, "sh").flatMap(aircrateLines);
  assert.ok(lines.length > 20, `${lines.length} lines`);
  for (const words of lines) await assert.doesNotReject(parseLine(words), words.join(" "));
});

const GithubWorkflow = Type.Object({
  jobs: Type.Object({ build: Type.Object({ steps: Type.Array(Type.Object({ run: Type.Optional(Type.String()) })) }) }),
});
const GitlabJobs = Type.Object({ build: Type.Object({ script: Type.Array(Type.String()) }) });

test("the jobs for CI are YAML, and their steps are commands", async () => {
  const [github, gitlab] = blocks(section("CI without Docker"), "yaml").map((text): unknown => parseYaml(text));
  const { jobs } = decode(GithubWorkflow, github);
  const { build } = decode(GitlabJobs, gitlab);
  const steps = jobs.build.steps.flatMap(({ run }) => run ?? []);
  assert.deepEqual(build.script, steps);
  const lines = aircrateLines(steps.join("\n"));
  assert.equal(lines.length, steps.length - 1, "all but the installation");
  for (const words of lines) await parseLine(words);
});

test("the table of commands has every command", async () => {
  const names = firstCells(section("Commands")).flatMap((cell) => {
    const [first = "", ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words);
    const [command = ""] = /^aircrate [a-z]+(?: (?:build|ls)\b)?/.exec(first) ?? [];
    const parent = command.split(" ").slice(0, -1).join(" ");
    return [command, ...others.map((words) => `${parent} ${words.split(" ")[0]}`)].map((name) => name.slice(9));
  });
  assert.deepEqual(names.sort(), (await namesOf(PROGRAM)).sort());
});

/** The commands that do something; those of `device` stand in its own cell. */
async function namesOf(parent: Command<object>, before = ""): Promise<string[]> {
  const nested = shownCommands(parent).map(async ({ name, load }) => {
    const command = await load();
    return command.action === undefined ? namesOf(command, `${name} `) : [`${before}${name}`];
  });
  return (await Promise.all(nested)).flat();
}

test("the table of options is that of build", async () => {
  const { command } = await findCommand(["build"]);
  const options = shownOptions(command);
  const short = new Map(options.map(([name, option]) => [`-${option.short}`, `--${name}`]));
  const names = firstCells(section("Options of build")).flatMap((cell) =>
    [...cell.matchAll(/`(--?[\w-]+)/g)].map(([, name = ""]) => short.get(name) ?? name),
  );
  assert.deepEqual(names.sort(), options.map((option) => `--${writtenName(option)}`).sort());
});

test("exit statuses and the environment are those of the code and of --help", async () => {
  const statuses = firstCells(section("Exit status"));
  assert.deepEqual(statuses.map(Number), [0, ...Object.values(EXIT_STATUS), STATUS_DIFFERENT]);
  const plain = section("Exit status").replaceAll("`", "");
  const help = helpText(await findCommand([]), 80);
  for (const [, status, text] of help.matchAll(/^ {2}(\d) {2}(.*)$/gm)) {
    assert.ok(plain.includes(`| ${status} | ${text}`), `${status} ${text}`);
  }
  const [, environment = ""] = help.split("\nEnvironment:\n");
  const names = environment.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? [];
  assert.ok(names.length >= 8);
  for (const name of names) assert.match(section("Environment"), new RegExp(`\`${name}[\`=]`));
});

test("every function of the library is told of", () => {
  const text = section("As a library");
  const functions = Object.keys(library).filter((name) => /^[a-z]/.test(name));
  assert.ok(functions.length > 15);
  for (const name of functions) assert.match(text, new RegExp(`\`${name}[\`(]`), name);
});

test("links lead somewhere", () => {
  for (const page of PAGES) {
    for (const [, target = ""] of readPage(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      assert.ok(existsSync(join(projectDir(), file)), `${page}: ${target}`);
      if (anchor !== undefined) assert.ok(anchors(readPage(file)).includes(anchor), `${page}: ${target}`);
    }
  }
});

test("files and folders that are named are there, and every folder of lib is named", () => {
  for (const page of PAGES) {
    for (const [, name = ""] of readPage(page).matchAll(/`((?:\.build|\.ci|cli|examples|lib|spec|test)\/[\w./-]*)`/g)) {
      assert.ok(existsSync(join(projectDir(), name)), `${page}: ${name}`);
    }
  }
  const [, tree = ""] = /^lib\/ (.*?)^cli\//ms.exec(section("Development")) ?? [];
  const named = [...tree.matchAll(/([a-z]+)\/(?: |$)/gm)].map(([, name = ""]) => name);
  const entries = readdirSync(join(projectDir(), "lib"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  assert.deepEqual(named.sort(), folders.sort());
});

/** The names that GitHub and GitLab give to headings. */
function anchors(text: string): string[] {
  const headings = text.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
