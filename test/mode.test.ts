import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { changeMode, parseMode } from "../lib/mode.ts";
import { tempDir } from "./support/cleanup.ts";
import { run } from "./support/run.ts";

const OCTAL = "0 7 644 0644 00644 000755 755 0755 1777 4755 04755 2755 02755 6755 7777 07777 0000000755 00000".split(
  " ",
);
const SYMBOLIC =
  "+x u+x g+x o+x a+x ug+x -x u-x go-rwx =rx u=rw go= = u= a= + - u+ +X -X a+X u+X go=X u=rwX,go=rX a-x,u+X +w -w go-w " +
  "=w o+rw +s u+s g+s o+s ug+s a+s -s u-s g-s a-s =s u=s g=srx u=srwx,g=rx +t o+t a+t u+t -t o-t =t o=t +st g=u u=g o=g " +
  "g=u-w ug=o u+g g-u a=u +u -g =o u=rwx,g=u,o= o=g-w+x u+r-w=x ugo=rwx aaa=r uuu+x u=rw,u+x,u-r +7 =644 -022 =4755 +2000,u+x";
const MODES = [...OCTAL, ...SYMBOLIC.split(" ")];
const STARTS = [0, 0o644, 0o755, 0o400, 0o111, 0o600, 0o640, 0o751, 0o777, 0o1777, 0o2755, 0o4711, 0o6700, 0o7777];

describe("a change of mode", () => {
  for (const umask of [0, 0o022, 0o077]) {
    it(`does what chmod does with umask ${umask.toString(8)}`, { skip: process.platform !== "linux" }, async (t) => {
      const dir = tempDir(t);
      const items = STARTS.flatMap((start) =>
        [false, true].map((isDirectory) => ({ start, isDirectory, path: join(dir, `${isDirectory}${start}`) })),
      );
      for (const { path, isDirectory } of items) isDirectory ? mkdirSync(path) : writeFileSync(path, "");
      for (const text of MODES) {
        for (const { path, start } of items) chmodSync(path, start);
        const script = `umask ${umask.toString(8)}; exec chmod -- "$@"`;
        const { stderr } = await run("sh", ["-c", script, "sh", text, ...items.map(({ path }) => path)]);
        assert.equal(stderr, "", text);
        const change = parseMode(text);
        assert.ok(change !== undefined, text);
        for (const { path, start, isDirectory } of items) {
          const expected = (lstatSync(path).mode & 0o7777).toString(8);
          const title = `chmod ${text} on ${isDirectory ? "folder" : "file"} ${start.toString(8)}`;
          assert.equal(changeMode(change, start, isDirectory, umask).toString(8), expected, title);
        }
      }
    });
  }

  it("is no mode to us where it is none to chmod", { skip: process.platform !== "linux" }, async (t) => {
    const path = join(tempDir(t), "file");
    writeFileSync(path, "");
    const wrong =
      "8 888 17777 0x1 x rw u ug a+y +xu u=ug u+x, ,u+x u+x,,g+x u+7 =9 7+x 77x u++y rwxr-xr-x 10000 +10000";
    for (const text of [...wrong.split(" "), "", " ", "7 ", "u+x g+x", "-1\n"]) {
      assert.notEqual((await run("chmod", ["--", text, path])).status, 0, text);
      assert.equal(parseMode(text), undefined, text);
    }
  });

  it("takes linear time", () => {
    const start = process.cpuUsage();
    for (const unit of ["u", "+", "u+x,", "+x", "=u", "7", "rwx"]) {
      for (let at = 0; at < 100; at++) parseMode(unit.repeat(4000 / unit.length));
    }
    assert.equal(parseMode("u+x,".repeat(100_000)), undefined);
    assert.ok(process.cpuUsage(start).user < 2_000_000);
  });

  it("is plain data that keeps its text", () => {
    const change = parseMode("u=rwX,go=rX");
    assert.ok(change !== undefined);
    assert.equal(change.text, "u=rwX,go=rX");
    assert.equal(changeMode(JSON.parse(JSON.stringify(change)), 0o600, true), 0o755);
  });
});
