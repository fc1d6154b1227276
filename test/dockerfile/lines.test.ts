import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_FILE_BYTES, MAX_INSTRUCTIONS, MAX_LINE_BYTES, readLines } from "../../lib/dockerfile/lines.ts";
import { refused } from "../support/dockerfile.ts";

const lines = (text: string) => readLines(text, "Dockerfile").lines.map(({ text, first, last }) => [text, first, last]);
const directives = (text: string) => readLines(text, "Dockerfile").directives;

describe("logical lines", () => {
  const cases: readonly (readonly [title: string, text: string, expected: readonly unknown[]])[] = [
    [
      "one a line",
      "FROM a\nENV b=c\n",
      [
        ["FROM a", 1, 1],
        ["ENV b=c", 2, 2],
      ],
    ],
    ["no line end at the end", "FROM a", [["FROM a", 1, 1]]],
    [
      "blank lines and comments",
      "\n  # x\nFROM a\n\n\t# y\nUSER 1\n",
      [
        ["FROM a", 3, 3],
        ["USER 1", 6, 6],
      ],
    ],
    ["indented", "   FROM a", [["FROM a", 1, 1]]],
    [
      "CRLF",
      "FROM a\r\nENV b=c \\\r\n  d=e\r\n",
      [
        ["FROM a", 1, 1],
        ["ENV b=c   d=e", 2, 3],
      ],
    ],
    ["byte order mark", "\ufeffFROM a\n", [["FROM a", 1, 1]]],
    [
      "continued",
      "ENV a=b \\\n    c=d \\\n e=f\nUSER 1",
      [
        ["ENV a=b     c=d  e=f", 1, 3],
        ["USER 1", 4, 4],
      ],
    ],
    ["blanks behind the continuation", "ENV a=b \\ \t\n c=d", [["ENV a=b  c=d", 1, 2]]],
    ["continuation in a word", "EN\\\nV a=b", [["ENV a=b", 1, 2]]],
    ["comment inside", "ENV a=b \\\n# no\n  # nor this \\\n c=d\n", [["ENV a=b  c=d", 1, 4]]],
    [
      "blank lines inside",
      "ENV a=b \\\n\n   \n c=d\nUSER 1",
      [
        ["ENV a=b  c=d", 1, 4],
        ["USER 1", 5, 5],
      ],
    ],
    ["no comment behind words", "ENV a=b # c", [["ENV a=b # c", 1, 1]]],
    ["a comment is never continued", "# a \\\nFROM a", [["FROM a", 2, 2]]],
    [
      "an escaped escape does not continue",
      "ENV a=b\\\\\nUSER 1",
      [
        ["ENV a=b\\\\", 1, 1],
        ["USER 1", 2, 2],
      ],
    ],
    ["continuation at the end of the file", "ENV a=b \\", [["ENV a=b ", 1, 1]]],
    ["the escape character alone on a line", "\\\nFROM a", [["FROM a", 1, 2]]],
  ];
  for (const [title, text, expected] of cases) it(title, () => assert.deepEqual(lines(text), expected));

  it("continues with the backtick after # escape=`", () => {
    assert.deepEqual(lines("# escape=`\nCOPY a b\\\nENV a=b `\n c=d"), [
      ["COPY a b\\", 2, 2],
      ["ENV a=b  c=d", 3, 4],
    ]);
  });
});

