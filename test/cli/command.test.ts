import assert from "node:assert/strict";
import test from "node:test";
import yargs from "yargs";
import { addCommand, Chosen, REPEATED } from "../../cli/command.ts";

/** What the action of a command is given. */
async function given(words: string): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> = {};
  const parser = yargs(words.split(" ")).strict().exitProcess(false);
  addCommand<Record<string, unknown>>(parser, {
    command: "do <place> [more..]",
    describe: "Does",
    builder: (yargs) =>
      yargs
        .positional("place", { type: "string" })
        .positional("more", { type: "string", array: true })
        .options({
          mirror: REPEATED,
          tag: { ...REPEATED, alias: "t" },
          output: { alias: "o", type: "string" },
          tries: { type: "number" },
          form: { choices: ["a", "b"] as const },
          json: { type: "boolean", default: false },
        }),
    action: async () => ({
      async run(args) {
        found = args;
      },
    }),
  });
  try {
    parser.parseSync();
  } catch (error) {
    if (!(error instanceof Chosen)) throw error;
    await error.run();
  }
  return found;
}

test("an option that may be repeated has all its values; of any other one the last value counts", async () => {
  const words =
    "do --mirror 1 here --mirror 2 -t x --tag y -o a --output b --tries 3 --tries 4 --form a --form b --json --json";
  const { place, mirror, tag, output, tries, form, json } = await given(words);
  assert.deepEqual(
    { place, mirror, tag, output, tries, form, json },
    { place: "here", mirror: ["1", "2"], tag: ["x", "y"], output: "b", tries: 4, form: "b", json: true },
  );
  const none = await given("do here x y");
  assert.deepEqual([none.mirror, none.tag, none.output, none.more], [[], [], undefined, ["x", "y"]]);
});
