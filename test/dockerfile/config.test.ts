import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  configureStage,
  DEFAULT_PATH,
  environmentOf,
  inheritConfig,
  resolvePath,
} from "../../lib/dockerfile/config.ts";
import { decode } from "../../spec/decode.ts";
import { ContainerConfig } from "../../spec/oci-config.ts";
import { evaluate, refused } from "../support/dockerfile.ts";

const PATH = `PATH=${DEFAULT_PATH}`;

/** The config after all stages of the chain, as a build goes through them. */
function build(text: string, base: ContainerConfig = {}) {
  let config = inheritConfig(base, "Dockerfile:1");
  const steps = [];
  let author: string | undefined;
  for (const stage of evaluate(`FROM base\n${text}`, { env: config.Env ?? [] })) {
    const configured = configureStage(config, stage.steps);
    config = configured.config;
    steps.push(...configured.steps);
    author = configured.author ?? author;
  }
  assert.deepEqual(decode(ContainerConfig, JSON.parse(JSON.stringify(config))), JSON.parse(JSON.stringify(config)));
  return { config, steps, author };
}

describe("the config that a stage goes on from", () => {
  it("is that of the base, with PATH", () => {
    assert.deepEqual(inheritConfig({ User: "1", Cmd: ["x"] }, "D:1"), { User: "1", Cmd: ["x"], Env: [PATH] });
    assert.deepEqual(inheritConfig({ Env: ["PATH=/x", "A=1"] }, "D:1"), { Env: ["PATH=/x", "A=1"] });
    assert.deepEqual(inheritConfig({ Env: ["PATHS=/x"] }, "D:1"), { Env: ["PATHS=/x", PATH] });
    assert.deepEqual(inheritConfig({ Env: null, OnBuild: null }, "D:1"), { Env: [PATH] });
  });

  it("is PATH and / for scratch", () => {
    for (const nothing of [undefined, null]) {
      assert.deepEqual(inheritConfig(nothing, "D:1"), { WorkingDir: "/", Env: [PATH] });
    }
  });

  it("may not have ONBUILD", () => {
    assert.deepEqual(inheritConfig({ OnBuild: [] }, "D:1"), { Env: [PATH] });
    refused(() => inheritConfig({ OnBuild: ["COPY . /app", "RUN make"] }, "Dockerfile:4"), {
      where: "Dockerfile:4",
      what: /base image has ONBUILD/,
      reason: /^ONBUILD COPY \. \/app\nONBUILD RUN make$/,
    });
  });

  it("has an environment", () => {
    assert.deepEqual(
      [...environmentOf({ Env: ["A=1", "B", "C=", "D=x=y", "A=2"] })],
      [
        ["A", "2"],
        ["B", ""],
        ["C", ""],
        ["D", "x=y"],
      ],
    );
    assert.deepEqual([...environmentOf({ Env: null })], []);
  });
});

