import assert from "node:assert/strict";
import test from "node:test";
import { compileGlob } from "../../lib/tree/glob.ts";

interface Case {
  readonly pattern: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const CASES: readonly Case[] = [
  { pattern: "", yes: [""], no: ["a"] },
  { pattern: "main.py", yes: ["main.py"], no: ["main_py", "main.pyc", "src/main.py", "main.p", ""] },
  { pattern: "*", yes: ["", "a", "a.b", ".hidden", "é"], no: ["a/b", "/"] },
  { pattern: "***", yes: ["", "ab"], no: ["a/b"] },
  { pattern: "*.py", yes: [".py", "a.py", "a.b.py", "a.py.py"], no: ["a.pyc", "a/b.py", "py"] },
  { pattern: "req*.txt", yes: ["req.txt", "requirements.txt", "req.txt.txt"], no: ["req.txt.bak", "re.txt"] },
  { pattern: "src/*/x", yes: ["src/a/x", "src//x"], no: ["src/x", "src/a/b/x"] },
  { pattern: "src/**/x", yes: ["src/a/x"], no: ["src/x", "src/a/b/x"] },
  { pattern: "a*b*c", yes: ["abc", "aXbXc", "abbcc", "abcbc"], no: ["acb", "ab/c", "abcd"] },
  { pattern: "*ab", yes: ["aab", "abab"], no: ["aba"] },
  { pattern: "hom?.txt", yes: ["home.txt", "homé.txt", "hom😀.txt"], no: ["hom.txt", "homme.txt", "hom/.txt"] },
  { pattern: "[a-c]1", yes: ["a1", "c1"], no: ["d1", "A1", "1", "aa1"] },
  { pattern: "[abx-z]", yes: ["a", "b", "y"], no: ["c", "-", "w"] },
  { pattern: "[^a-c]", yes: ["d", "^", "é", "😀"], no: ["a", "b", "", "dd"] },
  { pattern: "[a^]", yes: ["a", "^"], no: ["b"] },
  { pattern: "a[^x]b", yes: ["a/b", "ayb"], no: ["axb"] },
  { pattern: "[а-я]*", yes: ["файл"], no: ["file"] },
  { pattern: "[*?[]", yes: ["*", "?", "["], no: ["a", "]"] },
  { pattern: "[\\]\\-\\\\]", yes: ["]", "-", "\\"], no: ["a"] },
  { pattern: "[z-a]", yes: [], no: ["a", "m", "z", "-"] },
  { pattern: "arr[[]0].txt", yes: ["arr[0].txt"], no: ["arr0.txt"] },
  { pattern: "\\*\\?\\[\\a", yes: ["*?[a"], no: ["x?[a", "\\*\\?\\[\\a"] },
  { pattern: "a]b", yes: ["a]b"], no: ["ab"] },
  { pattern: "a.b+(c|d){2}$^!", yes: ["a.b+(c|d){2}$^!"], no: ["aXb+(c|d){2}$^!", "a.bbcc"] },
  { pattern: "*\n*", yes: ["a\nb"], no: ["ab"] },
  // Go never moves a run of characters that it has placed once, even where another place would do.
  { pattern: "*[^x]*b", yes: ["ab", "aab"], no: ["a/b"] },
];

for (const { pattern, yes, no } of CASES) {
  test(`glob ${JSON.stringify(pattern)}`, () => {
    const matches = compileGlob(pattern);
    assert.deepEqual(
      yes.filter((path) => !matches(path)),
      [],
    );
    assert.deepEqual(
      no.filter((path) => matches(path)),
      [],
    );
  });
}

test("malformed patterns are refused with the reason", () => {
  const broken: readonly (readonly [string, RegExp])[] = [
    ["a\\", /^malformed pattern "a\\\\": it ends with a backslash$/],
    ["*a*\\", /ends with a backslash/],
    ["[", /never closed/],
    ["[^", /never closed/],
    ["a[b", /never closed/],
    ["a[b-", /never closed/],
    ["a[\\", /never closed/],
    ["[\\]", /never closed/],
    ["[]", /empty/],
    ["[]a]", /empty/],
    ["[^]", /empty/],
    ["[a-]", /empty/],
    ["[-]", /needs a backslash/],
    ["[-a]", /needs a backslash/],
    ["[a-b-c]", /needs a backslash/],
    ["x*y*[-a]", /needs a backslash/],
  ];
  for (const [pattern, message] of broken) {
    assert.throws(() => compileGlob(pattern), { name: "Error", message }, pattern);
  }
});

test("no pattern makes matching slow", () => {
  const path = "a".repeat(20_000);
  const patterns = [
    "*a*a*a*a*b",
    `${"*a".repeat(200)}*b`,
    `${"*?".repeat(200)}b`,
    `*${"[a-z]".repeat(200)}b`,
    "*".repeat(20_000).concat("b"),
  ];
  const start = process.cpuUsage();
  for (const pattern of patterns) assert.equal(compileGlob(pattern)(path), false);
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 5_000_000, `${user + system} us of CPU`);
});
