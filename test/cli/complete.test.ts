import assert from "node:assert/strict";
import test from "node:test";
import { complete } from "../../cli/complete.ts";

const KNOWN = async (kind: string) => (kind === "" ? [] : [`${kind.toLowerCase()}-1`, `${kind.toLowerCase()}-2`]);

/** The words that may stand in the place of the last one, or the kind of those that the shell knows. */
async function completed(line: string): Promise<string> {
  const { kind, words } = await complete(line.split(" "), KNOWN);
  return kind === "words" ? words.map(([word]) => word).join(" ") : kind;
}

test("completes commands, options and their values", async () => {
  const cases = {
    bu: "build",
    com: "completion",
    "image ": "build ls rm tag",
    "store v": "verify",
    "help store pr": "prune",
    "--v": "--version",
    "build --app": "--app-version",
    "build --format ": "auterionos docker-archive oci",
    "build --format d": "docker-archive",
    "build --format=o": "--format=oci",
    "build --format=oci --fo": "",
    "build --locked --lo": "",
    "build --mirror a=b --mi": "--mirror",
    "build ": "folders",
    "build -o ": "files",
    "build --output=": "files",
    "build -o x ": "folders",
    "build -t x ": "folders",
    "inspect ": "files",
    "inspect x -": "--json --help",
    "inspect x ": "--json --help",
    "inspect -- -": "files",
    "install x --no": "--no-verify",
    "save ": "image-1 image-2",
    "save image-1 image-2 ": "image-1 image-2",
    "rmi ": "image-1 image-2",
    "image tag ": "image-1 image-2",
    "lock --update ": "reference-1 reference-2",
    "lock --update reference-1 reference-2": "reference-2",
    "lock --update reference-1 --json ": "folders",
    "login ": "registry-1 registry-2",
    "device start ": "app-1 app-2",
    "schema ": "auterion-app aircrate",
    "image build --force": "",
  };
  for (const [line, words] of Object.entries(cases)) assert.equal(await completed(line), words, `"${line}"`);
});

test("has nothing for what is wrong already", async () => {
  for (const line of ["biuld ", "store x ", "--json=", "build --frob=", "build --constructor=", "complete x"]) {
    assert.equal(await completed(line), "", line);
  }
});

test("tells what options and commands mean", async () => {
  const { words } = await complete(["image", "l"]);
  assert.deepEqual(words, [["ls", "Show the images in the store"]]);
});
