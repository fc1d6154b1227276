import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TarFormatError } from "../../lib/tar/parser.ts";
import { noise } from "../support/seeded.ts";
import { block, extension, type Found, octal, parse, paxOf } from "./parsing.ts";

const END = Buffer.alloc(1024);

function only(...blocks: readonly Buffer[]): Found {
  const { members } = parse(Buffer.concat([...blocks, END]), 777);
  assert.equal(members.length, 1);
  return members[0]!;
}

describe("headers made by hand", () => {
  test("names are taken as they stand; the caller decides", () => {
    for (const path of ["/etc/passwd", "../../x", "./a/./b", "a//b", ".", "-rf"]) {
      assert.equal(only(block({ 0: `${path}\0` })).path, path);
    }
    assert.equal(only(block({ 0: "dir///\0", 156: "5" })).path, "dir");
    assert.equal(only(block({ 0: "/\0", 156: "5" })).path, "/");
  });
  test("an old directory is a file with a slash at its end", () => {
    assert.equal(only(block({ 0: "dir/\0", 156: "\0" })).type, "directory");
  });
  test("a name in PAX counts, not a cut one that happens to end with a slash", () => {
    const cut = { 0: `${"a".repeat(99)}/`, 124: octal(7) };
    const content = Buffer.concat([Buffer.from("content"), Buffer.alloc(505)]);
    const member = only(extension("x", paxOf("path", `${"a".repeat(99)}/file`)), block(cut), content);
    assert.deepEqual([member.type, member.data], ["file", "content"]);
    assert.equal(only(extension("L", "dir/\0"), block({})).type, "directory");
    assert.equal(only(extension("x", paxOf("linkpath", "x")), block({ 0: "dir/\0" })).type, "directory");
  });
  test("types", () => {
    const types = Object.entries({ "0": "file", "\0": "file", "7": "file", "1": "hardlink", "2": "symlink" });
    types.push(["3", "device"], ["4", "device"], ["5", "directory"], ["6", "fifo"], ["Z", "other"]);
    for (const [flag, type] of types) assert.equal(only(block({ 156: flag })).type, type, JSON.stringify(flag));
  });
  test("links, folders and devices have no content, whatever their size says", () => {
    for (const flag of ["1", "2", "3", "5", "6"]) {
      assert.equal(only(block({ 124: octal(4096), 156: flag })).size, 0, flag);
    }
  });
  test("an unknown kind of member is passed over with its content", () => {
    const { members } = parse(
      Buffer.concat([block({ 124: octal(5), 156: "Z" }), Buffer.alloc(512, 1), block({}), END]),
    );
    assert.deepEqual(
      members.map(({ type, size }) => [type, size]),
      [
        ["other", 5],
        ["file", 0],
      ],
    );
  });
  test("owners have 32 bits", () => {
    assert.equal(only(block({ 108: Buffer.from([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe]) })).uid, 4_294_967_294);
    assert.equal(only(block({ 108: Buffer.alloc(8, 0xff).fill(0xfe, 7) })).uid, 4_294_967_294);
  });
  test("a long name or PAX header is for the next member alone", () => {
    const long = "n".repeat(200);
    for (const front of [
      extension("L", `${long}\0`),
      extension("x", paxOf("path", long)),
      extension("X", paxOf("path", long)),
    ]) {
      const { members } = parse(Buffer.concat([front, block({}), block({}), END]));
      assert.deepEqual(
        members.map(({ path }) => path),
        [long, "file"],
      );
    }
    assert.equal(only(extension("K", `${long}\0`), block({ 156: "2" })).link, long);
    assert.equal(only(extension("K", long), extension("L", "x\0"), block({ 156: "2" })).path, "x");
  });
  test("a size in PAX counts, not that of the header", () => {
    const content = Buffer.alloc(512, "x");
    const member = only(extension("x", paxOf("size", "5")), block({ 124: octal(0) }), content);
    assert.deepEqual([member.size, member.data], [5, "xxxxx"]);
  });
  test("a record hidden in a value of another one does not count", () => {
    const hidden = paxOf("SCHILY.xattr.user.x", `\n${paxOf("size", "512")}`);
    assert.equal(only(extension("x", hidden), block({})).size, 0);
    assert.equal(only(extension("x", paxOf("path", "12345")), block({})).path, "12345");
  });
  test("a global header holds until it is taken back", () => {
    const front = extension("g", paxOf("uid", "7") + paxOf("comment", "x") + paxOf("mtime", "9"));
    const { members } = parse(
      Buffer.concat([
        front,
        block({}),
        extension("x", paxOf("uid", "8")),
        block({}),
        extension("x", paxOf("uid", "")),
        block({}),
        extension("g", paxOf("uid", "")),
        block({}),
        END,
      ]),
    );
    assert.deepEqual(
      members.map(({ uid, mtime }) => [uid, mtime]),
      [
        [7, 9],
        [8, 9],
        [0, 9],
        [0, 9],
      ],
    );
  });
  test("extended attributes are for the next member alone, and never for all of them", () => {
    const { members } = parse(
      Buffer.concat([
        extension("g", paxOf("SCHILY.xattr.user.g", "all")),
        extension("x", paxOf("SCHILY.xattr.user.x", "one")),
        block({}),
        block({}),
        END,
      ]),
    );
    assert.deepEqual(
      members.map(({ xattrs }) => xattrs),
      [new Map([["user.x", new Uint8Array(Buffer.from("one"))]]), undefined],
    );
  });
  test("names that are not UTF-8 are told with their bytes, wherever they stand", () => {
    const latin = Buffer.from("gr\xf6\xdfe", "latin1");
    const found = (...blocks: readonly Buffer[]) => Buffer.from(only(...blocks).notUtf8 ?? "").toString("latin1");
    const name = "gr\xf6\xdfe";
    assert.equal(found(block({ 0: Buffer.concat([latin, Buffer.alloc(1)]) })), name);
    assert.equal(found(block({ 345: latin })), name);
    assert.equal(found(block({ 157: latin, 156: "2" })), name);
    const long = extension("L", "x".repeat(200));
    latin.copy(long, 512 + 195);
    assert.equal(found(long, block({})), "x".repeat(195) + name);
    // A good name in front of it counts instead.
    assert.equal(found(extension("L", "good\0"), block({ 0: latin })), "");
    assert.equal(found(block({ 0: "\xef\xbf\xbd\0" })), "");
    assert.equal(only(block({ 0: "\xef\xbf\xbd\0" })).path, "\ufffd");
  });
  test("a lone zero block ends the archive", () => {
    const { members, end } = parse(Buffer.concat([block({}), Buffer.alloc(512), block({}), END]));
    assert.equal(members.length, 1);
    assert.equal(end.clean, false);
  });
});