describe("the config after the steps", () => {
  const base: ContainerConfig = {
    User: "app",
    Env: ["A=1", "PATH=/bin", "B=2"],
    Entrypoint: ["/entry"],
    Cmd: ["/cmd"],
    WorkingDir: "/srv",
    Labels: { b: "1", a: "2" },
    ExposedPorts: { "9/tcp": {} },
    Volumes: { "/v": {} },
    StopSignal: "SIGINT",
    ArgsEscaped: true,
  };
  const cases: readonly (readonly [
    text: string,
    expected: ContainerConfig,
    removed?: readonly (keyof ContainerConfig)[],
  ])[] = [
    ["", {}],
    ["COPY a b\nARG x=1", {}],
    ["ENV C=3", { Env: ["A=1", "PATH=/bin", "B=2", "C=3"] }],
    ["ENV A=3 B= C=4 C=5", { Env: ["A=3", "PATH=/bin", "B=", "C=5"] }],
    ["ENV PATH=$PATH:/x", { Env: ["A=1", "PATH=/bin:/x", "B=2"] }],
    ["LABEL a=3 c=4", { Labels: { a: "3", b: "1", c: "4" } }],
    ["USER 1000", { User: "1000" }],
    ["WORKDIR /x", { WorkingDir: "/x" }],
    ["WORKDIR x", { WorkingDir: "/srv/x" }],
    ["WORKDIR x\nWORKDIR ../y/", { WorkingDir: "/srv/y" }],
    ["WORKDIR ../../..", { WorkingDir: "/" }],
    ["WORKDIR /x/../y/", { WorkingDir: "/x/../y/" }],
    ["WORKDIR $NONE", { WorkingDir: "/srv" }],
    ["EXPOSE 80 53/udp 80", { ExposedPorts: { "53/udp": {}, "80/tcp": {}, "9/tcp": {} } }],
    ["VOLUME /b /a", { Volumes: { "/a": {}, "/b": {}, "/v": {} } }],
    ["STOPSIGNAL 9", { StopSignal: "9" }],
    ['CMD ["a", "b"]', { Cmd: ["a", "b"] }],
    ["CMD a b", { Cmd: ["/bin/sh", "-c", "a b"] }],
    ["CMD []", {}, ["Cmd"]],
    ['ENTRYPOINT ["e"]', { Entrypoint: ["e"] }, ["Cmd"]],
    ["ENTRYPOINT e f", { Entrypoint: ["/bin/sh", "-c", "e f"] }, ["Cmd"]],
    ["ENTRYPOINT []", {}, ["Entrypoint", "Cmd"]],
    ['CMD ["c"]\nENTRYPOINT ["e"]', { Entrypoint: ["e"], Cmd: ["c"] }],
    ['ENTRYPOINT ["e"]\nCMD ["c"]', { Entrypoint: ["e"], Cmd: ["c"] }],
    ['SHELL ["/bin/bash", "-ec"]\nCMD a', { Shell: ["/bin/bash", "-ec"], Cmd: ["/bin/bash", "-ec", "a"] }],
    ['CMD a\nSHELL ["/bin/bash", "-ec"]', { Shell: ["/bin/bash", "-ec"], Cmd: ["/bin/sh", "-c", "a"] }],
    ["HEALTHCHECK NONE", { Healthcheck: { Test: ["NONE"] } }],
    [
      "HEALTHCHECK --interval=30s --timeout=3s --start-period=1m --start-interval=2s --retries=4 CMD curl x",
      {
        Healthcheck: {
          Test: ["CMD-SHELL", "curl x"],
          Interval: 30e9,
          Timeout: 3e9,
          StartPeriod: 60e9,
          StartInterval: 2e9,
          Retries: 4,
        },
      },
    ],
    ['HEALTHCHECK --retries=1 CMD a\nHEALTHCHECK CMD ["b"]', { Healthcheck: { Test: ["CMD", "b"] } }],
    ["MAINTAINER me", {}],
  ];
  for (const [text, changed, removed = []] of cases) {
    it(JSON.stringify(text), () => {
      const expected: ContainerConfig = { ...base, ...changed };
      for (const key of removed) delete expected[key];
      assert.deepEqual(build(text, base).config, expected);
    });
  }

  it("starts from nothing, too", () => {
    const { config } = build('ENV A=1\nLABEL l=1\nEXPOSE 1\nVOLUME /v\nWORKDIR w\nCMD ["c"]', {});
    assert.deepEqual(config, {
      Env: [PATH, "A=1"],
      Labels: { l: "1" },
      ExposedPorts: { "1/tcp": {} },
      Volumes: { "/v": {} },
      WorkingDir: "/w",
      Cmd: ["c"],
    });
  });

  it("drops a CMD of the stage it is FROM when ENTRYPOINT is set", () => {
    const text = 'CMD ["c"]\nENTRYPOINT ["e"]\n';
    assert.deepEqual(build(text.replace("\n", "\nUSER 1\n")).config.Cmd, ["c"]);
    const plan = evaluate('FROM a AS one\nCMD ["c"]\nFROM one\nENTRYPOINT ["e"]');
    const first = configureStage({}, plan[0]!.steps).config;
    assert.deepEqual(first.Cmd, ["c"]);
    assert.deepEqual(configureStage(first, plan[1]!.steps).config, { Entrypoint: ["e"] });
  });

  it("has its maps in the order of their bytes", () => {
    const { config } = build("LABEL b=1 a=1 \u{10000}=1 \uffee=1 B=1\nVOLUME /b /a /B", { Labels: { z: "1", A: "1" } });
    assert.deepEqual(Object.keys(config.Labels ?? {}), ["A", "B", "a", "b", "z", "\uffee", "\u{10000}"]);
    assert.deepEqual(Object.keys(config.Volumes ?? {}), ["/B", "/a", "/b"]);
  });

  it("changes nothing of what it was given", () => {
    const given: ContainerConfig = { Env: ["A=1"], Labels: { a: "1" }, Cmd: ["x"], ExposedPorts: { "1/tcp": {} } };
    const copy = structuredClone(given);
    build("ENV A=2\nLABEL a=2\nENTRYPOINT x\nEXPOSE 2\nUSER 3", given);
    assert.deepEqual(given, copy);
  });

  it("replaces the first of two entries of one name, as Docker does", () => {
    assert.deepEqual(build("ENV A=3", { Env: ["A=1", "PATH=/", "A=2"] }).config.Env, ["A=3", "PATH=/", "A=2"]);
  });

  it("takes names of the prototype as names", () => {
    const { config, steps } = build(
      "ENV __proto__=1 constructor=2\nLABEL __proto__=1 toString=2\nVOLUME __proto__\nARG __proto__=3",
    );
    assert.deepEqual(config.Env, [PATH, "__proto__=1", "constructor=2"]);
    assert.deepEqual(JSON.stringify(config.Labels), '{"__proto__":"1","toString":"2"}');
    assert.deepEqual(JSON.stringify(config.Volumes), '{"__proto__":{}}');
    assert.equal(steps.at(-1)?.history.created_by, "ARG __proto__=3");
    assert.equal(Object.getPrototypeOf(config.Labels), Object.prototype);
  });

  it("names the author", () => {
    assert.equal(build("MAINTAINER one\nMAINTAINER two").author, "two");
    assert.equal(build("").author, undefined);
  });

  it("takes time in proportion to the steps", () => {
    const start = process.cpuUsage();
    const text = Array.from({ length: 2_400 }, (_, i) => `ENV E${i}=x\nLABEL l${i}=x\nVOLUME /v${i}\nEXPOSE ${i}`).join(
      "\n",
    );
    assert.equal(build(text).steps.length, 9_600);
    assert.ok(process.cpuUsage(start).user < 4_000_000);
  });
});

