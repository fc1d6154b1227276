import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { familiarReference, formatReference, parseReference } from "../lib/reference.ts";
import { throwsWith } from "./support/faults.ts";

const HEX = "0123456789abcdef".repeat(4);
const DIGEST = `sha256:${HEX}`;

// What Docker makes of them: the table of `ParseNormalizedNamed` in github.com/distribution/reference and its tests.
describe("names are normalised as docker does", () => {
  const table: readonly (readonly [text: string, full: string, familiar?: string])[] = [
    ["python", "docker.io/library/python:latest", "python:latest"],
    ["python:3.11-slim", "docker.io/library/python:3.11-slim", "python:3.11-slim"],
    ["arm64v8/python:3.11-slim", "docker.io/arm64v8/python:3.11-slim", "arm64v8/python:3.11-slim"],
    ["docker.io/python", "docker.io/library/python:latest", "python:latest"],
    ["index.docker.io/python", "docker.io/library/python:latest"],
    ["index.docker.io/library/python", "docker.io/library/python:latest"],
    ["docker.io/team/app/part:1", "docker.io/team/app/part:1", "team/app/part:1"],
    ["library/python", "docker.io/library/python:latest", "python:latest"],
    ["localhost/x", "localhost/x:latest", "localhost/x:latest"],
    ["localhost:5000/x:1", "localhost:5000/x:1"],
    ["localhost", "docker.io/library/localhost:latest"],
    ["host:5000/a/b", "host:5000/a/b:latest"],
    [`host:5000/a/b@${DIGEST}`, `host:5000/a/b@${DIGEST}`, `host:5000/a/b@${DIGEST}`],
    [`python:3@${DIGEST}`, `docker.io/library/python:3@${DIGEST}`, `python:3@${DIGEST}`],
    [`python@${DIGEST}`, `docker.io/library/python@${DIGEST}`],
    // Without a slash, what follows the colon is a tag, not a port.
    ["host:5000", "docker.io/library/host:5000"],
    ["ghcr.io/a", "ghcr.io/a:latest"],
    ["ghcr.io/library/a", "ghcr.io/library/a:latest", "ghcr.io/library/a:latest"],
    ["127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"],
    ["[::1]:5000/a/b:1", "[::1]:5000/a/b:1"],
    ["[2001:db8::1]/a", "[2001:db8::1]/a:latest"],
    // An upper-case letter makes a host of the first part: repositories are in small ones.
    ["Registry/app:V1", "Registry/app:V1"],
    ["a__b/c-d.e/f---g:_x.Y-9", "docker.io/a__b/c-d.e/f---g:_x.Y-9"],
    ["a.b", "docker.io/library/a.b:latest"],
    ["a.b/c", "a.b/c:latest"],
    ["xn--n3h.com/myimage", "xn--n3h.com/myimage:latest"],
    [`${HEX}:tag`, `docker.io/library/${HEX}:tag`],
    [`team/${HEX}`, `docker.io/team/${HEX}:latest`],
    [`python:${"t".repeat(128)}`, `docker.io/library/python:${"t".repeat(128)}`],
    [`${"a".repeat(247)}`, `docker.io/library/${"a".repeat(247)}:latest`],
  ];
  for (const [text, full, familiar] of table) {
    test(text.length > 60 ? `${text.slice(0, 60)}…` : text, () => {
      const reference = parseReference(text);
      assert.equal(formatReference(reference), full);
      assert.deepEqual(parseReference(full), reference, "the full form means the same");
      if (familiar === undefined) return;
      assert.equal(familiarReference(reference), familiar);
      assert.deepEqual(parseReference(familiar), reference, "the familiar form means the same");
    });
  }
});

test("the parts", () => {
  assert.deepEqual(parseReference(`[::1]:5000/a/b:1@${DIGEST}`), {
    registry: "[::1]:5000",
    repository: "a/b",
    tag: "1",
    digest: DIGEST,
  });
  assert.deepEqual(parseReference(`a@${DIGEST}`), {
    registry: "docker.io",
    repository: "library/a",
    digest: DIGEST,
  });
});

describe("what is no reference is refused with its place and the reason", () => {
  const table: readonly (readonly [text: string, reason: RegExp])[] = [
    ["", /empty/],
    [" python", /not part of a repository name/],
    ["python ", /not part of a repository name/],
    ["Python", /lower case[\s\S]*write python/],
    ["docker.io/team/App", /lower case[\s\S]*write docker.io\/team\/app/],
    ["https://host/a", /empty|not a host/],
    ["/a", /empty/],
    ["a/", /empty/],
    ["a//b", /empty/],
    ["ghcr.io/", /empty/],
    ["a:", /not a tag/],
    ["a:-x", /not a tag/],
    ["a:b:c", /not part of a repository name/],
    [`a:${"t".repeat(129)}`, /not a tag/],
    ["a@", /sha256/],
    ["a@sha256:abc", /sha256/],
    [`a@sha256:${HEX.toUpperCase()}`, /sha256/],
    [`a@sha512:${HEX}${HEX}`, /sha256/],
    [`a@${DIGEST}:tag`, /sha256/],
    [`a@${DIGEST}@${DIGEST}`, /sha256/],
    [HEX, /64 hex digits/],
    ["-a/b", /not part/],
    ["a-/b", /not part/],
    ["a..b/c", /not a host/],
    ["-host.com/a", /not a host/],
    ["host-.com/a", /not a host/],
    ["host:port/a", /not a host/],
    ["host:99999/a", /not a host/],
    ["999.1.1.1/a", /not a host/],
    ["[::1/a", /not a host/],
    ["::1/a", /not a host/],
    ["a_b.com/c", /not a host/],
    ["a___b", /not part/],
    ["a._b", /not part/],
    ["a@b/c:1", /sha256/],
    ["../../etc/passwd", /not a host/],
    ["a/../b", /not part/],
    ["a?b=c", /not part/],
    ["a#b", /not part/],
    ["a%2e/b", /not part/],
    ["user:pass@host/a", /sha256/],
    ["ä", /not part/],
    ["a\nb", /not part/],
    ["a\0b", /not part/],
    [`ghcr.io/${"a".repeat(256)}`, /255/],
    ["a".repeat(513), /512/],
  ];
  for (const [text, reason] of table) {
    test(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text), () => {
      const error = throwsWith(() => parseReference(text, "Dockerfile:3"), "input", reason);
      assert.equal(error.where, "Dockerfile:3");
      assert.match(error.message, /^Dockerfile:3: ".*" is not an image reference$/su);
      assert.notEqual(error.hint.length, 0);
    });
  }
});

test("no text takes long", () => {
  const start = performance.now();
  for (const piece of ["a", "a.", "a-", "a_", "a/", "-", ":", "a--", ".", "1.", "[:"]) {
    for (const end of ["", "!", "/x", "/!", ":!", "@"]) {
      const text = piece.repeat(512).slice(0, 512 - end.length) + end;
      try {
        parseReference(text);
      } catch {
        // Only the time counts here.
      }
    }
  }
  assert.ok(performance.now() - start < 1000);
});