describe("parser directives", () => {
  const cases: readonly (readonly [title: string, text: string, expected: object])[] = [
    ["none", "FROM a", { escapeChar: "\\" }],
    ["escape", "# escape=`\nFROM a", { escapeChar: "`" }],
    ["without a blank", "#escape=`\nFROM a", { escapeChar: "`" }],
    ["with many", "   #   escape   =   `   \nFROM a", { escapeChar: "`" }],
    ["in any case", "# EsCaPe=`\nFROM a", { escapeChar: "`" }],
    ["behind a byte order mark", "\ufeff# escape=`\nFROM a", { escapeChar: "`" }],
    ["with CRLF", "# escape=`\r\nFROM a", { escapeChar: "`" }],
    [
      "all three",
      "#syntax=docker/dockerfile:1\n#check=skip=all;error=true\n#escape=`\nFROM a",
      { escapeChar: "`", syntax: "docker/dockerfile:1", check: "skip=all;error=true" },
    ],
    ["not after a blank line", "\n# escape=`\nFROM a", { escapeChar: "\\" }],
    ["not after a comment", "# hello\n# escape=`\nFROM a", { escapeChar: "\\" }],
    ["not after an unknown one, which is a comment", "# key=value\n# escape=`\nFROM a", { escapeChar: "\\" }],
    ["not after an instruction", "FROM a\n# escape=`\n", { escapeChar: "\\" }],
    ["not continued", "# esc\\\nape=`\nFROM a", { escapeChar: "\\" }],
    ["not without a value", "# escape=\nFROM a", { escapeChar: "\\" }],
    [
      "from a mirror, pinned",
      "# syntax=mirror.test:5000/docker/dockerfile:1.7@sha256:ab\nFROM a",
      { escapeChar: "\\", syntax: "mirror.test:5000/docker/dockerfile:1.7@sha256:ab" },
    ],
  ];
  for (const [title, text, expected] of cases) {
    it(title, () => {
      // The line that is no directive may be no instruction either; readLines does not mind.
      assert.deepEqual(directives(text), expected);
    });
  }

  it("refuses a second one", () => {
    const what = 'the parser directive "escape" is given twice';
    refused(() => directives("# escape=`\n# escape=`\nFROM a"), { where: "Dockerfile:2", what });
  });

  it("refuses another escape character", () => {
    refused(() => directives("# escape=x\nFROM a"), { where: "Dockerfile:1", what: /can be \\ or `, not "x"/ });
    refused(() => directives("# escape= \nFROM a"), { where: "Dockerfile:1", what: /can be \\ or `, not ""/ });
  });

  it("refuses another language", () => {
    for (const syntax of ["tonistiigi/buildkit-frontend", "docker/dockerfile2llb", "evil/dockerfile-x"]) {
      refused(() => directives(`# syntax=${syntax}\nFROM a`), {
        where: "Dockerfile:1",
        what: /another language/,
        hint: /docker\/dockerfile:1/,
      });
    }
  });
});

describe("here-documents", () => {
  const heredocs = (text: string) =>
    readLines(text, "Dockerfile").lines.flatMap(({ heredocs }) =>
      heredocs.map(({ name, content, expand, stripTabs }) => [name, content, expand, stripTabs]),
    );
  // BuildKit's documented forms: quoted words are not expanded, <<- strips tabs, several on one line follow each other.
  const cases: readonly (readonly [text: string, expected: readonly unknown[]])[] = [
    ["COPY <<EOF /a\nx\ny\nEOF\n", [["EOF", "x\ny\n", true, false]]],
    ["COPY <<EOF /a\nEOF", [["EOF", "", true, false]]],
    ["RUN 3<<EOF\nEOF", [["EOF", "", true, false]]],
    ["RUN <<-EOF\n\tx\n\tEOF\n", [["EOF", "\tx\n", true, true]]],
    ["COPY <<-'EOF' /a\n\tx\nEOF\n", [["EOF", "\tx\n", false, true]]],
    ['COPY <<"EOF" /a\nEOF\n', [["EOF", "", false, false]]],
    ["RUN <<eo'f'\nx\neof\n", [["eof", "x\n", false, false]]],
    ["RUN <<eo\\'f\nx\neo'f\n", [["eo'f", "x\n", true, false]]],
    ["RUN <<'e'o\\'f\nx\neo'f\n", [["eo'f", "x\n", false, false]]],
    ["RUN <<'one two'\nx\none two\n", [["one two", "x\n", false, false]]],
    ["RUN <<$EOF\n$EOF\n", [["$EOF", "", true, false]]],
    ["RUN <<  EOF  > foo\nEOF\n", [["EOF", "", true, false]]],
    [`RUN <<EOF cat && echo \${X#a} \${Y:-b}\nx\nEOF\n`, [["EOF", "x\n", true, false]]],
    [
      "COPY <<A <<B /d/\n1\nA\n2\nB\n",
      [
        ["A", "1\n", true, false],
        ["B", "2\n", true, false],
      ],
    ],
    [
      "COPY <<file.txt /d/\n# no comment\nENV \\\n\nfile.txt\n",
      [["file.txt", "# no comment\nENV \\\n\n", true, false]],
    ],
    ["COPY <<EOF /a\r\nx\r\nEOF\r\n", [["EOF", "x\r\n", true, false]]],
    ["ONBUILD COPY <<EOF /a\nx\nEOF\n", [["EOF", "x\n", true, false]]],
    ['RUN echo "<<EOF"\n', []],
    ["RUN cat <<<EOF\n", []],
    ["RUN echo $((1<<2<3))\n", []],
    ['RUN ["cat", "<<EOF"]\n', []],
    ["ENV a=<<EOF\n", []],
    ["USER <<EOF\n", []],
    ["RUN echo 'unmatched <<EOF\n", []],
  ];
  for (const [text, expected] of cases) it(JSON.stringify(text), () => assert.deepEqual(heredocs(text), expected));

  it("is consumed, so that the lines after it have their numbers", () => {
    assert.deepEqual(lines("COPY <<EOF /a\nFROM b\nEOF\nUSER 1\n"), [
      ["COPY <<EOF /a", 1, 3],
      ["USER 1", 4, 4],
    ]);
  });

  it("must end", () => {
    refused(() => lines("FROM a\nCOPY <<EOF /a\nx\n EOF\n"), {
      where: "Dockerfile:2",
      what: /<<EOF has no line "EOF"/,
    });
  });
});