test("hostile and broken headers are refused in words", () => {
  const bad: readonly (readonly [name: string, tar: Buffer, reason: RegExp])[] = [
    ["no tar", noise(1, 2048), /checksum|bad header/],
    ["text", Buffer.from("#!/bin/sh\n".repeat(60)), /checksum/],
    ["checksum", Buffer.concat([block({}).fill("b", 0, 1), END]), /checksum at byte 0/],
    ["second checksum", Buffer.concat([block({}), block({}).fill("b", 0, 1), END]), /checksum at byte 512/],
    ["negative octal size", block({ 124: "-0000000001\0" }), /bad size/],
    ["negative base-256 size", block({ 124: Buffer.alloc(12, 0xff) }), /bad size/],
    ["negative size of a long name", block({ 124: Buffer.alloc(12, 0xff), 156: "L" }), /bad size/],
    ["size of 2^88", block({ 124: Buffer.from([0x80, ...Buffer.alloc(11, 0xff)]) }), /bad header/],
    ["size that is no number", block({ 124: "hello world\0" }), /bad size/],
    ["size with a bad first byte", block({ 124: Buffer.from([0xc0, ...Buffer.alloc(11)]) }), /bad header/],
    ["long name of 8 GiB", block({ 124: "77777777777\0", 156: "L" }), /header extension of 8589934591 bytes/],
    ["PAX header of 1 MiB and a byte", block({ 124: octal(1024 * 1024 + 1), 156: "x" }), /extension of 1048577/],
    ["PAX garbage", extension("x", "garbage"), /malformed PAX/],
    ["PAX size below 0", extension("x", paxOf("size", "-1")), /bad number/],
    ["PAX size without end", extension("x", paxOf("size", "1".repeat(30))), /bad number/],
    ["PAX path with NUL", extension("x", paxOf("path", "a\0b")), /NUL/],
    ["global size", extension("g", paxOf("size", "512")), /global header/],
    ["global path", extension("g", paxOf("path", "x")), /global header/],
    ["path beyond 4096", Buffer.concat([extension("L", "p/".repeat(2049)), block({})]), /more than 4096/],
    ["link beyond 4096", Buffer.concat([extension("K", "p/".repeat(2049)), block({ 156: "2" })]), /more than 4096/],
  ];
  for (const [name, tar, reason] of bad) {
    for (const chunkSize of [100, 100_000]) {
      assert.throws(
        () => parse(Buffer.concat([tar, END]), chunkSize),
        (error: Error) => {
          assert.ok(error instanceof TarFormatError, `${name}: ${error.stack}`);
          assert.match(error.message, reason, name);
          return true;
        },
      );
    }
  }
});
