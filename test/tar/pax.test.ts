import assert from "node:assert/strict";
import test from "node:test";
import { parsePax } from "../../lib/tar/pax.ts";
import { paxOf as record } from "./parsing.ts";

function parse(...records: readonly string[]) {
  return parsePax(Buffer.from(records.join("")));
}

test("the values that count", () => {
  assert.deepEqual(
    parse(
      record("path", "größe/x"),
      record("linkpath", "a=b"),
      record("size", "9007199254740991"),
      record("uid", "4294967294"),
      record("gid", "0"),
      record("mtime", "1700000000.75"),
      record("comment", "path=no"),
    ),
    {
      path: "größe/x",
      linkpath: "a=b",
      size: 9_007_199_254_740_991,
      uid: 4_294_967_294,
      gid: 0,
      mtime: 1_700_000_000,
    },
  );
  assert.deepEqual(parse(), {});
  assert.deepEqual(parse(record("mtime", "-1.5")), { mtime: -2 });
  assert.deepEqual(parse(record("path", "1234")), { path: "1234" });
  assert.deepEqual(parse(record("path", "a"), record("path", "b")), { path: "b" });
});

test("a value holds what its length says, whatever it looks like", () => {
  assert.deepEqual(parse(record("path", "two\nlines")), { path: "two\nlines" });
  // Bytes inside of another value that look like a record are none.
  assert.deepEqual(parse(record("LIBARCHIVE.xattr.user.x", `\n${record("size", "1000000")}`)), {});
  assert.deepEqual(parse(record("comment", `x\n${record("path", "evil")}`), record("path", "good")), { path: "good" });
});

test("an empty value takes back an earlier one", () => {
  assert.deepEqual(parse(record("uid", "7"), record("uid", "")), { uid: undefined });
});

test("extended attributes are bytes, the last of a name counts, an empty one takes it back", () => {
  const binary = Buffer.from([0, 1, 2, 0xff, 0x0a, 0x3d]);
  const key = "SCHILY.xattr.security.capability";
  const head = ` ${key}=`;
  const own = Buffer.concat([Buffer.from(`${head.length + 9}${head}`), binary, Buffer.from("\n")]);
  assert.deepEqual(parsePax(own).xattrs, new Map([["security.capability", new Uint8Array(binary)]]));
  const xattr = (name: string, value: string) => record(`SCHILY.xattr.${name}`, value);
  assert.deepEqual(
    parse(xattr("user.a", "1"), xattr("user.b", "2"), xattr("user.a", "3"), xattr("user.b", "")).xattrs,
    new Map([["user.a", new Uint8Array(Buffer.from("3"))]]),
  );
  assert.equal(parse(xattr("user.a", "1"), xattr("user.a", "")).xattrs, undefined);
  assert.equal(parse(xattr("n".repeat(255), "v".repeat(65_536))).xattrs?.size, 1);
  for (const bad of [xattr("", "v"), xattr("a\0", "v"), xattr("n".repeat(256), "v"), xattr("a", "v".repeat(65_537))]) {
    assert.throws(() => parse(bad), /no system takes/);
  }
});

test("a value has memory of its own, so that it takes nothing else along to another thread", () => {
  const [value] = [...parse(record("comment", "c".repeat(5000)), record("SCHILY.xattr.user.a", "1")).xattrs!.values()];
  assert.equal(value!.buffer.byteLength, 1);
});

test("names that are not UTF-8 are told with their bytes", () => {
  const bytes = Buffer.concat([Buffer.from("10 path=a"), Buffer.from([0xff]), Buffer.from("\n")]);
  bytes.write("11", 0);
  assert.deepEqual(parsePax(bytes), { path: "a\ufffd", notUtf8: new Uint8Array([0x61, 0xff]) });
  // The character itself is legal.
  assert.deepEqual(parse(record("path", "a\ufffd")), { path: "a\ufffd" });
});

test("the maps of sparse files are noticed", () => {
  assert.equal(parse(record("GNU.sparse.major", "1")).sparse, true);
});

test("no key reaches the prototype", () => {
  const values = parse(record("__proto__", "x"), record("constructor", "y"));
  assert.deepEqual(Object.keys(values), []);
  assert.equal(Object.getPrototypeOf(values), Object.prototype);
});

test("malformed records", () => {
  for (const text of [
    "x",
    "5 a=b",
    "6 a=b\nx",
    "7 a=b\n",
    "5 a=b\n",
    "0 a=b\n",
    "6 a=bx",
    "-6 a=b\n",
    "+6 a=b\n",
    " 6 a=b\n",
    "6  a=b",
    "6 abc\n",
    "99999999 a=b\n",
    "6\ta=b\n",
    "0x6 a=b\n",
    `${record("a", "b")}\0\0`,
    record("size", "-1"),
    record("size", "1e3"),
    record("size", "0x10"),
    record("size", "12 "),
    record("size", "9007199254740993"),
    record("size", "99999999999999999999"),
    record("uid", "1.5"),
    record("uid", "-2"),
    record("gid", "root"),
    record("mtime", "now"),
    record("mtime", "Infinity"),
    record("path", "a\0b"),
    record("linkpath", "\0"),
  ]) {
    assert.throws(() => parsePax(Buffer.from(text)), /PAX record/, JSON.stringify(text));
  }
});
