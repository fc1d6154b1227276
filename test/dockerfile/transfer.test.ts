import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMode } from "../../lib/mode.ts";
import { bare, evaluate, refused, steps } from "../support/dockerfile.ts";

const TRANSFER = { sources: [], texts: [], link: false, excludes: [] };
const COPY = { ...TRANSFER, kind: "copy", parents: false };
const ADD = { ...TRANSFER, kind: "add" };
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const URL = "https://example.com/d/f.tgz?v=1";

/** The last step, with `A=va`, `U=7` and `M=u+x` set. */
const last = (text: string) => bare(steps(`ENV A=va U=7 M=u+x S=${DIGEST}\n${text}`).at(-1));

describe("COPY", () => {
  const cases: readonly (readonly [text: string, expected: Record<string, unknown>])[] = [
    ["COPY --parents a/./b/c /d", { ...COPY, sources: ["a/./b/c"], destination: "/d", parents: true }],
    ["COPY --parents=false a /d", { ...COPY, sources: ["a"], destination: "/d" }],
    // As in BuildKit, patterns of --exclude are not substituted.
    [
      "COPY --exclude=*.txt --exclude=$A/b a /d",
      { ...COPY, sources: ["a"], destination: "/d", excludes: ["*.txt", "$A/b"] },
    ],
    ["COPY --exclude= a /d", { ...COPY, sources: ["a"], destination: "/d", excludes: [""] }],
    ["COPY --chmod=u=rwX,go=rX a /d", { ...COPY, sources: ["a"], destination: "/d", chmod: parseMode("u=rwX,go=rX") }],
    ["COPY --chmod=+x a /d", { ...COPY, sources: ["a"], destination: "/d", chmod: parseMode("+x") }],
    ["COPY --chmod=$M a /d", { ...COPY, sources: ["a"], destination: "/d", chmod: parseMode("u+x") }],
    ["COPY --chown=$U:$A a /d", { ...COPY, sources: ["a"], destination: "/d", chown: { user: 7, group: "va" } }],
    ["COPY --chown=$NONE --chmod=$NONE a /d", { ...COPY, sources: ["a"], destination: "/d" }],
    [
      'COPY --link --parents --exclude=b ["$A b", "/$A c"]',
      { ...COPY, sources: ["va b"], destination: "/va c", link: true, parents: true, excludes: ["b"] },
    ],
    ['COPY ["<<a", "/c"]', { ...COPY, sources: ["<<a"], destination: "/c" }],
    ["COPY github.com/a/b /d", { ...COPY, sources: ["github.com/a/b"], destination: "/d" }],
    ["COPY ./git@a:b /d", { ...COPY, sources: ["./git@a:b"], destination: "/d" }],
  ];
  for (const [text, expected] of cases) it(text, () => assert.deepEqual(last(text), expected));

  const froms: readonly (readonly [from: string, expected: Record<string, unknown>])[] = [
    ["one", { kind: "stage", index: 0 }],
    ["ONE", { kind: "stage", index: 0 }],
    ["'one'", { kind: "stage", index: 0 }],
    ["0", { kind: "stage", index: 0 }],
    ["1", { kind: "stage", index: 1 }],
    ["01", { kind: "stage", index: 1 }],
    ["+1", { kind: "stage", index: 1 }],
    ["two", { kind: "image", reference: "two" }],
    ["arm64v8/redis:7@sha256:0", { kind: "image", reference: "arm64v8/redis:7@sha256:0" }],
    ["__proto__", { kind: "image", reference: "__proto__" }],
    ["99999999999", { kind: "image", reference: "99999999999" }],
  ];
  for (const [from, expected] of froms) {
    it(`--from=${from}`, () => {
      const [step] = steps(`FROM a AS One\nFROM b\nFROM c\nCOPY --from=${from} a /b`);
      assert.deepEqual(bare(step), { ...COPY, sources: ["a"], destination: "/b", from: expected });
    });
  }

  it("copies from the build context when --from is blank", () => {
    assert.deepEqual(last("COPY --from= a /b"), { ...COPY, sources: ["a"], destination: "/b" });
  });

  const faults: readonly (readonly [text: string, what: RegExp, more?: RegExp])[] = [
    ["COPY --from=$A a b", /--from=\$A: variables are not substituted/, /FROM IMAGE AS NAME/],
    [`COPY --from=a:\${V:-1} a b`, /variables are not substituted/],
    ["COPY --from=2 a b", /--from=2: there is no such stage$/],
    ["COPY --from=-1 a b", /--from=-1: there is no such stage$/],
    ["COPY --from=0 a b", /--from=0: that is this stage itself$/, /stands above/],
    ["COPY --from=self a b", /--from=self: that is this stage itself$/],
    ["COPY --from=1 a b", /--from=1: that is a stage below this one$/, /stands above/],
    ["COPY --from=Later a b", /--from=Later: that is a stage below this one$/],
    ["COPY --from=scratch a b", /no files in scratch$/],
  ];
  for (const [text, what, hint] of faults) {
    it(`${text} is wrong`, () => {
      const file = `FROM scratch AS self\nENV A=1\n${text}\nFROM scratch AS later`;
      refused(() => evaluate(file, { target: "self" }), { where: "Dockerfile:3", what, ...(hint && { hint }) });
    });
  }
});

