// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are substitutions of Dockerfiles
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Escape } from "../../lib/dockerfile/types.ts";
import { expandWord, expandWords, MAX_WORD_LENGTH, type WordOptions } from "../../lib/dockerfile/words.ts";
import { refused } from "../support/dockerfile.ts";

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ["HOME", "/home"],
  ["SHELL", "bash"],
  ["BLANK", ""],
  ["SPACED", " ab  c "],
  ["größe", "groß"],
]);

const options = (more: Partial<WordOptions> = {}): WordOptions => ({
  escapeChar: "\\",
  where: "Dockerfile:7",
  lookup: (name) => VARIABLES.get(name),
  ...more,
});
const word = (source: string, escapeChar: Escape = "\\") => expandWord(source, options({ escapeChar }));

describe("a word", () => {
  const cases: readonly (readonly [source: string, expected: string])[] = [
    // Quotes and escapes.
    ["hello", "hello"],
    ["", ""],
    ["he'll'o", "hello"],
    ["he\\'llo", "he'llo"],
    ["a\\tb", "atb"],
    ['"a\\tb"', "a\\tb"],
    ['"a\\\\tb"', "a\\tb"],
    ["'a\\tb'", "a\\tb"],
    ["end\\", "end"],
    ["end\\\\", "end\\"],
    ['"it\'s"', "it's"],
    ["'\"x\"'", '"x"'],
    ["'\\'", "\\"],
    ['"\\"x\\""', '"x"'],
    ["a b  c", "a b  c"],
    ["\\a\\ \\$", "a $"],
    // Variables.
    ["$HOME", "/home"],
    ["a$HOME", "a/home"],
    ["$HOME.txt", "/home.txt"],
    ["$HOMEx", ""],
    ["${HOME}x", "/homex"],
    ['"$HOME"', "/home"],
    ["'$HOME'", "$HOME"],
    ["\"'$HOME'\"", "'/home'"],
    ["\\$HOME", "$HOME"],
    ['"\\$HOME"', "$HOME"],
    ["'\\$HOME'", "\\$HOME"],
    ["\\\\$HOME", "\\/home"],
    ["\\${}", "${}"],
    ["$größe", "groß"],
    ["$home", ""],
    ["${NONE}", ""],
    ["$", "$"],
    ["$.", "$."],
    ["a$", "a$"],
    ["$ HOME", "$ HOME"],
    ["$(HOME)", "$(HOME)"],
    ["${HOME}}", "/home}"],
    // Positional and special parameters are never set.
    ["$1x", "x"],
    ["$999x", "x"],
    ["${1}", ""],
    ["${001:-d}", "d"],
    ["$@@", "@"],
    ["$$HOME", "HOME"],
    ["${?}", ""],
    ["${*:-d}", "d"],
    ["${#}", ""],
    // Operators; the colon makes a blank value count as missing.
    ["${NONE:-d}", "d"],
    ["${NONE-d}", "d"],
    ["${BLANK:-d}", "d"],
    ["${BLANK-d}", ""],
    ["${HOME:-d}", "/home"],
    ["${HOME-d}", "/home"],
    ["${NONE:+d}", ""],
    ["${NONE+d}", ""],
    ["${BLANK:+d}", ""],
    ["${BLANK+d}", "d"],
    ["${HOME:+d}", "d"],
    ["${HOME+d}", "d"],
    ["${HOME:?}", "/home"],
    ["${HOME?x}", "/home"],
    ["${BLANK?x}", ""],
    ["${NONE:-}", ""],
    ["${NONE:-$HOME}", "/home"],
    ["${NONE:-${HOME:-x}}", "/home"],
    ["${NONE:-${NONE:-${NONE-deep}}}", "deep"],
    ["${HOME:+${HOME}:}x", "/home:x"],
    ["${NONE:-a b}", "a b"],
    ["${NONE:-'}'}", "}"],
    ["${NONE:-\\}}", "}"],
    ['${NONE:-"$SHELL"}', "bash"],
    ["${NONE:-\\$HOME:}x", "$HOME:x"],
    ["${NONE:-bbb {x}", "bbb {x"],
    ["${HOME:-a}}", "/home}"],
    // What a shell would do more.
    ["~/x", "~/x"],
    ["`x`", "`x`"],
    ["a*b?[c]", "a*b?[c]"],
    ["<<x", "<<x"],
    ["𝒳$HOME", "𝒳/home"],
    ["\\𝒳", "𝒳"],
  ];
  for (const [source, expected] of cases) it(source, () => assert.equal(word(source), expected));

  const faults: readonly (readonly [source: string, what: RegExp])[] = [
    ["he'llo", /' is missing/],
    ['"hello', /" is missing/],
    ['"hello\\"', /" is missing/],
    ["'hello\\'x'", /' is missing/],
    ["${HOME", /} is missing/],
    ["${", /} is missing/],
    ["${HOME:-a", /} is missing/],
    ["${NONE:-a ${HOME}", /} is missing/],
    ["${}", /no substitution/],
    ["${.}", /no substitution/],
    ["${{x}", /no substitution/],
    ["${:}", /no substitution/],
    ["${:-x}", /no substitution/],
    ["${ HOME}", /no substitution/],
    ["${HOME:=x}", /no substitution/],
    ["${HOME:x}", /no substitution/],
    ["${HOME=x}", /no substitution/],
    ["${HOME:#x}", /no substitution/],
    ["${HOME^^}", /no substitution/],
    ["${HOME#/}", /\$\{HOME#\.\.\.} is not supported/],
    ["${HOME%e}", /\$\{HOME%\.\.\.} is not supported/],
    ["${HOME/o/a}", /\$\{HOME\/\.\.\.} is not supported/],
    ["${HOME//o/a}", /\$\{HOME\/\.\.\.} is not supported/],
    ["${HOME/o}", /\/ is missing/],
    ["${NONE?}", /NONE: is not set$/],
    ["${NONE:?}", /NONE: is not set$/],
    ["${BLANK:?}", /BLANK: is blank$/],
    ["${NONE:?give me $SHELL}", /NONE: give me bash$/],
  ];
  for (const [source, what] of faults) {
    it(`${source} is wrong`, () => void refused(() => word(source), { where: "Dockerfile:7", what }));
  }

  it("escapes with the backtick after # escape=`", () => {
    assert.equal(word("c:\\a`$HOME`'", "`"), "c:\\a$HOME'");
    assert.equal(word('"`"\\"', "`"), '"\\');
    assert.equal(word("c:\\$HOME", "`"), "c:\\/home");
  });

  it("tells of variables that are not set and have no default", () => {
    const unset: string[] = [];
    expandWord("$A ${B} ${C:-x} ${D+x} $HOME '$E'", options({ onUnset: (name) => unset.push(name) }));
    assert.deepEqual(unset, ["A", "B"]);
  });

  it("can keep what is not set, quotes and escapes", () => {
    const kept = options({ keepUnset: true, quotes: "keep", keepEscapes: true });
    for (const source of ["$A ${B} ${C:-x} ${D#x} ${E/a/b} ${F//a/b}", "'a' \"b\" \\c"]) {
      assert.equal(expandWord(source, kept), source);
    }
    assert.equal(expandWord("'$HOME\" \\$x", options({ quotes: "plain" })), "'/home\" $x");
  });
});

describe("words", () => {
  const cases: readonly (readonly [source: string, expected: readonly string[]])[] = [
    ["", []],
    ["  ", []],
    ["a b\tc", ["a", "b", "c"]],
    ["a\\ b", ["a b"]],
    ['"a b" c', ["a b", "c"]],
    ["a'b c'd e", ["ab cd", "e"]],
    ["x$SPACED", ["x", "ab", "c"]],
    ["x${SPACED}y", ["x", "ab", "c", "y"]],
    ['x"$SPACED"y', ["x ab  c y"]],
    ["a${NONE:-b}c", ["abc"]],
    ["$NONE", []],
    ["$HOME$SHELL", ["/homebash"]],
  ];
  for (const [source, expected] of cases) {
    it(source, () => assert.deepEqual(expandWords(source, options()), expected));
  }
});

describe("hostile words", () => {
  it("may be nested, but not without end", () => {
    const nested = (depth: number) => `${"${NONE:-".repeat(depth)}x${"}".repeat(depth)}`;
    assert.equal(word(nested(50)), "x");
    refused(() => word(nested(51)), { what: /nested more than 50 deep/ });
    refused(() => word("${A:-".repeat(13_000)), { what: /nested more than 50 deep/ });
    refused(() => word('"${A:-'.repeat(11_000)), { what: /nested more than 50 deep/ });
  });

  it("may not grow without bound", () => {
    const big = "x".repeat(60_000);
    const lookup = () => big;
    refused(() => expandWord("$a$a$a", options({ lookup })), { what: /grows too long/ });
    refused(() => expandWord('"$a$a$a"', options({ lookup })), { what: /grows too long/ });
    refused(() => expandWord("${b:-$a$a$a}", options({ lookup })), { what: /grows too long/ });
    assert.equal(expandWord("$a$a", options({ lookup })).length, 120_000);
    assert.ok(MAX_WORD_LENGTH >= 120_000);
  });

  it("share a budget", () => {
    const shared = options({ budget: { left: 10 } });
    assert.equal(expandWord("123456", shared), "123456");
    refused(() => expandWord("123456", shared), { what: /grows too long/ });
  });

  it("cannot reach what no variable is", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) assert.equal(word(`$${name}`), "");
  });

  it("take linear time", () => {
    const start = process.cpuUsage();
    for (const unit of ["$", "\\", "'", '"', "${A}", "<", "$A", "'a' ", '"$A" ', "${A:-b}"]) {
      try {
        expandWords(unit.repeat(60_000 / unit.length), options());
      } catch {
        // Only the time counts.
      }
    }
    const { user } = process.cpuUsage(start);
    assert.ok(user < 3_000_000, `${user} us`);
  });
});