describe("history", () => {
  // What BuildKit writes into created_by, without its " # buildkit".
  const cases: readonly (readonly [text: string, expected: string])[] = [
    ["copy  a   b/ /c", "COPY a b/ /c"],
    ['COPY ["a b", "/c"]', "COPY a b /c"],
    ["COPY --link --chmod=0755 --chown=1:2 a /c", "COPY --chown=1:2 --chmod=755 a /c"],
    ["COPY --chown=app --chmod=7 a /c", "COPY --chown=app --chmod=007 a /c"],
    ["COPY --chmod=g=u,o+X --parents a /c", "COPY --parents --chmod=g=u,o+X a /c"],
    ["COPY --from=x --exclude=b a /c", "COPY a /c"],
    ["COPY a <<b <<c /d/\nb\nc", "COPY a <<b <<c /d/"],
    ["ADD --chown=1 --chmod=70 --unpack a /c", "ADD --chown=1:1 --chmod=070 a /c"],
    [`ADD --checksum=sha256:${"0".repeat(64)} https://a.b/c /d`, "ADD https://a.b/c /d"],
    ['ENV a="b c" d=e', "ENV a=b c d=e"],
    ["ENV a b", "ENV a=b"],
    ["LABEL a=b", "LABEL a=b"],
    ["ARG a", "ARG a"],
    ["ARG a=b c", "ARG a=b c"],
    ["WORKDIR x", "WORKDIR /w/x"],
    ["USER 1", "USER 1"],
    ['CMD ["python3", "a b.py"]', 'CMD ["python3" "a b.py"]'],
    ["CMD a b", 'CMD ["/bin/sh" "-c" "a b"]'],
    ["CMD []", "CMD []"],
    [
      'CMD ["\\"\\\\\\n\\t\\u0001\\u007f\\u00e9\\u00a0\\u200b\\ud83d\\ude80"]',
      'CMD ["\\"\\\\\\n\\t\\x01\\x7fé\\u00a0\\u200b🚀"]',
    ],
    ['ENTRYPOINT ["a"]', 'ENTRYPOINT ["a"]'],
    ["EXPOSE 80 53/udp", "EXPOSE [53/udp 80/tcp]"],
    ["VOLUME /a /b", "VOLUME [/a /b]"],
    ["STOPSIGNAL 9", "STOPSIGNAL 9"],
    ['SHELL ["/bin/bash", "-c"]', "SHELL [/bin/bash -c]"],
    ["MAINTAINER me", "MAINTAINER me"],
    ["HEALTHCHECK NONE", "HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}"],
    [
      "HEALTHCHECK --interval=1h --timeout=1.5s --start-period=90s --start-interval=1.25ms --retries=2 CMD a b",
      "HEALTHCHECK {Test:[CMD-SHELL a b] Interval:1h0m0s Timeout:1.5s StartPeriod:1m30s StartInterval:1.25ms Retries:2}",
    ],
  ];
  for (const [text, expected] of cases) {
    it(text, () => assert.equal(build(text, { WorkingDir: "/w" }).steps[0]?.history.created_by, expected));
  }

  it("marks what can have no layer", () => {
    const { steps } = build("COPY a b\nADD a b\nWORKDIR /x\nENV a=b\nCMD c\nARG d");
    assert.deepEqual(
      steps.map(({ history }) => history.empty_layer),
      [undefined, undefined, undefined, true, true, true],
    );
  });
});

