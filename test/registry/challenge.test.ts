import assert from "node:assert/strict";
import test from "node:test";
import { parseChallenges } from "../../lib/registry/challenge.ts";
import { seeded } from "../support/seeded.ts";

type Expected = readonly (readonly [scheme: string, parameters: Readonly<Record<string, string>>])[];

test("headers that registries send, and those that the RFC allows", () => {
  const table: readonly (readonly [header: string, expected: Expected])[] = [
    ["", []],
    ["Basic", [["basic", {}]]],
    ['Basic realm="Registry Realm"', [["basic", { realm: "Registry Realm" }]]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
      [["bearer", { realm: "https://auth.docker.io/token", service: "registry.docker.io" }]],
    ],
    [
      'Bearer realm="https://x/token",service="y",scope="repository:a/b:pull,push",error="invalid_token"',
      [
        [
          "bearer",
          { realm: "https://x/token", service: "y", scope: "repository:a/b:pull,push", error: "invalid_token" },
        ],
      ],
    ],
    // Several challenges in one header.
    [
      'Basic realm="a, b", Bearer realm="https://c",service=d',
      [
        ["basic", { realm: "a, b" }],
        ["bearer", { realm: "https://c", service: "d" }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ["negotiate", {}],
        ["basic", { realm: "x" }],
      ],
    ],
    [
      'Bearer realm="a",Bearer realm="b"',
      [
        ["bearer", { realm: "a" }],
        ["bearer", { realm: "b" }],
      ],
    ],
    // Escapes, also of quotes and backslashes.
    ['Basic realm="a\\"b\\\\c\\d"', [["basic", { realm: 'a"b\\cd' }]]],
    // Case and space do not count.
    ['BEARER Realm = "a" ,\tSERVICE="b"', [["bearer", { realm: "a", service: "b" }]]],
    ['  ,, Basic  realm="a",,', [["basic", { realm: "a" }]]],
    // The first of two parameters with one name counts.
    ["Bearer realm=a,realm=b", [["bearer", { realm: "a" }]]],
    // What cannot be understood is left out, not what stands behind it.
    [
      'Negotiate abc==, Bearer realm="a"',
      [
        ["negotiate", { abc: "" }],
        ["bearer", { realm: "a" }],
      ],
    ],
    ['@@@, Bearer realm="a"', [["bearer", { realm: "a" }]]],
    ['Bearer realm="no end', [["bearer", { realm: "no end" }]]],
    ['Bearer realm="no end\\', [["bearer", { realm: "no end" }]]],
    ["Bearer realm=", [["bearer", { realm: "" }]]],
    ["=x", []],
    [
      'Bearer __proto__="a",realm=b',
      [
        [
          "bearer",
          Object.fromEntries([
            ["__proto__", "a"],
            ["realm", "b"],
          ]),
        ],
      ],
    ],
  ];
  for (const [header, expected] of table) {
    assert.deepEqual(
      parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
      expected,
      header,
    );
  }
});

test("any header comes to an end, soon", () => {
  const next = seeded(1);
  const pieces = ['"', "\\", ",", "=", " ", "Bearer", "a", "\t", "\0", "ä", 'realm="x"', ";", "@"];
  const start = performance.now();
  for (let round = 0; round < 3000; round += 1) {
    parseChallenges(Array.from({ length: next(30) }, () => pieces[next(pieces.length)]!).join(""));
  }
  for (const piece of pieces) parseChallenges(piece.repeat(16_000));
  assert.ok(performance.now() - start < 2000);
});
