import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { makePlan } from "../../lib/plan/make.ts";
import { type Environments, plannedFiles } from "../../lib/plan/remote-files.ts";
import { tempDir } from "../support/cleanup.ts";
import { writeFiles } from "../support/project.ts";

const sum = (digit: string) => `sha256:${digit.repeat(64)}`;
const add = (digit: string, url: string) => `ADD --checksum=${sum(digit)} ${url} /a\n`;

/** The files of a plan as `checksum url where base`, the checksum by its first digit. */
async function filesOf(t: TestContext, files: Readonly<Record<string, string>>, environments?: Environments) {
  const dir = writeFiles(tempDir(t), files);
  return plannedFiles(await makePlan(dir), environments).map(({ checksum = "", url, where, base = "" }) =>
    `${checksum[7]} ${url} ${where.replace(`${dir}/`, "")} ${base}`.trim(),
  );
}

test("files of Dockerfiles and trees, each checksum once, of needed stages only", async (t) => {
  const found = await filesOf(t, {
    "aircrate.yml": `images:
  made: { context: . }
  tree:
    from: scratch
    layers:
      - copy:
          - { url: "http://h/tree", checksum: "${sum("c")}", to: / }
          - { url: "http://h/again", checksum: "${sum("a")}", to: / }
`,
    Dockerfile: `FROM scratch AS other
${add("a", "http://h/other")}FROM scratch AS unneeded
${add("b", "http://h/unneeded")}FROM scratch
COPY --from=other /a /a
${add("d", "http://h/made")}`,
  });
  assert.deepEqual(found, [
    "a http://h/other Dockerfile:2",
    "d http://h/made Dockerfile:7",
    "c http://h/tree aircrate.yml:7",
  ]);
});

test("what the environment of a pulled image decides on is open until it is known, through local images, too", async (t) => {
  const files = {
    "aircrate.yml": `images:
  base: { context: ., dockerfile: Dockerfile.base }
  tree: { from: base, config: { env: { T: tree } } }
  made: { context: . }
`,
    "Dockerfile.base": "FROM python:3\nARG A=arg\nENV P=$P-base L=local\n",
    Dockerfile: `FROM tree\n${add("a", "http://h/$P")}${add("b", "http://h/$T/$L")}${add("c", `http://h/\${A:-none}`)}`,
  };
  const python = "docker.io/library/python:3";
  assert.deepEqual(await filesOf(t, files), [
    `a undefined Dockerfile:2 ${python}`,
    "b http://h/tree/local Dockerfile:3",
    `c undefined Dockerfile:4 ${python}`,
  ]);
  assert.deepEqual(await filesOf(t, files, new Map([[python, new Map([["P", "3.1"]])]])), [
    "a http://h/3.1-base Dockerfile:2",
    "b http://h/tree/local Dockerfile:3",
    "c http://h/none Dockerfile:4",
  ]);
});

test("of several addresses of one file the first that is known counts", async (t) => {
  const text = `FROM python:3\n${add("a", "http://h/$P")}${add("a", "http://h/two")}${add("a", "http://h/three")}`;
  const files = { "aircrate.yml": "images: { app: { context: . } }\n", Dockerfile: text };
  assert.deepEqual(await filesOf(t, files), ["a http://h/two Dockerfile:2"]);
  const environments = new Map([["docker.io/library/python:3", new Map([["P", "one"]])]]);
  assert.deepEqual(await filesOf(t, files, environments), ["a http://h/one Dockerfile:2"]);
});

test("a project without remote files is not evaluated", async (t) => {
  const files = { "aircrate.yml": "images: { app: { context: . } }\n", Dockerfile: `FROM scratch\nENV X=\${Y:?no}\n` };
  assert.deepEqual(await filesOf(t, files), []);
});
