// biome-ignore-all lint/suspicious/noTemplateCurlyInString: each case is the text of a Dockerfile, as it stands there; in a template every one would need a backslash that the text does not have
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
  ["FILE", "a/b/c.tar.gz"],
  ["VERSION", "v1.2.3"],
  ["STARS", "*a?b\\*"],
  ["BRACES", "}{/}"],
  ["LINES", "ab\ncd"],
  ["UMLAUT", "𝒳ß"],
  ["DOLLAR", "$"],
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
    // Patterns: the shortest or, with the operator doubled, the longest beginning or end.
    ["${FILE#*/}", "b/c.tar.gz"],
    ["${FILE##*/}", "c.tar.gz"],
    ["${FILE%.*}", "a/b/c.tar"],
    ["${FILE%%.*}", "a/b/c"],
    ["${FILE%/*}", "a/b"],
    ["${FILE%%/*}", "a"],
    ["${FILE#a/?/}", "c.tar.gz"],
    ["${FILE#b}", "a/b/c.tar.gz"],
    ["${FILE%.tar}", "a/b/c.tar.gz"],
    ["${FILE#*}", "a/b/c.tar.gz"],
    ["${FILE##*}", ""],
    ["${FILE%*}", "a/b/c.tar.gz"],
    ["${FILE%%*}", ""],
    ["${FILE#}", "a/b/c.tar.gz"],
    ["${FILE##}", "a/b/c.tar.gz"],
    ["${FILE#*b*c}", ".tar.gz"],
    ["${FILE#$SHELL}", "a/b/c.tar.gz"],
    ["${FILE#${FILE%%b*}}", "b/c.tar.gz"],
    ["${FILE%'.gz'}", "a/b/c.tar"],
    ["${FILE%[.]gz}", "a/b/c.tar.gz"],
    ["x${VERSION#v}y", "x1.2.3y"],
    ["${VERSION%.*.*}", "v1"],
    ["${STARS#\\*}", "a?b\\*"],
    ["${STARS#'*a'}", "?b\\*"],
    ["${STARS##*\\?}", "b\\*"],
    ["${STARS%\\\\\\*}", "*a?b"],
    ["${BRACES#\\}}", "{/}"],
    ["${BRACES%%\\/*}", "}{"],
    ["${LINES#*c}", "ab\ncd"],
    ["${LINES##*}", "\ncd"],
    ["${LINES%%*}", "ab\n"],
    ["${LINES#ab?}", "ab\ncd"],
    ["${UMLAUT#?}", "ß"],
    ["${UMLAUT%?}", "𝒳"],
    ["${NONE#*}", ""],
    ["${NONE##x}", ""],
    // Replaced: the first longest match, or all.
    ["${FILE/\\//-}", "a-b/c.tar.gz"],
    ["${FILE//\\//-}", "a-b-c.tar.gz"],
    ['${FILE/"/"/-}', "a-b/c.tar.gz"],
    ["${FILE//./}", "a/b/ctargz"],
    ["${FILE/a*b/x}", "x/c.tar.gz"],
    ["${FILE/*/x}", "x"],
    ["${FILE//*/x}", "x"],
    ["${FILE/y/x}", "a/b/c.tar.gz"],
    ["${FILE//?/x}", "xxxxxxxxxxxx"],
    ['${SHELL//""/-}', "-b-a-s-h-"],
    ['${SHELL/""/-}', "-bash"],
    ["${SHELL/s/$HOME}", "ba/homeh"],
    ["${SHELL/s/'}'}", "ba}h"],
    ["${SHELL/s/\\}}", "ba\\}h"],
    ["${LINES//*/x}", "x\nx"],
    ["${LINES/c*/x}", "ab\nx"],
    ["${LINES//b?c/x}", "ab\ncd"],
    ["${NONE/x/y}", ""],
    ['${NONE//""/y}', "y"],
    // Where all are replaced, the text is a template of Go's; a variable is the way to a dollar sign.
    ["${SHELL//s/[${DOLLAR}0]}", "ba[s]h"],
    ["${SHELL//s/${DOLLAR}${DOLLAR}0}", "ba$0h"],
    ["${SHELL//s/<${DOLLAR}x>}", "ba<>h"],
    ["${SHELL//s/${DOLLAR}-}", "ba$-h"],
    ["${SHELL/s/${DOLLAR}0}", "ba$0h"],
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
    ["${HOME:%x}", /no substitution/],
    ["${HOME:/x/y}", /no substitution/],
    ["${HOME#\\x}", /"\\x" is no pattern/],
    ["${HOME%\\[}", /"\\\[" is no pattern/],
    ["${HOME/\\o/x}", /"\\o" is no pattern/],
    ["${NONE//\\o/x}", /"\\o" is no pattern/],
    ["${HOME#x", /} is missing/],
    ["${HOME//x}", /\/ is missing/],
    ["${HOME//}", /\/ is missing/],
    ["${HOME/x/y", /} is missing/],
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
    expandWord("$A ${B} ${C:-x} ${D+x} $HOME '$E' ${F#x} ${G/x/y}", options({ onUnset: (name) => unset.push(name) }));
    assert.deepEqual(unset, ["A", "B", "F", "G"]);
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

  it("may be longer where it is said", () => {
    const long = options({ lookup: () => "x".repeat(100_000), maxLength: 250_000 });
    assert.equal(expandWord("$a$a", long).length, 200_000);
    refused(() => expandWord("$a$a$a", long), { what: /grows too long/, reason: /250000 characters and all/ });
  });

  it("have patterns that are matched in bounded time", () => {
    const start = process.cpuUsage();
    const long = "a".repeat(100_000);
    const line = `${"a".repeat(99)}\n`.repeat(1_000);
    for (const [value, source] of [
      [long, "${v//a*b/x}"],
      [long, "${v/a*b*c*d*e/x}"],
      [long, "${v%%*b*b*b*b}"],
      [line, "${v//a*b/x}"],
      [line, "${v//*a*a*a*a/x}"],
    ] as const) {
      assert.ok(expandWord(source, options({ lookup: () => value })).length < 100_001, source);
    }
    for (const source of ["${v#*@b}", "${v//@b/x}"]) {
      const many = source.replace("@", "a".repeat(30_000));
      refused(() => expandWord(many, options({ lookup: () => long })), { what: /takes too long to match/ });
    }
    const budget = { left: 1_000_000 };
    refused(() => expandWord("${v##*}".repeat(20), options({ lookup: () => long, budget })), {
      what: /takes too long/,
    });
    refused(() => expandWord("${v//a/${v}}", options({ lookup: () => long })), { what: /takes too long to match/ });
    const { user } = process.cpuUsage(start);
    assert.ok(user < 5_000_000, `${user} us`);
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
