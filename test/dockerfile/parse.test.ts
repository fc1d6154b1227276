import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KEYWORDS } from "../../lib/dockerfile/instruction.ts";
import { parseMode } from "../../lib/mode.ts";
import { bare, evaluate, parse, refused, steps } from "../support/dockerfile.ts";

const only = (text: string) => bare(steps(text)[0]);
const COPY = { kind: "copy", texts: [], link: false, parents: false, excludes: [] };
const octal = (mode: number) => parseMode(mode.toString(8).padStart(5, "0"));

describe("instructions", () => {
  const cases: readonly (readonly [text: string, expected: Record<string, unknown>])[] = [
    ["COPY a /b", { ...COPY, sources: ["a"], destination: "/b" }],
    ["COPY a b c/ /d/", { ...COPY, sources: ["a", "b", "c/"], destination: "/d/" }],
    ['COPY ["a b", "/c d"]', { ...COPY, sources: ["a b"], destination: "/c d" }],
    ["COPY --link a b", { ...COPY, sources: ["a"], destination: "b", link: true }],
    ["COPY --link=false a b", { ...COPY, sources: ["a"], destination: "b" }],
    ["COPY --link=TRUE a b", { ...COPY, sources: ["a"], destination: "b", link: true }],
    ["COPY --chown=1 a b", { ...COPY, sources: ["a"], destination: "b", chown: { user: 1, group: 1 } }],
    ["COPY --chown=1:2 a b", { ...COPY, sources: ["a"], destination: "b", chown: { user: 1, group: 2 } }],
    ["COPY --chown=root:app a b", { ...COPY, sources: ["a"], destination: "b", chown: { user: 0, group: "app" } }],
    ["COPY --chown=app a b", { ...COPY, sources: ["a"], destination: "b", chown: { user: "app" } }],
    ["COPY --chmod=755 --chown= a b", { ...COPY, sources: ["a"], destination: "b", chmod: octal(0o755) }],
    ["COPY --chmod=04755 a b", { ...COPY, sources: ["a"], destination: "b", chmod: octal(0o4755) }],
    ["COPY -- --a b", { ...COPY, sources: ["--a"], destination: "b" }],
    ["COPY --chmod='7'5\\5 a b", { ...COPY, sources: ["a"], destination: "b", chmod: octal(0o755) }],
    ["COPY [ab].txt /x", { ...COPY, sources: ["[ab].txt"], destination: "/x" }],
    ["ENV a=b", { kind: "env", entries: [["a", "b"]] }],
    [
      "ENV a=b c=d",
      {
        kind: "env",
        entries: [
          ["a", "b"],
          ["c", "d"],
        ],
      },
    ],
    [
      "ENV a=\"b c\" d='e f' g=h\\ i j=",
      {
        kind: "env",
        entries: [
          ["a", "b c"],
          ["d", "e f"],
          ["g", "h i"],
          ["j", ""],
        ],
      },
    ],
    [
      'ENV a=\'b\\\' c="d\\" e" f=g\\',
      {
        kind: "env",
        entries: [
          ["a", "b\\"],
          ["c", 'd" e'],
          ["f", "g"],
        ],
      },
    ],
    ["ENV a=b=c", { kind: "env", entries: [["a", "b=c"]] }],
    ["ENV a b c=d", { kind: "env", entries: [["a", "b c=d"]] }],
    ['ENV a   "b  c"  d', { kind: "env", entries: [["a", "b  c  d"]] }],
    ["LABEL a.b=c", { kind: "label", entries: [["a.b", "c"]] }],
    [
      'LABEL "a b"="c d" e=f',
      {
        kind: "label",
        entries: [
          ["a b", "c d"],
          ["e", "f"],
        ],
      },
    ],
    ["LABEL a b c", { kind: "label", entries: [["a", "b c"]] }],
    ["WORKDIR a b", { kind: "workdir", path: "a b" }],
    ["WORKDIR '/a'", { kind: "workdir", path: "/a" }],
    ["USER 1000:1000", { kind: "user", user: "1000:1000" }],
    ['CMD ["a", "b c"]', { kind: "cmd", command: { form: "exec", argv: ["a", "b c"] } }],
    ['CMD  [ "a"  ]  ', { kind: "cmd", command: { form: "exec", argv: ["a"] } }],
    ["CMD []", { kind: "cmd", command: { form: "exec", argv: [] } }],
    ["CMD a   'b' $c", { kind: "cmd", command: { form: "shell", command: "a   'b' $c" } }],
    ["CMD ['a']", { kind: "cmd", command: { form: "shell", command: "['a']" } }],
    ['CMD ["a"', { kind: "cmd", command: { form: "shell", command: '["a"' } }],
    ['CMD ["a"] b', { kind: "cmd", command: { form: "shell", command: '["a"] b' } }],
    ['ENTRYPOINT ["$A"]', { kind: "entrypoint", command: { form: "exec", argv: ["$A"] } }],
    ["ENTRYPOINT a \\\n  b", { kind: "entrypoint", command: { form: "shell", command: "a   b" } }],
    ['CMD ["\\ud800"]', { kind: "cmd", command: { form: "exec", argv: ["\ufffd"] } }],
    ["EXPOSE 80", { kind: "expose", ports: ["80/tcp"] }],
    ["EXPOSE 80 53/udp 9/SCTP 80/tcp", { kind: "expose", ports: ["53/udp", "80/tcp", "9/sctp"] }],
    ["EXPOSE 8000-8002/udp", { kind: "expose", ports: ["8000/udp", "8001/udp", "8002/udp"] }],
    [
      "EXPOSE 127.0.0.1:80:8080 [::1]:1:2 7:6 80-81:90-91",
      { kind: "expose", ports: ["8080/tcp", "6/tcp", "90/tcp", "91/tcp", "2/tcp"] },
    ],
    ["EXPOSE 0080", { kind: "expose", ports: ["80/tcp"] }],
    ["VOLUME /a /b", { kind: "volume", paths: ["/a", "/b"] }],
    ['VOLUME ["/a b"]', { kind: "volume", paths: ["/a b"] }],
    ["STOPSIGNAL SIGTERM", { kind: "stopsignal", signal: "SIGTERM" }],
    ["STOPSIGNAL rtmin+3", { kind: "stopsignal", signal: "rtmin+3" }],
    ["STOPSIGNAL 9", { kind: "stopsignal", signal: "9" }],
    ['SHELL ["/bin/bash", "-c"]', { kind: "shell", argv: ["/bin/bash", "-c"] }],
    ["MAINTAINER A <a@example.com>", { kind: "maintainer", name: "A <a@example.com>" }],
    ["HEALTHCHECK NONE", { kind: "healthcheck", health: { test: ["NONE"] } }],
    [
      "HEALTHCHECK CMD curl -f $x || exit 1",
      { kind: "healthcheck", health: { test: ["CMD-SHELL", "curl -f $x || exit 1"] } },
    ],
    ['HEALTHCHECK cmd ["a"]', { kind: "healthcheck", health: { test: ["CMD", "a"] } }],
    [
      "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=100ms --start-interval=1ms --retries=3 CMD a",
      {
        kind: "healthcheck",
        health: {
          test: ["CMD-SHELL", "a"],
          interval: 90e9,
          timeout: 15e8,
          startPeriod: 1e8,
          startInterval: 1e6,
          retries: 3,
        },
      },
    ],
    [
      "HEALTHCHECK --interval=0 --timeout= --retries=0 CMD a",
      { kind: "healthcheck", health: { test: ["CMD-SHELL", "a"] } },
    ],
    ["ARG a", { kind: "arg", entries: [["a", undefined]] }],
    [
      'ARG a=b c d="e f"',
      {
        kind: "arg",
        entries: [
          ["a", "b"],
          ["c", undefined],
          ["d", "e f"],
        ],
      },
    ],
    ["env a=b", { kind: "env", entries: [["a", "b"]] }],
    ["ENV\ta=b", { kind: "env", entries: [["a", "b"]] }],
  ];
  for (const [text, expected] of cases) it(text, () => assert.deepEqual(only(text), expected));

  it("say where they stand and what is written there", () => {
    const [first, second] = steps("FROM scratch\n\nenv a=b \\\n# c\n  c=d\nCOPY  x  /y\n");
    assert.deepEqual([first?.where, first?.text], ["Dockerfile:3", "ENV a=b   c=d"]);
    assert.deepEqual([second?.where, second?.text], ["Dockerfile:6", "COPY x  /y"]);
  });

  const faults: readonly (readonly [text: string, what: RegExp, hint?: RegExp])[] = [
    ["COPPY a b", /unknown instruction COPPY$/, /did you mean COPY\?/],
    ["ENTRYPIONT a", /unknown instruction ENTRYPIONT$/, /did you mean ENTRYPOINT\?/],
    ["XYZZY a", /unknown instruction XYZZY$/, /FROM, ARG, COPY/],
    ["__proto__ a", /unknown instruction __PROTO__$/],
    [`${"A".repeat(60_000)}`, /unknown instruction A+\.\.\.$/],
    ["\\", /no instruction on it/],
    ["COPY a", /COPY needs a source and a destination$/],
    ["COPY", /COPY needs a source and a destination$/],
    ['COPY ["a"]', /COPY needs a source and a destination$/],
    ["COPY [1, 2]", /JSON form takes strings only/],
    ["COPY --chwon=1 a b", /no flag --chwon$/, /did you mean --chown\?/],
    ["COPY --zzzzzzzzzz a b", /no flag --zzzzzzzzzz$/],
    ["COPY --__proto__=1 a b", /no flag --__proto__$/],
    ["COPY --chown a b", /--chown needs a value/],
    ["COPY --link=maybe a b", /--link is true or false, not "maybe"/],
    ["COPY --link= a b", /--link is true or false, not ""/],
    ["COPY --chmod=1 --chmod=2 a b", /--chmod is given twice/],
    ["COPY --chown=1:2:3 a b", /--chown=1:2:3 is no owner/, /1000:1000/],
    ["COPY --chown=:2 a b", /is no owner/],
    ["COPY --chown=2: a b", /is no owner/],
    ["COPY --chown=4294967296 a b", /4294967296 is no id/],
    ["COPY --chmod=u+y a b", /--chmod=u\+y is no mode/, /--chmod=755/],
    ["COPY --chmod=888 a b", /--chmod=888 is no mode/, /--chmod=755/],
    ["COPY --chmod=17777 a b", /--chmod=17777 is no mode/],
    ["COPY https://example.com/a /b", /COPY cannot fetch https:\/\/example\.com\/a/, /download it on the host/],
    ["COPY git@example.com:a/b.git /b", /COPY cannot fetch git@/],
    ["COPY a <<EOF\nEOF", /cannot have a here-document as its destination/],
    ["ENV", /ENV needs an argument/],
    ["ENV a", /ENV a has no value/, /ENV a=VALUE/],
    ["ENV a=b c", /"c" has no "="/, /NAME=VALUE/],
    ["ENV =b", /value without a name/],
    ["ENV a=b =c", /value without a name/],
    ["ENV $x=b", /\$x is blank, and no name/],
    ["ENV a='b", /' is missing/],
    ["ENV --a=b c=d", /no flag --a/],
    ["LABEL a", /LABEL a has no value/],
    ["WORKDIR", /WORKDIR needs an argument/],
    ["USER", /USER needs an argument/],
    ["CMD", /CMD needs an argument/],
    ["CMD --a b", /no flag --a/],
    ["CMD [1]", /JSON form takes strings only/],
    ['CMD ["a", null]', /JSON form takes strings only/],
    ['CMD ["a\\u0000"]', /NUL/],
    ["ENTRYPOINT", /ENTRYPOINT needs an argument/],
    ["SHELL /bin/bash -c", /JSON form only/, /\["\/bin\/bash", "-c"]/],
    ["SHELL []", /JSON form only/],
    ["EXPOSE", /EXPOSE needs an argument/],
    ["EXPOSE http", /"http" is no port/, /8080\/udp/],
    ["EXPOSE 65536", /"65536" is no port/],
    ["EXPOSE 80/icmp", /is no port/],
    ["EXPOSE 80/tcp/udp", /is no port/],
    ["EXPOSE 82-80", /is no port/],
    ["EXPOSE -1", /is no port/],
    ["EXPOSE /tcp", /is no port/],
    ["EXPOSE 80:", /is no port/],
    ["EXPOSE a:80", /is no port/],
    ["EXPOSE 300.0.0.1:80:80", /is no port/],
    ["EXPOSE 80-82:90-91", /different lengths/],
    ["VOLUME", /VOLUME needs an argument/],
    ["VOLUME []", /VOLUME needs an argument/],
    ['VOLUME ["", "/a"]', /VOLUME without a path/],
    ["VOLUME $x", /VOLUME without a path/],
    ["STOPSIGNAL SIGFOO", /"SIGFOO" is no signal/],
    ["STOPSIGNAL 0", /"0" is no signal/],
    ["STOPSIGNAL RTMIN+16", /is no signal/],
    ["HEALTHCHECK", /HEALTHCHECK needs a command/],
    ["HEALTHCHECK curl", /knows no "curl"/, /HEALTHCHECK CMD/],
    ["HEALTHCHECK CMD", /CMD needs a command/],
    ["HEALTHCHECK CMD []", /CMD needs a command/],
    ["HEALTHCHECK NONE x", /NONE takes no arguments/],
    ["HEALTHCHECK --interval=5 CMD a", /--interval=5 is no duration/, /1m30s/],
    ["HEALTHCHECK --timeout=-1s CMD a", /is no duration/],
    ["HEALTHCHECK --timeout=1us CMD a", /is no duration of at least 1ms/],
    ["HEALTHCHECK --timeout=999999999h CMD a", /is no duration/],
    ["HEALTHCHECK --retries=-1 CMD a", /--retries=-1 is no number/],
    ["HEALTHCHECK --retries=1.5 CMD a", /--retries=1\.5 is no number/],
    ["HEALTHCHECK --retry=1 CMD a", /no flag --retry/],
    ["MAINTAINER", /MAINTAINER needs an argument/],
    ["ARG", /ARG needs an argument/],
    ["ARG =x", /value without a name/],
    ["RUN", /RUN needs a command/],
    ["ONBUILD", /ONBUILD needs an argument/],
    ["ADD a", /ADD needs a source and a destination/],
    ["FROM", /FROM takes an image/],
    ["FROM a b", /FROM takes an image/],
    ["FROM a TO b", /FROM takes an image/],
    ["FROM a AS b c", /FROM takes an image/],
    ["FROM a AS 1b", /"1b" is no name for a stage/],
    ["FROM a AS b/c", /"b\/c" is no name for a stage/],
    ["FROM --platfrom=x a", /no flag --platfrom/, /did you mean --platform\?/],
  ];
  for (const [text, what, hint] of faults) {
    it(`${text.slice(0, 60)} is wrong`, () => {
      refused(() => evaluate(`FROM scratch\n\n${text}`), { where: "Dockerfile:3", what, ...(hint && { hint }) });
    });
  }

  it("are those of the language", () => {
    const known =
      "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR";
    assert.deepEqual([...KEYWORDS].sort(), known.split(" "));
  });
});

describe("stages", () => {
  const chain = (text: string, target?: string) =>
    parse(text, target === undefined ? {} : { target }).chain.map(({ index }) => index);

  it("have what they are FROM", () => {
    const { stages, target, base } = parse(
      "FROM scratch\nFROM a:1 AS one\nUSER 1\nFROM one AS Two\nFROM two\nFROM three",
    );
    assert.deepEqual(
      stages.map(({ from }) => from),
      [
        { kind: "scratch" },
        { kind: "image", reference: "a:1" },
        { kind: "stage", index: 1 },
        { kind: "stage", index: 2 },
        { kind: "image", reference: "three" },
      ],
    );
    assert.deepEqual(
      stages.map(({ name, where }) => [name, where]),
      [
        [undefined, "Dockerfile:1"],
        ["one", "Dockerfile:2"],
        ["two", "Dockerfile:4"],
        [undefined, "Dockerfile:5"],
        [undefined, "Dockerfile:6"],
      ],
    );
    assert.equal(target, stages[4]);
    assert.deepEqual(base, { kind: "image", reference: "three" });
  });

  it("form the chain that is built", () => {
    const text = "FROM a AS one\nFROM one AS two\nFROM b\nFROM two AS three\nFROM one AS four";
    assert.deepEqual(chain(text), [0, 4]);
    assert.deepEqual(chain(text, "three"), [0, 1, 3]);
    assert.deepEqual(chain(text, "ONE"), [0]);
    assert.deepEqual(parse(text, { target: "three" }).base, { kind: "image", reference: "a" });
  });

  it("are found by the names before them only", () => {
    assert.deepEqual(
      parse("FROM alpine AS alpine\nFROM later\nFROM x AS later").stages.map(({ from }) => from),
      [
        { kind: "image", reference: "alpine" },
        { kind: "image", reference: "later" },
        { kind: "image", reference: "x" },
      ],
    );
  });

  it("may share a name, which then means the later one", () => {
    const { chain, warnings } = parse("FROM a AS x\nFROM b AS x\nFROM x");
    assert.deepEqual(
      chain.map(({ index }) => index),
      [1, 2],
    );
    assert.deepEqual(
      warnings.map(({ where }) => where),
      ["Dockerfile:2"],
    );
    assert.equal(parse("FROM a AS x\nFROM b AS x\nFROM c", { target: "x" }).target.index, 1);
  });

  it("see in FROM what ARG declares above", () => {
    const from = (text: string, args?: ReadonlyMap<string, string>) => parse(text, args && { args }).target.from;
    assert.deepEqual(from("ARG V=1\nFROM a:$V"), { kind: "image", reference: "a:1" });
    assert.deepEqual(from(`ARG V=1\nARG W=\${V}2\nFROM a:$W`), { kind: "image", reference: "a:12" });
    assert.deepEqual(from("ARG V=1\nFROM a:$V", new Map([["V", "9"]])), { kind: "image", reference: "a:9" });
    assert.deepEqual(from(`ARG V\nFROM a:\${V:-8}`), { kind: "image", reference: "a:8" });
    assert.deepEqual(from("ARG V=1 W=2\nFROM 'a':$V-$W"), { kind: "image", reference: "a:1-2" });
    assert.deepEqual(from("FROM a-$TARGETARCH-$TARGETOS$TARGETVARIANT"), { kind: "image", reference: "a-arm64-linux" });
    assert.deepEqual(from(`FROM a\nARG V=1\nFROM b:\${V:-x}`), { kind: "image", reference: "b:x" });
    assert.deepEqual(from("ARG B=scratch\nFROM $B"), { kind: "scratch" });
    assert.deepEqual(from("ARG S=one\nFROM a AS one\nFROM $S"), { kind: "stage", index: 0 });
  });

  it("are of the target's platform", () => {
    const same = [
      "linux/arm64",
      "linux/arm64/v8",
      "linux/aarch64",
      "Linux/ARM64",
      "arm64",
      "linux",
      "$TARGETPLATFORM",
      "$BUILDPLATFORM",
      "linux/$TARGETARCH",
    ];
    for (const platform of same) assert.equal(parse(`FROM --platform=${platform} a`).stages.length, 1, platform);
    for (const platform of ["linux/amd64", "linux/arm", "linux/arm/v7", "amd64", "windows/arm64"]) {
      refused(() => parse(`FROM --platform=${platform} a`), {
        where: "Dockerfile:1",
        what: /is not the platform that is built, linux\/arm64$/,
        hint: /\$TARGETPLATFORM/,
      });
    }
    refused(() => parse("FROM --platform=a/b/c/d x"), {
      where: "Dockerfile:1",
      what: /"a\/b\/c\/d" is not a platform/,
    });
    refused(() => parse("FROM --platform=$X x"), { where: "Dockerfile:1", what: /\$X is blank/ });
    // A stage that is not needed may be of any.
    assert.deepEqual(chain("FROM --platform=linux/amd64 a\nFROM b"), [1]);
  });

  const faults: readonly (readonly [text: string, where: string, what: RegExp, hint?: RegExp])[] = [
    ["USER 1\nFROM a", "Dockerfile:1", /USER stands before the first FROM/, /only ARG/],
    ["ARG a=1\nCOPY a b\nFROM a", "Dockerfile:2", /COPY stands before/],
    ["ARG a=1", "Dockerfile", /no FROM/],
    ["FROM $X", "Dockerfile:1", /\$X is blank/, /ARG declares above/],
    [`ARG X\nFROM \${X}`, "Dockerfile:2", /is blank/],
    ["FROM a\nARG X=1\nFROM $X", "Dockerfile:3", /\$X is blank/],
    ["FROM 'a", "Dockerfile:1", /' is missing/],
  ];
  for (const [text, where, what, hint] of faults) {
    it(`${JSON.stringify(text)} is wrong`, () =>
      void refused(() => parse(text), { where, what, ...(hint && { hint }) }));
  }

  it("tell which argument FROM may have meant", () => {
    refused(() => parse("ARG VERSION=1\nFROM $VERSOIN"), {
      what: /is blank/,
      reason: /VERSOIN has no value.*`VERSION`/,
    });
  });

  it("must have the target among them", () => {
    const text = "FROM a AS builder\nFROM b AS final";
    refused(() => parse(text, { target: "buidler" }), {
      where: "Dockerfile",
      what: /no stage has the name "buidler"/,
      reason: /builder, final/,
      hint: /did you mean builder\?/,
    });
    refused(() => parse("FROM a", { target: "__proto__" }), { what: /no stage/, reason: /has a name/ });
  });

  it("are checked also where they are not needed", () => {
    refused(() => parse("FROM a\nCOPPY x y\nFROM b"), { where: "Dockerfile:2", what: /unknown instruction/ });
  });

  it("may be many", () => {
    const text = Array.from(
      { length: 5_000 },
      (_, i) => `FROM ${i === 0 ? "a" : `s${i - 1}`} AS s${i}\nUSER ${i}\n`,
    ).join("");
    const start = process.cpuUsage();
    assert.equal(parse(text).chain.length, 5_000);
    assert.equal(evaluate(text).at(-1)?.steps.length, 1);
    assert.ok(process.cpuUsage(start).user < 5_000_000);
  });
});

describe("warnings", () => {
  it("name build arguments that nothing declares", () => {
    const given = "A B VERSOIN HTTP_PROXY no_proxy BUILDKIT_INLINE_CACHE SOURCE_DATE_EPOCH TARGETARCH __proto__";
    const args = new Map(given.split(" ").map((name) => [name, "x"]));
    const { warnings } = parse("ARG A\nFROM x\nARG B VERSION\n", { args });
    assert.deepEqual(warnings, [
      {
        where: "Dockerfile",
        message: "the build argument VERSOIN is given, but no ARG declares it: did you mean `VERSION`?",
      },
      { where: "Dockerfile", message: "the build argument __proto__ is given, but no ARG declares it" },
    ]);
  });
});
