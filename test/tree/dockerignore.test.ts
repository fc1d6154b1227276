import assert from "node:assert/strict";
import test from "node:test";
import { AircrateError } from "../../lib/error.ts";
import { MAX_DOCKERIGNORE_PATTERNS, MAX_DOCKERIGNORE_SIZE, parseDockerignore } from "../../lib/tree/dockerignore.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly out: readonly string[];
  readonly kept: readonly string[];
}

const CASES: readonly Case[] = [
  { name: "an empty file", text: "", out: [], kept: ["a", ".", ""] },
  { name: "comments, blank lines", text: "# a\n\n   \n#b\n", out: [], kept: ["a", "b", "# a", "#b"] },
  { name: "# only comments at the line start", text: " #a\nb # c\n", out: ["#a", "b # c"], kept: ["b"] },
  { name: "a byte order mark before a comment", text: "\ufeff# a\nb", out: ["b"], kept: ["# a"] },
  { name: "a byte order mark before a pattern", text: "\ufeffa\n\ufeffb", out: ["a", "\ufeffb"], kept: ["b"] },
  {
    name: "white space and line ends",
    text: "\ta b  \r\n\u00a0c\u0085\r\nd\r\r\n\ufeff",
    out: ["a b", "c", "d", "\ufeff"],
    kept: ["a"],
  },
  {
    name: "from the root of the context",
    text: "/a\n./b\n//c/\n",
    out: ["a", "b", "c", "a/x", "c/x/y"],
    kept: ["x/a", "x/b", "ab"],
  },
  {
    name: "cleaned paths",
    text: "a/./b/../c//d/\nx/..\n../up\n",
    out: ["a/c/d", "a/c/d/e"],
    kept: ["a", "a/c", "a/b", "x", "up"],
  },
  { name: "a dot, a slash, dot-dot", text: ".\n./\n/\n..\n/.\n", out: [], kept: ["a", ".a", "a/b", "."] },
  { name: "case matters", text: "README", out: ["README"], kept: ["readme"] },
  {
    name: "*/temp*",
    text: "*/temp*",
    out: ["somedir/temporary.txt", "somedir/temp", "d/temp/x"],
    kept: ["temp", "temporary.txt", "a/b/temp"],
  },
  { name: "*/*/temp*", text: "*/*/temp*", out: ["somedir/subdir/temporary.txt"], kept: ["somedir/temp", "temp"] },
  { name: "temp?", text: "temp?", out: ["tempa", "tempb", "temp1/x"], kept: ["temp", "tempab", "temp/a", "d/tempa"] },
  { name: "**/*.go", text: "**/*.go", out: ["a.go", "x/a.go", "x/y/.go", "x.go/a"], kept: ["a.god", "go", "x/go"] },
  { name: "*", text: "*", out: ["a", ".a", "a/b", "a/b/c"], kept: ["."] },
  { name: "**", text: "**", out: ["a", ".a", "a/b"], kept: [""] },
  { name: "**/", text: "**/", out: ["a", "a/b"], kept: [] },
  { name: "**/**", text: "**/**", out: ["a", "a/b"], kept: [] },
  { name: "a/**", text: "a/**", out: ["a/b", "a/b/c"], kept: ["a", "ab", "ab/c", "x/a/b"] },
  { name: "a**", text: "a**", out: ["a", "ab", "a/b", "ab/c"], kept: ["b", "b/a"] },
  { name: "**/a", text: "**/a", out: ["a", "x/a", "x/y/a", "a/x", "x/a/y"], kept: ["xa", "x/xa", "ax"] },
  { name: "**a, which needs no slash", text: "**a", out: ["a", "xa", "x/a", "x/xa", "xa/b"], kept: ["ax"] },
  { name: "**a?, which does", text: "**a?", out: ["ab", "x/ab"], kept: ["xab", "x/xab"] },
  { name: "a/**/b", text: "a/**/b", out: ["a/b", "a/x/b", "a/x/y/b", "a/b/x"], kept: ["a", "a/xb", "b", "x/a/b"] },
  { name: "a**b", text: "a**b", out: ["ab", "ax/b", "a/x/b"], kept: ["axb", "a/xb"] },
  { name: "**/a/*", text: "**/a/*", out: ["a/x", "y/a/x", "a/x/z"], kept: ["a", "y/a"] },
  { name: "**/a/**", text: "**/a/**", out: ["a/x", "y/a/x", "a/x/z"], kept: ["a", "y/a", "ya/x"] },
  { name: "a**/*.txt", text: "a**/*.txt", out: ["a/f.txt", "a/b/f.txt", "ab/f.txt"], kept: ["f.txt", "b/f.txt"] },
  { name: "a/*.txt**", text: "a/*.txt**", out: ["a/f.txt", "a/f.txt2", "a/f.txt/x"], kept: ["a/b/f.txt"] },
  { name: "**/**/*.txt", text: "**/**/*.txt", out: ["f.txt", "a/f.txt", "a/b/f.txt"], kept: ["f.txt2", "a/f.txt2"] },
  { name: "classes", text: "*.py[co]\n[^a-y]1\n", out: ["x.pyc", "x.pyo", "z1", "/1"], kept: ["x.py", "x.pyd", "b1"] },
  { name: "a dash in a class behind a star", text: "a*[-_]b\n", out: ["a-b", "ax_b"], kept: ["axb"] },
  {
    name: "escapes",
    text: "\\*.a\nb\\ c\n\\!d\n\\#e\nf\\\\",
    out: ["*.a", "b c", "!d", "#e", "f\\"],
    kept: ["x.a", "d", "e"],
  },
  {
    name: "characters of regular expressions",
    text: "a.|)$(}+{b\nx.+*\n{a,b}*\n",
    out: ["a.|)$(}+{b", "x.+y", "{a,b}c"],
    kept: ["a", "xx", "a1"],
  },
  { name: "a dot is a dot", text: "a.b\nc.?", out: ["a.b", "c.d"], kept: ["axb", "cxd"] },
  { name: "names beyond ASCII", text: "?.é\n", out: ["😀.é", "ü.é"], kept: ["ab.é"] },
  { name: "a newline in a name", text: "**/*a", out: ["x\na"], kept: ["x\ny/a"] },
  {
    name: "names of the prototype",
    text: "__proto__\n!constructor",
    out: ["__proto__", "__proto__/x"],
    kept: ["constructor", "toString"],
  },
  { name: "*.md, !README.md", text: "*.md\n!README.md", out: ["a.md"], kept: ["README.md", "d/a.md"] },
  {
    name: "the last match wins: out",
    text: "*.md\n!README*.md\nREADME-secret.md",
    out: ["a.md", "README-secret.md"],
    kept: ["README.md", "README-x.md"],
  },
  {
    name: "the last match wins: in",
    text: "*.md\nREADME-secret.md\n!README*.md",
    out: ["a.md"],
    kept: ["README.md", "README-secret.md"],
  },
  { name: "an exception before", text: "!a.go\n*.go", out: ["a.go"], kept: [] },
  {
    name: "an exception in a folder",
    text: "docs\n!docs/README.md",
    out: ["docs", "docs/a", "docs/x/README.md"],
    kept: ["docs/README.md"],
  },
  { name: "an exception for a folder", text: "**\n!a/b", out: ["a", "a/c", "b"], kept: ["a/b", "a/b/c", "a/b/c/d"] },
  {
    name: "out again below an exception",
    text: "**\n!a/b\na/b/c",
    out: ["a", "a/b/c", "a/b/c/d"],
    kept: ["a/b", "a/b/d"],
  },
  {
    name: "only what is named",
    text: "*\n!src\n!*.txt\nsrc/**/test\n",
    out: ["a", "d/a.txt", "src/x/test", "src/x/test/y"],
    kept: ["src", "src/a", "b.txt"],
  },
  {
    name: "an exception for all files of a kind",
    text: "a\n!**/*.txt",
    out: ["a", "a/b", "a/b/c"],
    kept: ["a/f.txt", "a/b/f.txt"],
  },
  { name: "space and slash after the mark", text: "*\n!  a \n! /b/\n!./c\n", out: ["d"], kept: ["a", "b", "c", "c/x"] },
  { name: "a mark behind a slash", text: "*\n/!a\n", out: ["!a", "b"], kept: ["a"] },
  { name: "two marks", text: "*\n!!a\n", out: ["a"], kept: ["!a"] },
  {
    name: "an exception that had nothing to bring back above",
    text: "a/*.txt\n!a\n",
    out: ["a/f.txt"],
    kept: ["a", "a/b"],
  },
];