describe("here-documents of COPY and ADD", () => {
  const texts = (text: string) => last(text).texts;

  it("are files with their name, beside other sources", () => {
    const step = last("COPY a <<one b <<two c /d/\n1\none\n2\n\n3\ntwo");
    assert.deepEqual(step, {
      ...COPY,
      sources: ["a", "b", "c"],
      texts: [
        { name: "one", content: "1\n" },
        { name: "two", content: "2\n\n3\n" },
      ],
      destination: "/d/",
    });
    assert.deepEqual(last("ADD --chmod=600 <<one /d\none"), {
      ...ADD,
      texts: [{ name: "one", content: "" }],
      destination: "/d",
      chmod: parseMode("00600"),
    });
  });

  // What BuildKit's lexer makes of a text: quotes are text, a backslash escapes, what is not set is blank.
  const cases: readonly (readonly [title: string, document: string, expected: string])[] = [
    ["variables", `<<E /x\n$A \${A}b \${A%a} \${N:-d}\nE`, "va vab v d\n"],
    ["variables that are not set", "<<E /x\n[$N]\nE", "[]\n"],
    ["quotes", "<<E /x\n'$A' \"$A\" it's\nE", "'va' \"va\" it's\n"],
    ["escapes", '<<E /x\n\\$A \\\\ \\n \\"\nE', '$A \\ n "\n'],
    ["nothing when the word is quoted", "<<'E' /x\n$A \\$A\nE", "$A \\$A\n"],
    ["nothing when it is in double quotes", '<<"E" /x\n$A\nE', "$A\n"],
    ["nothing when a part of it is quoted", '<<E"F" /x\n$A\nEF', "$A\n"],
    ["tabs that stay", "<<E /x\n\ta\n\t\tb\nE", "\ta\n\t\tb\n"],
    ["tabs that go", "<<-E /x\n\ta\n\t\tb\n c\td\n\t\n\tE", "a\nb\n c\td\n\n"],
    ["tabs that go, quoted", "<<-'E' /x\n\t$A\n\t E\n\tE", "$A\n E\n"],
    ["comments and what looks like an instruction", "<<E /x\n# c\nRUN x\nE", "# c\nRUN x\n"],
    ["line ends as they are", "<<E /x\r\na\r\nb\nE\r\n", "a\r\nb\n"],
    ["a line that ends in a backslash", "<<E /x\na\\\nb\nE", "a\nb\n"],
    ["a file descriptor, which is left alone", "3<<E /x\na\nE", "a\n"],
  ];
  for (const [title, document, expected] of cases) {
    it(`have ${title}`, () => {
      const name = title.includes("a part of it") ? "EF" : "E";
      assert.deepEqual(texts(`COPY ${document}`), [{ name, content: expected }]);
      assert.deepEqual(texts(`ADD ${document}`), [{ name, content: expected }]);
    });
  }

  it("escape by the backslash whatever # escape= says", () => {
    const [step] = steps("# escape=`\nFROM a\nCOPY <<E /x\n\\$A `$A\nE");
    assert.deepEqual(bare(step).texts, [{ name: "E", content: "$A `\n" }]);
  });

  it("may be longer than a word", () => {
    const content = `${"x".repeat(400_000)}\n`;
    assert.deepEqual(texts(`COPY <<E /x\n${content}E`), [{ name: "E", content }]);
    refused(() => steps(`ENV A=${"x".repeat(60_000)}\nCOPY <<E /x\n${"$A".repeat(300)}\nE`), {
      what: /grows too long/,
    });
  });

  it("warn of variables that are not set", () => {
    const [stage] = evaluate("FROM a\nCOPY <<E /x\n$N\nE");
    assert.deepEqual(stage?.warnings, [
      { where: "Dockerfile:2", message: "the variable N is not set: it counts as blank" },
    ]);
  });

  for (const name of ["a/b", "/a", ".", ".."]) {
    it(`cannot be called ${name}`, () => {
      refused(() => steps(`COPY <<${name} /x/\n${name}`), { where: "Dockerfile:2", what: /is no name for a file$/ });
    });
  }
  it("must be opened where the line is split as a shell does", () => {
    refused(() => steps("COPY a\\ <<E /x\nE"), { where: "Dockerfile:2", what: /<<E opens no here-document/ });
    refused(() => steps("COPY it's <<E /x\nE"), { where: "Dockerfile:2", what: /<<E opens no here-document/ });
  });
  it("must end", () => {
    refused(() => steps("COPY <<E /x\na\n E"), { where: "Dockerfile:2", what: /no line "E" that ends it/ });
  });
});

