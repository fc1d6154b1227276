import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMode } from "../../lib/mode.ts";
import { bare, evaluate, parse, refused, steps } from "../support/dockerfile.ts";

describe("substitution", () => {
  /** The value of the last LABEL, which shows what substitution sees. */
  const seen = (text: string, options: Parameters<typeof evaluate>[1] = {}) => {
    const step = steps(`${text}\nLABEL seen=$X`, options).at(-1);
    assert.ok(step?.kind === "label");
    return step.entries[0]?.[1];
  };

  const cases: readonly (readonly [title: string, text: string, expected: string, args?: Record<string, string>])[] = [
    ["nothing", "", ""],
    ["ENV", "ENV X=1", "1"],
    ["ENV of the base", "", "base"],
    ["ENV over the base", "ENV X=1", "1"],
    ["ARG", "ARG X=1", "1"],
    ["ARG without a value", "ARG X", ""],
    ["ARG from a build argument", "ARG X", "given", { X: "given" }],
    ["a build argument over the default", "ARG X=1", "given", { X: "given" }],
    ["a build argument is not substituted", "ENV Y=1\nARG X", "$Y", { X: "$Y" }],
    ["a build argument may be blank", "ARG X=1", "", { X: "" }],
    ["a build argument alone declares nothing", "", "", { X: "given" }],
    ["a default that is not needed is not looked at", `ARG X=\${Y:?no}`, "given", { X: "given" }],
    ["ENV below ARG", "ARG X=1\nENV X=2", "2"],
    ["ENV below ARG, over a build argument", "ARG X\nENV X=2", "2", { X: "given" }],
    ["ENV that takes an ARG with a default", `ARG X\nENV X=\${X:-2}`, "2"],
    ["ENV that takes an ARG", `ARG X\nENV X=\${X:-2}`, "given", { X: "given" }],
    ["ARG below ENV", "ENV X=1\nARG X=2", "2"],
    ["ARG without a value below ENV", "ENV X=1\nARG X", "1"],
    ["ARG above FROM is not seen", "ARG X=1\nFROM scratch", ""],
    ["ARG above FROM, declared again", "ARG X=1\nFROM scratch\nARG X", "1"],
    ["ARG above FROM, with another default", "ARG X=1\nFROM scratch\nARG X=2", "2"],
    ["ARG above FROM, from a build argument", "ARG X=1\nFROM scratch\nARG X", "given", { X: "given" }],
    ["ARG of another stage is not seen", "FROM scratch AS a\nARG X=1\nFROM scratch", ""],
    ["ARG of the stage it is FROM", "FROM scratch AS a\nARG X=1\nFROM a", "1"],
    ["ENV of the stage it is FROM", "FROM scratch AS a\nENV X=1\nFROM a", "1"],
    ["ENV, hidden by ARG in the stage it is FROM", "FROM scratch AS a\nENV X=1\nARG X=2\nFROM a", "1"],
    ["ARG sees what stands before it on its line", `ARG Y=1 X=\${Y}2`, "12"],
    ["ENV does not", `ENV Y=1 X=\${Y}2`, "2"],
    ["ENV sees the line before", `ENV Y=1\nENV X=\${Y}2`, "12"],
    ["ENV twice on a line", "ENV X=1 X=2", "2"],
    ["predefined arguments, not declared", "ENV X=$TARGETARCH", ""],
    ["predefined arguments", "ARG TARGETARCH\nENV X=$TARGETARCH", "arm64"],
    [
      "all of the platform",
      "ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT\nENV X=$TARGETPLATFORM,$TARGETOS,$TARGETARCH,$TARGETVARIANT",
      "linux/arm64,linux,arm64,",
    ],
    [
      "all of the builder, which is the target's",
      "ARG BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT\nENV X=$BUILDPLATFORM,$BUILDOS,$BUILDARCH,$BUILDVARIANT",
      "linux/arm64,linux,arm64,",
    ],
    ["predefined ones can be given", "ARG TARGETARCH\nENV X=$TARGETARCH", "given", { TARGETARCH: "given" }],
    ["predefined ones can have a default, which counts", "ARG TARGETARCH=x\nENV X=$TARGETARCH", "x"],
    ["the stage that is built", "FROM scratch AS Final\nARG TARGETSTAGE\nENV X=$TARGETSTAGE", "final"],
    ["the stage that is built, without a name", "ARG TARGETSTAGE\nENV X=$TARGETSTAGE", "default"],
    ["proxies are not seen undeclared", "ENV X=$HTTP_PROXY", "", { HTTP_PROXY: "p" }],
    ["no prototype", "ENV X=$__proto__$constructor", ""],
    ["a name of the prototype", "ARG __proto__=1\nENV constructor=2\nENV X=$__proto__$constructor", "12"],
  ];
  for (const [title, text, expected, args] of cases) {
    it(title, () => {
      const env = title.includes("the base") ? ["X=base"] : [];
      assert.equal(seen(text, { env, ...(args && { args: new Map(Object.entries(args)) }) }), expected);
    });
  }

  it("knows the variants of a platform", () => {
    const platform = { os: "linux", architecture: "arm", variant: "v7" };
    assert.equal(
      seen("ARG TARGETPLATFORM TARGETVARIANT\nENV X=$TARGETPLATFORM,$TARGETVARIANT", { platform }),
      "linux/arm/v7,v7",
    );
    const v8 = { os: "linux", architecture: "arm64", variant: "v8" };
    assert.equal(
      seen("ARG TARGETPLATFORM TARGETVARIANT\nENV X=$TARGETPLATFORM,$TARGETVARIANT", { platform: v8 }),
      "linux/arm64,",
    );
  });

  it("extends PATH of the base, or the default one", () => {
    const path = (env: readonly string[]) => evaluate("FROM a\nENV PATH=$PATH:/x", { env })[0]?.env.get("PATH");
    assert.equal(path(["PATH=/bin"]), "/bin:/x");
    assert.equal(path([]), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/x");
  });

  // The list of the Dockerfile reference, "Environment replacement".
  const substituted: readonly (readonly [text: string, expected: Record<string, unknown>])[] = [
    [
      `COPY --chown=$U --chmod=$M $A/* \${A}b $A/`,
      {
        kind: "copy",
        sources: ["va/*", "vab"],
        destination: "va/",
        ...{ texts: [], link: false, parents: false, excludes: [] },
        chown: { user: 7, group: 7 },
        chmod: parseMode("00644"),
      },
    ],
    ["ENV $A=$A", { kind: "env", entries: [["va", "va"]] }],
    [
      "LABEL $A=\"$A x\" b='$A'",
      {
        kind: "label",
        entries: [
          ["va", "va x"],
          ["b", "$A"],
        ],
      },
    ],
    // Its words are substituted and then split again, in the order of their bytes as written.
    [`EXPOSE $P 9 \${P}1/udp`, { kind: "expose", ports: ["80/tcp", "81/tcp", "811/udp", "9/tcp"] }],
    ["VOLUME $A /$A", { kind: "volume", paths: ["va", "/va"] }],
    ['VOLUME ["$A"]', { kind: "volume", paths: ["va"] }],
    [`WORKDIR /$A/\${A}`, { kind: "workdir", path: "/va/va" }],
    ["USER $U:$U", { kind: "user", user: "7:7" }],
    [`STOPSIGNAL \${S:-SIGINT}`, { kind: "stopsignal", signal: "SIGINT" }],
    ["ARG Z=$A", { kind: "arg", entries: [["Z", "va"]] }],
  ];
  for (const [text, expected] of substituted) {
    it(`is done in ${text}`, () => {
      assert.deepEqual(bare(steps(`ENV A=va U=7 M=644 P="80 81"\n${text}`).at(-1)), expected);
    });
  }

  const literal: readonly (readonly [text: string, expected: Record<string, unknown>])[] = [
    ["CMD echo $A", { kind: "cmd", command: { form: "shell", command: "echo $A" } }],
    ['CMD ["$A"]', { kind: "cmd", command: { form: "exec", argv: ["$A"] } }],
    ["ENTRYPOINT exec $A", { kind: "entrypoint", command: { form: "shell", command: "exec $A" } }],
    ['SHELL ["$A"]', { kind: "shell", argv: ["$A"] }],
    ["HEALTHCHECK CMD $A", { kind: "healthcheck", health: { test: ["CMD-SHELL", "$A"] } }],
    ["MAINTAINER $A", { kind: "maintainer", name: "$A" }],
  ];
  for (const [text, expected] of literal) {
    it(`is not done in ${text}`, () => assert.deepEqual(bare(steps(`ENV A=va\n${text}`).at(-1)), expected));
  }

  it("follows # escape=`", () => {
    assert.deepEqual(bare(steps("# escape=`\nFROM a\nENV A=c:\\x B=`$A C=a` b")[0]), {
      kind: "env",
      entries: [
        ["A", "c:\\x"],
        ["B", "$A"],
        ["C", "a b"],
      ],
    });
  });

  it("warns of variables that are not set, once a line", () => {
    const [stage] = evaluate(`FROM a\nENV A=$B C=$B D=\${E:-x}\nUSER $B\nWORKDIR $F`);
    assert.deepEqual(stage?.warnings, [
      { where: "Dockerfile:2", message: "the variable B is not set: it counts as blank" },
      { where: "Dockerfile:3", message: "the variable B is not set: it counts as blank" },
      { where: "Dockerfile:4", message: "the variable F is not set: it counts as blank" },
    ]);
  });

  it("fails at the line of the instruction", () => {
    refused(() => evaluate(`FROM a\nARG V\n\nENV A=\${V:?needed}`), {
      where: "Dockerfile:4",
      what: /V: needed/,
      hint: /build argument/,
    });
    refused(() => evaluate(`FROM a\nENV A=1\nENV A=\${A#\\1}`), { where: "Dockerfile:3", what: /"\\1" is no pattern/ });
    refused(() => evaluate("FROM a\nENV A='x=y'\nENV $A=1"), { where: "Dockerfile:3", what: /"x=y" is no name/ });
    assert.deepEqual(bare(steps("ENV A='x=y'\nLABEL $A=1").at(-1)), { kind: "label", entries: [["x=y", "1"]] });
  });
});

describe("a chain of stages", () => {
  it("is evaluated from its base to the target", () => {
    const chain = evaluate(`FROM a AS one\nENV A=1\nFROM b AS other\nENV B=1\nFROM one\nENV A=\${A}2 C=$B`, {
      env: ["BASE=0"],
    });
    assert.deepEqual(
      chain.map(({ stage, steps }) => [stage.index, steps.map(({ text }) => text)]),
      [
        [0, ["ENV A=1"]],
        [2, [`ENV A=\${A}2 C=$B`]],
      ],
    );
    assert.deepEqual(
      [...(chain.at(-1)?.env ?? [])].filter(([name]) => name !== "PATH"),
      [
        ["BASE", "0"],
        ["A", "12"],
        ["C", ""],
      ],
    );
  });

  it("has the ARGs of the stages it is FROM, for what a RUN says of them", () => {
    const [, last] = evaluate("FROM a AS one\nARG A=1\nARG B\nENV B=2\nFROM one\nARG C A=3 TARGETARCH");
    assert.deepEqual(
      [...(last?.declared ?? [])],
      [
        ["A", "3"],
        ["B", undefined],
        ["C", undefined],
        ["TARGETARCH", "arm64"],
      ],
    );
  });

  it("changes nothing of what it was given", () => {
    const env = new Map([["A", "1"]]);
    evaluate("FROM a\nENV A=2", { env: ["A=1"] });
    assert.deepEqual([...env], [["A", "1"]]);
    const plan = parse("FROM a\nARG V=1\nENV B=2");
    assert.equal(plan.target.context.globals.has("V"), false);
  });
});

describe("hostile stages", () => {
  it("cannot double a value without end", () => {
    const doubling = Array.from({ length: 60 }, () => "ENV A=$A$A").join("\n");
    refused(() => evaluate(`FROM a\nENV A=xxxxxxxx\n${doubling}`), { where: "Dockerfile:17", what: /grows too long/ });
  });

  it("cannot have many long values", () => {
    const text = `FROM a\nENV A=${"x".repeat(60_000)}\n${`LABEL ${Array.from({ length: 1000 }, (_, i) => `l${i}=$A`).join(" ")}\n`.repeat(3)}`;
    refused(() => evaluate(text), { where: "Dockerfile:3", what: /grows too long/ });
  });

  it("cannot cost time by substitutions that are thrown away", () => {
    const text = `FROM a\nENV A=${"x".repeat(60_000)}\n${`ENV B=${`\${X+$A}`.repeat(8_000)}\n`.repeat(3)}`;
    refused(() => evaluate(text), { where: "Dockerfile:3", what: /grows too long/ });
  });

  it("cannot have ports without end", () => {
    assert.deepEqual(
      steps("EXPOSE 0-65535").map((step) => step.kind === "expose" && step.ports.length),
      [65_536],
    );
    refused(() => evaluate(`FROM a\n${"EXPOSE 0-65535\n".repeat(4)}`), {
      where: "Dockerfile:5",
      what: /more than 196608 ports/,
    });
    refused(() => evaluate(`FROM a\nEXPOSE ${"0-65535 ".repeat(4)}`), {
      where: "Dockerfile:2",
      what: /more than 196608 ports/,
    });
  });
});
