import assert from "node:assert/strict";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import test, { type TestContext } from "node:test";
import { aircrateFor, PROGRAM } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { writeFiles } from "../support/project.ts";
import { runOk } from "../support/run.ts";
import { type Answer, commandOnTerminal } from "../support/terminal.ts";
import { requireTool } from "../support/tools.ts";

/** A folder to work in, with the program in PATH, a script of each shell, an image in the store and a lock. */
async function workplace(t: TestContext) {
  const cwd = writeFiles(tempDir(t), {
    Dockerfile: "FROM scratch\nCOPY Dockerfile /\n",
    "my app.auterionos": "",
    "parts/README": "",
    "aircrate.lock": JSON.stringify({ version: 1, images: { "docker.io/library/$(touch x):1": {} } }),
  });
  const aircrate = aircrateFor(t, { cwd });
  assert.equal((await aircrate.run(["image", "build", "-q", "-t", "camera:2", "."])).status, 0);
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await aircrate.run(["completion", shell]);
    writeFileSync(join(cwd, `completion.${shell}`), stdout);
  }
  const bin = tempDir(t);
  chmodSync(PROGRAM, 0o755);
  symlinkSync(PROGRAM, join(bin, "aircrate"));
  const PATH = [bin, process.env.PATH].join(delimiter);
  return { cwd, env: { PATH, AIRCRATE_STORE: aircrate.store, HOME: tempDir(t), TERM: "dumb" } };
}

/** What is typed, and the line that a tab makes of it. */
const LINES: Readonly<Record<string, string>> = {
  "aircrate insp": "aircrate inspect",
  "aircrate image ta": "aircrate image tag",
  "aircrate build --unv": "aircrate build --unversioned-file",
  "aircrate build --format doc": "aircrate build --format docker-archive",
  "aircrate build --format=doc": "aircrate build --format=docker-archive",
  "aircrate inspect my": "aircrate inspect my app.auterionos",
  "aircrate build par": "aircrate build parts/",
  "aircrate build --output=par": "aircrate build --output=parts/",
  "aircrate save cam": "aircrate save camera:2",
  "aircrate save camera:": "aircrate save camera:2",
  "aircrate lock --update tou": "aircrate lock --update tou",
};

/** Types the lines into a shell, and has it print each after a tab. Its prompt is `READY> `. */
async function typed(t: TestContext, shell: string, files: Readonly<Record<string, string>>): Promise<void> {
  const { cwd, env } = await workplace(t);
  const home = writeFiles(env.HOME, files);
  const prompt = /READY> (\x1b\[\?2004h)?$/;
  const lines = Object.keys(LINES).map((line) => `${line}\t\x01echo :: \n`);
  const answers = [...lines, "exit\n"].map((line): Answer => [prompt, line]);
  const { seen } = await commandOnTerminal(t, shell, { answers, cwd, env: { ...env, ZDOTDIR: home } });
  // Zsh takes back the slash behind a folder when no path follows.
  const printed = [...seen.matchAll(/^:: (.*?)\/? *\r$/gm)].map(([, line]) => line);
  assert.deepEqual(
    printed,
    Object.values(LINES).map((line) => line.replace(/\/$/, "")),
    seen,
  );
}

test("bash completes lines", async (t) => {
  if (!requireTool(t, "bash", "script")) return;
  const bashrc = "source ./completion.bash; PS1='READY> '\n";
  await typed(t, 'exec bash --noprofile --rcfile "$HOME/bashrc" -i', { bashrc });
});

test("zsh completes lines", async (t) => {
  if (!requireTool(t, "zsh", "script")) return;
  const zshrc = "autoload -U compinit; compinit -u -D; bindkey -e; source ./completion.zsh; PS1='READY> '\n";
  await typed(t, "exec zsh -i", { ".zshrc": zshrc });
});

test("fish completes lines", async (t) => {
  if (!requireTool(t, "fish")) return;
  const { cwd, env } = await workplace(t);
  for (const [line, whole] of Object.entries(LINES)) {
    const script = `source completion.fish; complete --do-complete '${line}'`;
    const printed = await runOk("fish", ["--no-config", "--command", script], { cwd, env });
    const words = printed.split("\n").map((candidate) => candidate.split("\t")[0]);
    const [last] = /\S*$/.exec(line) ?? [];
    const expected = whole.slice(line.length - (last?.length ?? 0));
    assert.deepEqual(words, whole === line ? [""] : [expected, ""], line);
  }
});

test("never complains and never makes anything", async (t) => {
  const cwd = tempDir(t);
  const aircrate = aircrateFor(t, { cwd, store: join(cwd, "none") });
  for (const words of [
    ["save", ""],
    ["lock", "--update", ""],
    ["logout", ""],
    ["device", "start", ""],
    ["x", ""],
    [],
  ]) {
    const done = await aircrate.run(["complete", "--", ...words]);
    assert.deepEqual({ ...done, stdout: done.stdout.split("\n")[0] }, { status: 0, stdout: "words", stderr: "" });
  }
  assert.deepEqual(await runOk("ls", ["-A", cwd]), "");
});