describe("limits of a file", () => {
  it("no instruction", () => {
    for (const text of ["", "\n\n", "# only a comment", "\ufeff"]) {
      refused(() => lines(text), { where: "Dockerfile", what: /no instruction in this file/ });
    }
  });

  it("NUL, at its line", () => {
    refused(() => lines("FROM a\nENV a=\0\n"), { where: "Dockerfile:2", what: /NUL/ });
  });

  it("1 MiB, in bytes", () => {
    assert.equal(lines(`FROM a\n#${"x".repeat(MAX_FILE_BYTES - 8)}`).length, 1);
    refused(() => lines(`FROM a\n#${"é".repeat(MAX_FILE_BYTES / 2)}`), {
      where: "Dockerfile",
      what: /larger than 1 MiB/,
    });
  });

  it("64 KiB a line, after joining, in bytes", () => {
    const part = "x".repeat(MAX_LINE_BYTES / 2 - 2);
    assert.equal(lines(`ENV\\\n${part}\\\n${part}`).length, 1);
    refused(() => lines(`FROM a\nENV\\\n${part}\\\n${part}xxxx`), { where: "Dockerfile:2", what: /more than 64 KiB/ });
    refused(() => lines(`FROM a\n${"é".repeat(MAX_LINE_BYTES / 2 + 1)}`), { where: "Dockerfile:2", what: /64 KiB/ });
  });

  it("10,000 instructions", () => {
    assert.equal(lines("USER 1\n".repeat(MAX_INSTRUCTIONS)).length, MAX_INSTRUCTIONS);
    refused(() => lines("USER 1\n".repeat(MAX_INSTRUCTIONS + 1)), {
      where: `Dockerfile:${MAX_INSTRUCTIONS + 1}`,
      what: /10000/,
    });
  });

  it("takes linear time on lines made to be slow", () => {
    const blanks = " ".repeat(60_000);
    const start = process.cpuUsage();
    lines(`# check=a${blanks}b${blanks}c\nFROM a`);
    lines(`FROM a\nRUN ${blanks}x`);
    lines(`RUN x <<${blanks}<`);
    lines(`RUN ${"\\".repeat(60_000)}\nFROM a`);
    lines(`RUN ${"<<".repeat(30_000)}`);
    lines(`\\\n${"#\n".repeat(200_000)}FROM a`);
    const { user } = process.cpuUsage(start);
    assert.ok(user < 3_000_000, `${user} us`);
  });
});
