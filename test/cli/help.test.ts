import assert from "node:assert/strict";
import test from "node:test";
import { type Found, findCommand } from "../../cli/find.ts";
import { helpText } from "../../cli/ui/help.ts";
import { aircrateLines, parseLine } from "../support/command-line.ts";

/** The program and all commands below it. */
async function everyCommand(words: readonly string[] = []): Promise<Found[]> {
  const found = await findCommand(words);
  const below = (found.command.commands ?? []).map(({ name }) => everyCommand([...words, name]));
  return [found, ...(await Promise.all(below)).flat()];
}

test("every command has examples, which its parser takes", async () => {
  const commands = await everyCommand();
  assert.ok(commands.length > 25, `${commands.length} commands`);
  for (const { name, command } of commands) {
    const calls = command.examples.flatMap(([line]) => aircrateLines(line));
    const parsed = await Promise.all(calls.map(parseLine));
    for (const one of parsed) assert.notEqual(one.command.action, undefined, `${name}: ${one.name} alone does nothing`);
    assert.ok(
      parsed.some((one) => `${one.name} `.startsWith(`${name} `)),
      `${name} has no example`,
    );
  }
});

test("help fits its width", async () => {
  for (const found of await everyCommand()) {
    for (const width of [100, 80]) {
      const longest = helpText(found, width)
        .split("\n")
        .filter((line) => !line.startsWith("  aircrate "))
        .reduce((a, b) => (b.length > a.length ? b : a));
      assert.ok(longest.length <= width, `${found.name} at ${width}: ${longest}`);
    }
    assert.doesNotMatch(helpText(found, 100), /^.{101}/m, found.name);
  }
});

test("options stand below headings, with values and defaults, and what is hidden does not", async () => {
  const help = helpText(await findCommand(["image", "build"]), 100);
  assert.match(help, /^Usage: aircrate image build <context> \[OPTIONS\]\n\nMake the image/);
  assert.match(help, /\nImage:\n {2}-t, --tag IMAGE +Name of the image, as NAME:TAG; may be repeated\n/);
  assert.match(help, /\n {6}--platform PLATFORM +What the image runs on \[default: linux\/arm64\]\n/);
  assert.match(help, /\nNetworks:\n {6}--offline /);
  assert.doesNotMatch(help, /force-rm/);
  const install = helpText(await findCommand(["install"]), 100);
  assert.match(install, /\n {6}--no-verify /);
});