describe("paths of a layer", () => {
  it("are seen from the working folder of their moment, and have its user", () => {
    const text = "COPY a .\nWORKDIR x/../y/\nCOPY a b/\nUSER 7\nWORKDIR /z/./q/\nCOPY a c\nADD a d/.\nENV a=b";
    const { steps } = build(text, { WorkingDir: "/w", User: "u" });
    assert.deepEqual(
      steps.map(({ path, user }) => [path, user]),
      [
        ["/w/", "u"],
        ["/w/y", "u"],
        ["/w/y/b/", "u"],
        [undefined, "7"],
        ["/z/q", "7"],
        ["/z/q/c", "7"],
        ["/z/q/d/.", "7"],
        [undefined, "7"],
      ],
    );
  });

  const cases: readonly (readonly [folder: string | undefined, path: string, expected: string])[] = [
    ["/w", "/a", "/a"],
    ["/w", "/a/", "/a/"],
    ["/w", "/a/.", "/a/."],
    ["/w", "a", "/w/a"],
    ["/w", "a/", "/w/a/"],
    ["/w", "a/.", "/w/a/."],
    ["/w", "./a", "/w/a"],
    ["/w", "../a", "/a"],
    ["/w", "../../..", "/"],
    ["/w", ".", "/w/"],
    ["/w", "./", "/w/"],
    ["/w", "", "/w/"],
    ["/w/", "a", "/w/a"],
    ["/", "a", "/a"],
    ["/", ".", "/"],
    ["", "a", "/a"],
    [undefined, "a/b", "/a/b"],
    ["w", "a", "/w/a"],
  ];
  for (const [folder, path, expected] of cases) {
    it(`${path} in ${folder}`, () => assert.equal(resolvePath(folder, path), expected));
  }
});
