import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readAircrateYml } from "../../lib/app/aircrate-yml.ts";
import { readRegistriesFile } from "../../lib/app/registries.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { writeFiles } from "../support/project.ts";
import { rule } from "../support/registries.ts";

const TEXT = `registries:
  index.docker.io:
    mirrors: [mirror.example.com, cache.example.com:5000/dockerhub]
  docker.io/arm64v8:
    mirrors: ["[::1]:5000"]
    fallback: false
  127.0.0.1:5000:
    insecure: true
`;

test("the project's file and the user's say it in the same words", async (t) => {
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": TEXT.replace("insecure: true", "insecure: false"),
    "registries.yml": TEXT,
  });
  const user = await readRegistriesFile(join(dir, "registries.yml"));
  assert.deepEqual(
    [...user],
    [
      ["docker.io", rule(["mirror.example.com", "cache.example.com:5000/dockerhub"])],
      ["docker.io/arm64v8", rule(["[::1]:5000"], { fallback: false })],
      ["127.0.0.1:5000", rule([], { insecure: true })],
    ],
  );
  const project = (await readAircrateYml(dir))?.registries;
  assert.deepEqual(project, new Map([...user, ["127.0.0.1:5000", rule([])]]));
});

test("a project cannot take a host's certificate check away from whoever builds it", async (t) => {
  const dir = writeFiles(tempDir(t), { "aircrate.yml": TEXT });
  const error = await rejectsWith(readAircrateYml(dir), "input", /not for a project to say/, /--insecure-registry/);
  assert.equal(error.where, `${join(dir, "aircrate.yml")}:8`);
});

test("neither has to say anything", async (t) => {
  const dir = writeFiles(tempDir(t), { "aircrate.yml": "tag: a\n", "registries.yml": "{}\n" });
  assert.equal((await readRegistriesFile(join(dir, "registries.yml"))).size, 0);
  assert.equal((await readRegistriesFile(join(dir, "none/registries.yml"))).size, 0);
  assert.equal((await readAircrateYml(dir))?.registries.size, 0);
});

describe("what is wrong is told with its line, in both files", () => {
  const docker = (text: string) => `registries:\n  docker.io:\n    ${text}\n`;
  const legal = /expected a registry or the beginning of its repositories, such as docker\.io/;
  const form = /expected HOST\[:PORT\]\[\/PATH\] without a scheme/;
  for (const [name, text, line, ...patterns] of [
    ["an unknown key", docker("miror: [a]"), 3, /unknown key `miror`: did you mean `mirrors`\?/],
    ["an unknown key above", "registry: {}\n", 1, /unknown key `registry`: did you mean `registries`\?/],
    ["a mirror alone", docker("mirrors: a.example.com"), 3, /mirrors`: expected a list, found "a\.example\.com"/],
    ["no mirror", docker("mirrors: []"), 3, /mirrors`: is empty/],
    [
      "a scheme",
      docker("mirrors:\n    - a:1\n    - https://a.example.com"),
      5,
      form,
      /found "https:\/\/a\.example\.com"/,
    ],
    ["credentials", docker("mirrors: [user@host]"), 3, form],
    ["a path that climbs", docker("mirrors: [host/../x]"), 3, form],
    ["a query", docker("mirrors: ['host?x']"), 3, form],
    ["an endless path", docker(`mirrors: ["host${"/a".repeat(200)}"]`), 3, form],
    ["a port that is none", docker("mirrors: ['host:99999']"), 3, /`host:99999` is not the address of a registry/],
    ["a registry that is none", "registries:\n  999.1.1.1: {}\n", 2, /`999\.1\.1\.1` is not the address of a registry/],
    ["a repository without registry", "registries:\n  library/python: {}\n", 2, legal],
    ["a name without registry", "registries:\n  python: {}\n", 2, legal],
    ["a reference", "registries:\n  docker.io/python:3.11: {}\n", 2, legal],
    [
      "a registry twice",
      `${docker("mirrors: [a.example.com]")}  registry-1.docker.io: {}\n`,
      4,
      /another name of a registry above/,
    ],
    ["nothing", "registries:\n  docker.io:\n", 2, /expected a mapping, found nothing/],
    ["a word for a switch", docker("insecure: maybe"), 3, /insecure`: expected true or false/],
    ["a prefix that is insecure", "registries:\n  docker.io/a:\n    insecure: true\n", 3, /for a whole registry/],
    ["nobody to ask", docker("fallback: false"), 3, /without mirrors nobody is left to ask/],
  ] as const) {
    test(name, async (t) => {
      const dir = writeFiles(tempDir(t), { "aircrate.yml": text, "user.yml": text });
      for (const [file, read] of [
        ["aircrate.yml", () => readAircrateYml(dir)],
        ["user.yml", () => readRegistriesFile(join(dir, "user.yml"))],
      ] as const) {
        const error = await rejectsWith(read(), "input", ...patterns);
        assert.equal(error.where, `${join(dir, file)}:${line}`);
      }
    });
  }
  test("a folder", async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "registries.yml"));
    await rejectsWith(readRegistriesFile(join(dir, "registries.yml")), "input", /is not a file/);
  });
});
