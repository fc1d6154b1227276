import assert from "node:assert/strict";
import test from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { parseRemote, remoteName, shownAddress } from "../../lib/remote/address.ts";

const WHERE = "Dockerfile:7";

test("the name is the last part of the path, as BuildKit has it", () => {
  for (const [address, name] of [
    ["https://host.test/a/app.tar.gz", "app.tar.gz"],
    ["https://host.test/a/b/?file=x", "b"],
    ["http://host.test:8080/gr%C3%B6%C3%9Fe%20x", "größe x"],
    ["https://host.test/a%2Fb", "b"],
    ["https://host.test", "__unnamed__"],
    ["https://host.test/?x=/y", "__unnamed__"],
    ["https://host.test/a/..", "__unnamed__"],
    ["https://host.test/a%2F..", "__unnamed__"],
    ["https://host.test/a%2F.", "__unnamed__"],
    ["https://host.test/a%00b", "__unnamed__"],
    ["https://host.test/%ff", "__unnamed__"],
  ] as const) {
    assert.equal(remoteName(parseRemote(address, WHERE)), name, address);
  }
});

test("what is no address of a file is refused, and no secret is repeated", () => {
  for (const address of [
    "file:///etc/passwd",
    "ftp://host.test/x",
    "host.test/x",
    "",
    "https://",
    "https://u:s3cret@h.test/x",
  ]) {
    assert.throws(
      () => parseRemote(address, WHERE),
      (error) => {
        assert.ok(error instanceof AircrateError && error.fault === "input" && error.where === WHERE);
        assert.ok(!JSON.stringify([error.message, error.reason, error.hint]).includes("s3cret"));
        return true;
      },
      address,
    );
  }
});

test("the query and the fragment are not shown", () => {
  const url = parseRemote("https://host.test:444/a/b?signature=s3cret#part", WHERE);
  assert.equal(shownAddress(url), "https://host.test:444/a/b");
  assert.equal(url.href, "https://host.test:444/a/b?signature=s3cret");
});
