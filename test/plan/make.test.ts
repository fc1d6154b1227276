import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { Value } from "@sinclair/typebox/value";
import { planDocument } from "../../lib/plan/document.ts";
import { makePlan, type PlanOptions } from "../../lib/plan/make.ts";
import { PlanDocument } from "../../spec/plan.ts";
import { localImages } from "../local/images.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { rule } from "../support/registries.ts";
import { projectDir } from "../support/tools.ts";

const HEAD = `auterion-api-version: 3
auterion-app-base: none
app-name: app
app-author: com.example
app-version: 1.2.3
target-platform: skynode
`;

function makeProject(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = tempDir(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

/** The plan of these files as a document, with paths relative to the project. */
async function planOf(t: TestContext, files: Readonly<Record<string, string>>, options?: PlanOptions) {
  const dir = makeProject(t, files);
  const document = planDocument(await makePlan(dir, options));
  assert.ok(Value.Check(PlanDocument, document), JSON.stringify([...Value.Errors(PlanDocument, document)]));
  return JSON.parse(JSON.stringify(document).replaceAll(`${dir}/`, "").replaceAll(dir, ".")) as PlanDocument;
}

function fails(t: TestContext, files: Readonly<Record<string, string>>, ...patterns: readonly RegExp[]) {
  return rejectsWith(makePlan(makeProject(t, files)), "input", ...patterns);
}

test("what has a local tag is no image of a registry, but what the project names comes first", async (t) => {
  const { store, build } = await localImages(t);
  for (const tag of ["base:1", "named"]) await build(tag, "FROM scratch\nCOPY one /\n");
  const files = {
    "aircrate.yml": `images:
  named: { from: "base:1" }
  app: { from: named, layers: [{ copy: [{ image: "other:1", from: /x, to: / }] }] }
`,
  };
  const made = async (options: PlanOptions) =>
    (await planOf(t, files, options)).images.map(({ made, name }) => `${made} ${name}`);
  const rest = ["tree named", "pull docker.io/library/other:1", "tree app"];
  assert.deepEqual(await made({ store: store.root }), ["local docker.io/library/base:1", ...rest]);
  assert.deepEqual(await made({ store: store.root, simulation: true }), ["pull docker.io/library/base:1", ...rest]);
  assert.deepEqual(await made({ store: join(store.root, "nowhere") }), ["pull docker.io/library/base:1", ...rest]);
  assert.deepEqual(await made({}), ["pull docker.io/library/base:1", ...rest]);
});

test("an application: built services first, each image after what it is FROM, shared bases once", async (t) => {
  const plan = await planOf(t, {
    "auterion-app.yml": `${HEAD}services:
  ready:
    image: arm64v8/busybox:1.36
  one:
    build: ./one
  two:
    build: ./two
`,
    "aircrate.yml": "images:\n  base:\n    context: .\n    dockerfile: Dockerfile.base\n",
    "Dockerfile.base": "FROM arm64v8/python:3.11-slim\nENV A=b\n",
    "one/Dockerfile": 'FROM base\nCOPY . /app\nCMD ["a"]\n',
    "two/Dockerfile": "# a comment\nFROM base\nWORKDIR /x\n",
  });
  assert.deepEqual(plan.images, [
    { name: "docker.io/arm64v8/busybox:1.36", where: "auterion-app.yml:8", made: "pull", steps: [] },
    { name: "docker.io/arm64v8/python:3.11-slim", where: "Dockerfile.base:1", made: "pull", steps: [] },
    {
      ...{ name: "base", where: "aircrate.yml:2", made: "dockerfile", from: "docker.io/arm64v8/python:3.11-slim" },
      ...{ context: ".", dockerfile: "Dockerfile.base", steps: ["ENV A=b"] },
    },
    {
      ...{ name: "one", where: "auterion-app.yml:10", made: "dockerfile", from: "base" },
      ...{ context: "one", dockerfile: "one/Dockerfile", steps: ["COPY . /app", 'CMD ["a"]'] },
    },
    {
      ...{ name: "two", where: "auterion-app.yml:12", made: "dockerfile", from: "base" },
      ...{ context: "two", dockerfile: "two/Dockerfile", steps: ["WORKDIR /x"] },
    },
  ]);
  assert.deepEqual(
    plan.outputs.map(({ service, image }) => [service, image]),
    [
      ["one", "one"],
      ["two", "two"],
      ["ready", "docker.io/arm64v8/busybox:1.36"],
    ],
  );
  assert.deepEqual(plan.outputs[0]?.tags, ["docker.io/library/com.example.app.one:1.2.3"]);
  assert.deepEqual(plan.outputs[2]?.tags, ["docker.io/arm64v8/busybox:1.36"]);
  assert.equal(plan.platform, "linux/arm64");
  assert.deepEqual(plan.app?.launchOrder, [["ready", "one", "two"]]);
});

test("the simulation, and another version", async (t) => {
  const files = {
    "auterion-app.yml": `${HEAD}services:\n  one:\n    build: one\n`,
    "one/Dockerfile": "FROM scratch\n",
  };
  const plan = await planOf(t, files, { simulation: true, appVersion: "9.9.9" });
  assert.equal(plan.platform, "linux/amd64");
  assert.equal(plan.app?.version, "9.9.9");
  assert.deepEqual(plan.outputs[0]?.tags, ["docker.io/library/com.example.app.one:9.9.9"]);
  assert.equal(plan.images[0]?.from, "scratch");
});

test("aircrate.yml says how a service is made", async (t) => {
  const plan = await planOf(t, {
    "auterion-app.yml": `${HEAD}services:\n  one:\n    build: one\n`,
    "aircrate.yml": `images:
  one:
    from: other
    layers:
      - copy: [{ from: one, to: /app }]
  other:
    from: scratch
`,
    "one/main.py": "",
  });
  assert.deepEqual(
    plan.images.map(({ name, made, from, steps }) => [name, made, from, steps]),
    [
      ["other", "tree", "scratch", []],
      ["one", "tree", "other", ["COPY one /app"]],
    ],
  );
});

describe("aircrate.yml alone", () => {
  test("every image that no other one is FROM", async (t) => {
    const plan = await planOf(t, {
      "aircrate.yml": `tag: "2.0"
images:
  app: { from: middle }
  middle: { context: ., dockerfile: Dockerfile }
  alone: { from: "ghcr.io/x/y@sha256:${"0".repeat(64)}" }
  bottom: { from: scratch }
`,
      Dockerfile: "FROM bottom\n",
    });
    assert.deepEqual(
      plan.images.map(({ name }) => name),
      ["bottom", "middle", "app", `ghcr.io/x/y@sha256:${"0".repeat(64)}`, "alone"],
    );
    assert.deepEqual(plan.outputs, [
      { image: "app", tags: ["docker.io/library/app:2.0"], dependsOn: [] },
      { image: "alone", tags: ["docker.io/library/alone:2.0"], dependsOn: [] },
    ]);
    assert.equal(plan.app, undefined);
  });
  test("without a tag it is latest, and a version is of no use", async (t) => {
    const files = { "aircrate.yml": "images:\n  a: { from: scratch }\n" };
    assert.deepEqual((await planOf(t, files)).outputs[0]?.tags, ["docker.io/library/a:latest"]);
    await rejectsWith(makePlan(makeProject(t, files), { appVersion: "1" }), "usage", /--app-version/);
  });
  test("circles are shown", async (t) => {
    const circle = "images:\n  a: { from: b }\n  b: { from: c }\n  c: { from: b }\n";
    const error = await fails(t, { "aircrate.yml": circle }, /the image b is built on itself/, /b -> c -> b/);
    assert.match(error.where ?? "", /aircrate\.yml:3$/);
    await fails(t, { "aircrate.yml": "images:\n  a: { from: a }\n" }, /a -> a/);
    await fails(
      t,
      { "aircrate.yml": "images:\n  a: { context: . }\n", Dockerfile: "FROM a\n" },
      /the image a is built on itself/,
    );
  });
  test("nothing to build", async (t) => {
    const none: readonly Readonly<Record<string, string>>[] = [
      {},
      { "aircrate.yml": "tag: x\n" },
      { "aircrate.yml": "images: {}\n" },
      { "README.md": "x" },
    ];
    for (const files of none) {
      await fails(t, files, /there is nothing to build/, /auterion-app\.yml/);
    }
    const older = await fails(t, { "app.yml": "services: {}\n" }, /there is nothing to build/, /app\.yml does not say/);
    assert.match(older.hint.join(), /say it below `app` in aircrate\.yml/);
  });
});

describe("what cannot be planned", () => {
  const manifest = { "auterion-app.yml": `${HEAD}services:\n  one:\n    build: one\n`, "one/x": "" };
  test("a Dockerfile that is not there, too large, or no text", async (t) => {
    const error = await fails(t, manifest, /there is no such Dockerfile/, /auterion-app\.yml:8 asks for it/);
    assert.match(error.where ?? "", /one\/Dockerfile$/);
    await fails(t, { ...manifest, "one/Dockerfile": `FROM scratch\n#${"x".repeat(1024 * 1024)}` }, /larger than 1 MiB/);
    const dir = makeProject(t, manifest);
    writeFileSync(join(dir, "one/Dockerfile"), Buffer.from([0x46, 0xff, 0x0a]));
    await rejectsWith(makePlan(dir), "input", /not UTF-8/);
    const folder = makeProject(t, { ...manifest, "one/Dockerfile/x": "" });
    await rejectsWith(makePlan(folder), "input", /Dockerfile cannot be read/, /EISDIR/);
  });
  test("a reference that is none, at its line", async (t) => {
    const error = await fails(t, { ...manifest, "one/Dockerfile": "ARG V=1\n\nFROM Python:$V\n" }, /lower case/);
    assert.match(error.where ?? "", /one\/Dockerfile:3$/);
  });
  test("an instruction that would have to be executed", async (t) => {
    const dockerfile = { "one/Dockerfile": "FROM scratch\nRUN make\n" };
    const error = await fails(t, { ...manifest, ...dockerfile }, /RUN/);
    assert.match(error.where ?? "", /one\/Dockerfile:2$/);
  });
  test("a folder that is none", async (t) => {
    const dir = makeProject(t, { file: "" });
    for (const [name, pattern] of [
      ["absent", /there is no such folder/],
      ["file", /not a folder/],
      ["file/below", /there is no such folder/],
    ] as const) {
      const error = await rejectsWith(makePlan(join(dir, name)), "unreachable", pattern);
      assert.equal(error.where, join(dir, name));
    }
  });
});

test("where pulled images are asked for, when that is not their own registry alone", async (t) => {
  const dir = makeProject(t, {
    "aircrate.yml": `registries:
  ghcr.io/team: { mirrors: ["cache.example.com/ghcr"] }
  lab.example.com: { insecure: false }
images:
  a: { from: ghcr.io/team/a }
  b: { from: ghcr.io/other/b }
  c: { from: lab.example.com/c }
  d: { from: python }
`,
  });
  const user = new Map([
    ["ghcr.io/team", rule(["user.example.com"])],
    ["docker.io", rule(["user.example.com"], { fallback: false })],
  ]);
  const { images } = planDocument(await makePlan(dir), user);
  assert.deepEqual(
    images.filter(({ made }) => made === "pull").map(({ name, sources }) => [name, sources]),
    [
      ["ghcr.io/team/a:latest", ["cache.example.com/ghcr/team/a", "ghcr.io/team/a"]],
      ["ghcr.io/other/b:latest", undefined],
      ["lab.example.com/c:latest", undefined],
      ["docker.io/library/python:latest", ["user.example.com/library/python"]],
    ],
  );
});

test("files are named as the folder was given", async (t) => {
  const dir = makeProject(t, {
    "auterion-app.yml": `${HEAD}services:\n  one:\n    build: one\n`,
    "one/Dockerfile": "FROM scratch\nMAINTAINER me\n",
  });
  const given = relative(process.cwd(), dir);
  const plan = await makePlan(given);
  assert.equal(plan.directory, dir);
  assert.equal(plan.images[0]?.where, `${given}/auterion-app.yml:8`);
  const { recipe } = plan.images[0]!;
  assert.ok(recipe.kind === "dockerfile");
  assert.deepEqual([recipe.contextName, recipe.context], [`${given}/one`, join(dir, "one")]);
  for (const warning of plan.warnings) assert.ok(warning.startsWith(`${given}/one/Dockerfile:`), warning);
});

test("the example of the field", async () => {
  const plan = planDocument(await makePlan(join(projectDir(), "examples/photo-gallery")));
  assert.deepEqual(
    plan.outputs.map(({ service, dependsOn }) => [service, dependsOn]),
    [
      ["camera-control", []],
      ["gallery-service", ["camera-control"]],
      ["janitor", []],
    ],
  );
  assert.deepEqual(plan.warnings, []);
});