describe("ADD", () => {
  const cases: readonly (readonly [text: string, expected: Record<string, unknown>])[] = [
    ["ADD a b* /d/", { ...ADD, sources: ["a", "b*"], destination: "/d/" }],
    ['ADD ["$A b", "/d"]', { ...ADD, sources: ["va b"], destination: "/d" }],
    [
      "ADD --chown=1:2 --chmod=a+r --link --exclude=x a /d",
      {
        ...ADD,
        sources: ["a"],
        destination: "/d",
        chown: { user: 1, group: 2 },
        chmod: parseMode("a+r"),
        link: true,
        excludes: ["x"],
      },
    ],
    ["ADD --unpack a.tar /d", { ...ADD, sources: ["a.tar"], destination: "/d", unpack: true }],
    ["ADD --unpack=false a.tar /d", { ...ADD, sources: ["a.tar"], destination: "/d", unpack: false }],
    ["ADD --keep-git-dir a /d", { ...ADD, sources: ["a"], destination: "/d" }],
    ["ADD --checksum= a /d", { ...ADD, sources: ["a"], destination: "/d" }],
    [`ADD --checksum=${DIGEST} ${URL} /d`, { ...ADD, sources: [URL], destination: "/d", checksum: DIGEST }],
    ["ADD --checksum=$S http://a.b/$A /d", { ...ADD, sources: ["http://a.b/va"], destination: "/d", checksum: DIGEST }],
    [
      `ADD --unpack --checksum=${DIGEST} ${URL} <<E /d/\nx\nE`,
      {
        ...ADD,
        sources: [URL],
        texts: [{ name: "E", content: "x\n" }],
        destination: "/d/",
        checksum: DIGEST,
        unpack: true,
      },
    ],
    ["ADD github.com/a/b.git /d", { ...ADD, sources: ["github.com/a/b.git"], destination: "/d" }],
    ["ADD ./a@b:c a.git /d", { ...ADD, sources: ["./a@b:c", "a.git"], destination: "/d" }],
  ];
  for (const [text, expected] of cases) it(text, () => assert.deepEqual(last(text), expected));

  const faults: readonly (readonly [text: string, what: RegExp, hint?: RegExp])[] = [
    ["ADD --from=a b c", /no flag --from$/],
    ["ADD --parents b c", /no flag --parents$/],
    ["COPY --checksum=x b c", /no flag --checksum$/],
    ["COPY --unpack b c", /no flag --unpack$/],
    [`ADD --checksum=${DIGEST} a /d`, /--checksum is for what is fetched, and this source is local$/],
    [`ADD --checksum=${DIGEST} ${URL} ${URL} /d`, /--checksum takes one source$/, /an ADD of its own/],
    [`ADD --checksum=${DIGEST} ${URL} a /d`, /--checksum takes one source$/],
    [`ADD --checksum=${DIGEST} <<E /d\nE`, /--checksum takes one source$/],
    [`ADD --checksum=sha256:00 ${URL} /d`, /--checksum=sha256:00 is not sha256: and 64/, /curl -fL URL \| sha256sum/],
    [`ADD --checksum=${DIGEST.toUpperCase()} ${URL} /d`, /is not sha256:/],
    [`ADD --checksum=sha512:${"0".repeat(128)} ${URL} /d`, /is not sha256:/],
    ["ADD $NONE/a ftp://a/b /d", /only http and https are fetched$/],
  ];
  for (const [text, what, hint] of faults) {
    it(`${text.slice(0, 80)} is wrong`, () => {
      refused(() => steps(text), { where: "Dockerfile:2", what, ...(hint && { hint }) });
    });
  }

  it("is refused also where variables tell of a URL without a checksum, or of Git", () => {
    refused(() => steps(`ENV U=${URL}\nADD $U /d`), {
      where: "Dockerfile:3",
      what: /ADD \$U \/d: what is fetched must be pinned by --checksum$/,
      hint: /"curl -fL \$U \| sha256sum" .*"ADD --checksum=sha256:DIGEST \$U \/d"$/,
    });
    refused(() => steps("ARG U=https://user:secret@a.b/c\nCOPY $U /d"), {
      where: "Dockerfile:3",
      what: /COPY cannot fetch \$U$/,
    });
    refused(() => steps(`ADD --checksum=$NONE ${URL} /d`), {
      where: "Dockerfile:2",
      what: /must be pinned by --checksum$/,
      hint: /"ADD --checksum=sha256:DIGEST https:/,
    });
    refused(() => steps(`ENV U=git@a:b\nADD --checksum=${DIGEST} $U /d`), {
      where: "Dockerfile:3",
      what: /Git repositories are not supported$/,
    });
    refused(() => steps("ENV U=https://a.b/c.git\nADD --checksum=0123456 $U /d"), {
      where: "Dockerfile:3",
      what: /Git repositories are not supported$/,
    });
  });
});