for (const { name, text, out, kept } of CASES) {
  test(`dockerignore: ${name}`, () => {
    // One question to fresh rules each and all to the same ones: what is remembered must not change an answer.
    const all = parseDockerignore(text, ".dockerignore");
    for (const ask of [
      (path: string) => parseDockerignore(text, ".dockerignore").excludes(path),
      all.excludes,
      all.excludes,
    ]) {
      assert.deepEqual(
        out.filter((path) => !ask(path)),
        [],
      );
      assert.deepEqual(
        kept.filter((path) => ask(path)),
        [],
      );
    }
  });
}

test("hasExceptions tells of a ! pattern", () => {
  assert.equal(parseDockerignore("a\n#!b\n\\!c\n", "f").hasExceptions, false);
  assert.equal(parseDockerignore("a\n  !b\n", "f").hasExceptions, true);
});

test("a malformed pattern is located at its line", () => {
  const broken: readonly (readonly [string, RegExp])[] = [
    ["!", /! without a pattern/],
    ["!  ", /! without a pattern/],
    ["! /", /! without a pattern/],
    ["[", /never closed/],
    ["[]a]", /empty/],
    ["[-a]", /needs a backslash/],
    [".*[-a]", /needs a backslash/],
    ["a*[b", /never closed/],
    ["a\\", /ends with a backslash/],
    ["!a*b\\ ", /ends with a backslash/],
    // Docker takes these for parts of a regular expression, which nobody means.
    ["]|", /\| together with wildcards/],
    ["a|b*", /\| together with wildcards/],
    ["^a*", /\^ together with wildcards/],
    ["a{2}*", /\{ before a number/],
    ["a{2,}[b]", /\{ before a number/],
    ["\\d*", /\\d has no meaning/],
    ["[\\w]", /\\w has no meaning/],
    ["\\é", /\\é has no meaning/],
    ["[*]", /\* inside \[ \]/],
    ["[[:alpha:]]", /\[: inside \[ \]/],
    ["[b-a]", /backwards/],
  ];
  for (const [line, message] of broken) {
    assert.throws(
      () => parseDockerignore(`\ufeffok\n# note\n\n${line}\nok`, "app/.dockerignore"),
      (error) => {
        assert.ok(error instanceof AircrateError);
        assert.equal(error.fault, "input");
        assert.equal(error.where, "app/.dockerignore:4");
        assert.match(error.message, message);
        return true;
      },
      line,
    );
  }
});

test("size, line length and number of patterns are limited", () => {
  const fault = (text: string, where: string, message: RegExp) =>
    assert.throws(() => parseDockerignore(text, "f"), { name: "AircrateError", fault: "input", where, message });
  const comments = (size: number) => `${"#".repeat(1023)}\n`.repeat(size / 1024);
  parseDockerignore(comments(MAX_DOCKERIGNORE_SIZE), "f");
  fault(`${comments(MAX_DOCKERIGNORE_SIZE)}#`, "f", /larger than 1 MiB/);
  fault("é\n".repeat(MAX_DOCKERIGNORE_SIZE / 3 + 1), "f", /larger than 1 MiB/);
  parseDockerignore("a".repeat(65_535), "f");
  fault(`a\n${"a".repeat(65_536)}`, "f:2", /longer than 64 KiB/);
  assert.equal(parseDockerignore("a\n".repeat(MAX_DOCKERIGNORE_PATTERNS), "f").excludes("a"), true);
  fault("a\n".repeat(MAX_DOCKERIGNORE_PATTERNS + 1), "f:10001", /more than 10000 patterns/);
});

test("no pattern and no path makes matching slow", () => {
  const flat = "a".repeat(4000);
  const deep = "a/".repeat(2000).concat("a");
  const start = process.cpuUsage();
  for (const pattern of [
    "*a*a*a*a*b",
    `**/${"*a".repeat(100)}*b?`,
    `${"**/a".repeat(100)}*b?`,
    `${"**".repeat(1001)}?b*c`,
    `${" ".repeat(60_000)}x`,
  ]) {
    assert.equal(parseDockerignore(pattern, "f").excludes(flat), false, pattern.slice(0, 20));
  }
  assert.equal(parseDockerignore("**/a/**/a/**/a/*b?", "f").excludes(deep), false);
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 5_000_000, `${user + system} us of CPU`);
});

test("more folders than are remembered give the same answers", () => {
  const others = Array.from({ length: MAX_DOCKERIGNORE_PATTERNS - 2 }, (_, n) => `x${n}`);
  const rules = parseDockerignore(["d5", ...others, "!d5/keep"].join("\n"), "f");
  const paths = Array.from({ length: 900 }, (_, n) => [`d${n}/keep/f`, `d${n}/f`]).flat();
  for (const order of [paths, [...paths].reverse()]) {
    assert.deepEqual(
      order.filter((path) => rules.excludes(path)),
      ["d5/f"],
    );
  }
});

test("10,000 paths by 100 patterns stay fast", () => {
  const kinds = [
    (n: number) => `**/*.x${n}`,
    (n: number) => `d${n}*/f?`,
    (n: number) => `!d${n}/keep`,
    (n: number) => `**/n${n}/**`,
    (n: number) => `*/[a-c]${n}/*z`,
  ];
  const rules = parseDockerignore(Array.from({ length: 100 }, (_, n) => kinds[n % kinds.length]!(n)).join("\n"), "f");
  const paths = Array.from(
    { length: 10_000 },
    (_, n) => `services/camera${n % 7}/d${n % 100}/module${n % 1000}/file-number-${n}.x${n % 200}`,
  );
  const start = process.cpuUsage();
  const excluded = paths.filter((path) => rules.excludes(path)).length;
  const { user, system } = process.cpuUsage(start);
  assert.equal(excluded, 1000);
  assert.ok(user + system < 5_000_000, `${user + system} us of CPU`);
});
