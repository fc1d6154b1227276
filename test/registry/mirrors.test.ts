import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseReference } from "../../lib/reference.ts";
import { insecureHosts, mergeRegistries, parseMirror, placesOf, type Registries } from "../../lib/registry/mirrors.ts";
import { throwsWith } from "../support/faults.ts";
import { rule } from "../support/registries.ts";

interface Settings {
  readonly mirrors?: Readonly<Record<string, string>>;
  readonly registries?: Registries;
}

function asked(name: string, { mirrors = {}, registries }: Settings): string[] {
  const settings = { mirrors: new Map(Object.entries(mirrors)), ...(registries && { registries }) };
  return placesOf(parseReference(name), settings).map(({ host, repository }) => `${host} ${repository}`);
}

describe("who is asked for a reference, in which order", () => {
  const registries: Registries = new Map([
    ["docker.io", rule(["one:5000", "two.example.com/hub"])],
    ["docker.io/team", rule(["team.example.com/a/b"])],
    ["docker.io/team/app", rule([])],
    ["ghcr.io", rule(["docker.io/ghcr", "registry-1.docker.io"], { fallback: false })],
  ]);
  const table: readonly (readonly [name: string, settings: Settings, places: readonly string[]])[] = [
    ["python", {}, ["docker.io library/python"]],
    [
      "python",
      { registries },
      ["one:5000 library/python", "two.example.com hub/library/python", "docker.io library/python"],
    ],
    // The longest prefix alone counts, in whole components.
    ["team/other:1", { registries }, ["team.example.com a/b/team/other", "docker.io team/other"]],
    ["team/app/part", { registries }, ["docker.io team/app/part"]],
    ["team/app", { registries }, ["docker.io team/app"]],
    ["team/application", { registries }, ["team.example.com a/b/team/application", "docker.io team/application"]],
    ["teams/app", { registries }, ["one:5000 teams/app", "two.example.com hub/teams/app", "docker.io teams/app"]],
    ["ghcr.io/a", { registries }, ["docker.io ghcr/a", "docker.io a"]],
    ["ghcr.io:443/a", { registries }, ["ghcr.io:443 a"]],
    ["quay.io/a", { registries }, ["quay.io a"]],
    // The command line replaces.
    ["python", { registries, mirrors: { "docker.io": "[::1]:5/x" } }, ["[::1]:5 x/library/python"]],
    ["team/app", { registries, mirrors: { "docker.io": "short", "docker.io/team": "long" } }, ["long team/app"]],
    ["python", { registries: new Map(), mirrors: { "docker.io/team": "long" } }, ["docker.io library/python"]],
  ];
  for (const [name, settings, places] of table) {
    test(`${name}: ${places.join(", ")}`, () => assert.deepEqual(asked(name, settings), places));
  }
});

test("of two sets, the first one's entry counts for a prefix", () => {
  const project = new Map([["docker.io", rule(["project:1"])]]);
  const user = new Map([
    ["docker.io", rule(["user:1"], { fallback: false })],
    ["docker.io/team", rule(["team:1"])],
  ]);
  const registries = mergeRegistries(project, undefined, user);
  assert.deepEqual(asked("python", { registries }), ["project:1 library/python", "docker.io library/python"]);
  assert.deepEqual(asked("team/app", { registries }), ["team:1 team/app", "docker.io team/app"]);
});

test("an insecure registry is no insecure mirror", () => {
  const insecure = { insecure: true };
  const registries = new Map([
    ["docker.io", rule(["lab:5000"])],
    ["lab:5000", rule([], insecure)],
    ["[::1]:5000", rule(["other:5000"], insecure)],
  ]);
  assert.deepEqual(insecureHosts(registries), ["lab:5000", "[::1]:5000"]);
  assert.deepEqual(insecureHosts(new Map([["docker.io", rule([], insecure)]])), ["registry-1.docker.io"]);
});

describe("mirrors of the command line", () => {
  for (const [text, prefix, mirror] of [
    ["docker.io=127.0.0.1:5000", "docker.io", "127.0.0.1:5000"],
    ["localhost:1=[::1]:2", "localhost:1", "[::1]:2"],
    ["localhost=cache/hub", "localhost", "cache/hub"],
    ["index.docker.io/arm64v8=cache.example.com/a/b", "docker.io/arm64v8", "cache.example.com/a/b"],
    ["[::1]:2/a=ghcr.io", "[::1]:2/a", "ghcr.io"],
  ] as const) {
    test(text, () => assert.deepEqual(parseMirror(text), [prefix, mirror]));
  }
  for (const text of [
    "",
    "docker.io",
    "docker.io=",
    "=host",
    "a.b=c=d",
    "library=host",
    "arm64v8/python=host",
    "docker.io/=host",
    "docker.io/Python=host",
    "docker.io:99999=host",
    "docker.io=http://host",
    "docker.io=host/",
    "docker.io=host//path",
    "docker.io=host/Path",
    "docker.io=host/../path",
    "docker.io=user@host",
    "docker.io=user:word@host",
    "docker.io=a b",
    "docker.io=host:99999",
    "docker.io=host:port",
    "docker.io=999.1.1.1",
    "docker.io=host?x",
    "docker.io=host#x",
    "docker.io=[::1",
    "docker.io=a\\b",
    "docker.io=host\n",
  ]) {
    test(`not ${JSON.stringify(text)}`, () => {
      throwsWith(() => parseMirror(text), "usage", /REGISTRY\[\/PREFIX\]=HOST\[:PORT\]\[\/PATH\]/);
    });
  }
});
