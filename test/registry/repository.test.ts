import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRepository, parseRepository, readRepository } from "../../lib/registry/repository.ts";
import { throwsWith } from "../support/faults.ts";

test("a repository is a registry and a path", () => {
  for (const text of ["registry.example.com/a", "localhost/a/b", "10.0.0.1:5000/team/cache", "[::1]:5000/a__b"]) {
    assert.equal(formatRepository(readRepository(text)!), text);
  }
  assert.deepEqual(readRepository("index.docker.io/team/cache"), { registry: "docker.io", repository: "team/cache" });
});

test("what has a tag, a digest, a scheme or no registry is none", () => {
  const wrong = [
    ...["", "off", "team/cache", "registry.example.com", "registry.example.com/", "registry.example.com/a:1"],
    ...["https://registry.example.com/a", "registry.example.com/A", "registry.example.com/a/../b"],
    ...[
      `registry.example.com/a@sha256:${"0".repeat(64)}`,
      "registry.example.com:99999/a",
      `r.example.com/${"a".repeat(300)}`,
    ],
  ];
  for (const text of wrong) {
    assert.equal(readRepository(text), undefined, text);
    throwsWith(() => parseRepository(text), "usage", /is not a repository/);
  }
});
