import { test } from "node:test";
import { type Case, onBase } from "./case.ts";
import { checkGroups } from "./harness.ts";

/** The same on an image that has no config. */
function onScratch(name: string, instructions: string, rest: Partial<Case> = {}): Case {
  return { name, dockerfile: `FROM scratch\n${instructions}\n`, ...rest };
}

const ENVIRONMENT: readonly Case[] = [
  onBase("ENV", "ENV A=1"),
  onBase("ENV of several names", "ENV A=1 B='two words' C=\"three more words\" D=with\\ blanks"),
  onBase("ENV in the old form", "ENV A  one two = three "),
  onBase("ENV that replaces the base's", "ENV LANG=de\nENV PATH=/x:$PATH\nENV A=1\nENV LANG=fr", {
    notBuildah: "order of variables",
  }),
  onBase("ENV with nothing", "ENV A= B=\"\" C=''"),
  onBase("ENV sees what was before its line", "ENV A=1\nENV A=2 B=$A\nENV C=$A"),
  onBase("ENV with quotes in quotes", `ENV A="it's" B='say "x"' C="a \\"b\\" \\\\ c" D='\\n'`),
  onBase("ENV over lines", "ENV A=1 \\\n  # a comment\n  B=2 \\\n\n  C=3"),
  onScratch("ENV on scratch", "COPY a /\nENV A=1", { context: ["a"] }),
  onBase("ENV without a value", "ENV A", { refused: true }),
  onBase("ENV with a blank name", 'ENV ="x"', { refused: true, notBuildah: "wrong words" }),
];

const SUBSTITUTION: readonly Case[] = [
  onBase("forms", `ENV A=x\nENV B=$A C=\${A} D=\${A}y E=$Ay F=\\$A G='$A' H="$A" I="\\$A"`),
  onBase("defaults", `ENV A=x E=\nENV B=\${A:-d} C=\${N:-d} D=\${E:-d} F=\${A:+o} G=\${N:+o} H=\${E:+o}`),
  onBase("defaults without a colon", `ENV A=x E=\nENV B=\${A-d} C=\${N-d} D=\${E-d} F=\${A+o} G=\${N+o} H=\${E+o}`, {
    inOldWords: "FROM @base\nENV A=x E=\nENV B=x C=d D= F=o G= H=o\n",
  }),
  onBase("defaults in defaults", `ENV A=x\nENV B=\${N:-\${A}} C=\${N:-\${M:-deep}} D="\${N:-a b}"`),
  onBase("a default with a blank", `ENV A=\${N:-a b}`, { refused: true }),
  onBase("what must be set", `ENV A=\${N:?it is missing}`, { refused: true }),
  onBase("prefixes and suffixes", `ENV A=foobarbaz\nENV B=\${A#f*b} C=\${A##f*b} D=\${A%b*} E=\${A%%b*}`, {
    inOldWords: "FROM @base\nENV A=foobarbaz\nENV B=arbaz C=az D=foobar E=foo\n",
  }),
  onBase("replacements", `ENV A=foobarbaz\nENV B=\${A/ba/X} C=\${A//ba/X} D=\${A/b?/}`, {
    inOldWords: "FROM @base\nENV A=foobarbaz\nENV B=fooXrbaz C=fooXrXz D=foorbaz\n",
  }),
  onBase("a brace that is missing", "ENV A=${B", { refused: true }),
  onBase("a form that does not exist", `ENV A=x\nENV B=\${A:=d}`, { refused: true }),
  onBase(
    "in every instruction",
    'ENV P=80 U=7 D=/dir S=9\nEXPOSE $P\nUSER $U\nVOLUME $D/v\nSTOPSIGNAL $S\nLABEL l="$P" k=$D\nWORKDIR $D',
    {
      notBuildah: "workdir",
    },
  ),
  onBase("not in commands", 'ENV P=80\nCMD ["x", "$P"]\nENTRYPOINT run $P'),
  onBase("of the base's environment", "ENV A=$LANG B=$HOME_DIR C=[$EMPTY] D=[$NONE]"),
];

const ARGUMENTS: readonly Case[] = [
  onBase("ARG with a default", "ARG A=1\nENV B=$A"),
  onBase("ARG that is given", "ARG A=1\nENV B=$A", { args: { A: "given" } }),
  onBase("ARG without a value", "ARG A\nENV B=[$A]"),
  onBase("ARG after its use", "ENV B=[$A]\nARG A=1\nENV C=[$A]", { args: { A: "given" } }),
  onBase("ENV before ARG", "ENV A=env\nARG A=arg\nENV B=$A", { args: { A: "given" }, notBuildah: "ENV before ARG" }),
  onBase("ENV after ARG", "ARG A=arg\nENV A=env\nENV B=$A", { args: { A: "given" } }),
  onBase("ARG of several names", "ARG A=1 B=2\nENV C=$A$B"),
  onBase("ARG that uses another", `ARG A=1\nARG B=\${A}2\nENV C=$B`),
  onBase("ARG that is given and blank", "ARG A=1\nENV B=[$A]", { args: { A: "" } }),
  { name: "before FROM", dockerfile: "ARG IMAGE=@base\nFROM $IMAGE\nENV A=[$IMAGE]\n" },
  { name: "before FROM, and in the stage", dockerfile: "ARG V=1\nFROM @base\nARG V\nENV A=$V\n" },
  { name: "before FROM, given", dockerfile: "ARG V=1\nFROM @base\nARG V\nENV A=$V\n", args: { V: "2" } },
  { name: "before FROM, with another default", dockerfile: "ARG V=1\nFROM @base\nARG V=3\nENV A=$V\n" },
  {
    name: "a name of a stage",
    dockerfile: "ARG S=b\nFROM @base AS a\nENV A=a\nFROM @base AS b\nENV A=b\nFROM $S\nENV C=1\n",
    notBuildah: "names of stages",
  },
  onBase(
    "the target's platform",
    "ARG TARGETPLATFORM\nARG TARGETOS\nARG TARGETARCH\nARG TARGETVARIANT\nENV A=$TARGETPLATFORM,$TARGETOS,$TARGETARCH,$TARGETVARIANT",
    {
      notBuildah: "platform arguments",
    },
  ),
  onBase("the target's platform, not declared", "ENV A=[$TARGETARCH]"),
  onBase("proxies need no declaration", "ENV A=[$HTTP_PROXY]", {
    args: { HTTP_PROXY: "http://p" },
    notBuildah: "proxies",
  }),
];

const STAGES: readonly Case[] = [
  {
    name: "a stage from a stage",
    dockerfile: 'FROM @base AS one\nENV A=1\nCMD ["one"]\nFROM one\nENV B=$A\nENTRYPOINT ["e"]\n',
  },
  { name: "the last stage", dockerfile: "FROM @base\nENV A=1\nFROM scratch\nCOPY a /\nENV B=1\n", context: ["a"] },
  {
    name: "a target",
    dockerfile: "FROM @base AS one\nENV A=1\nFROM one AS two\nENV B=1\nFROM two\nENV C=1\n",
    target: "two",
  },
  {
    name: "a target by its number",
    dockerfile: "FROM @base\nENV A=1\nFROM @base\nENV B=1\n",
    target: "0",
    refused: true,
    notBuildah: "names of stages",
  },
  { name: "a target that is not there", dockerfile: "FROM @base\n", target: "nope", refused: true },
  {
    name: "names in capitals",
    dockerfile: "FROM @base AS One\nENV A=1\nFROM oNE\nENV B=1\n",
    differs: "capitals",
    notBuildah: "names of stages",
  },
  { name: "files of a stage", dockerfile: "FROM @base AS one\nCOPY a /a\nFROM one\nCOPY a /b\n", context: ["a"] },
  {
    name: "a stage that nobody needs",
    dockerfile: "FROM @base AS one\nCOPY nope /a\nFROM @base\nCOPY a /b\n",
    context: ["a"],
    notBuildah: "needless stages",
  },
];

const COMMANDS: readonly Case[] = [
  onBase("CMD as a list", 'CMD ["a", "b c", "\\u00e9\\n"]'),
  onBase("CMD for the shell", "CMD a  'b c' | d && e"),
  onBase("CMD over lines", "CMD a \\\n  b \\\n  c"),
  onBase("CMD twice", "CMD a\nCMD b"),
  onBase("CMD without words", "CMD []"),
  onBase("CMD that is nearly a list", "CMD ['a', 'b']"),
  onBase("ENTRYPOINT as a list", 'ENTRYPOINT ["a", "b"]'),
  onBase("ENTRYPOINT for the shell", "ENTRYPOINT a b"),
  onBase("ENTRYPOINT without words", "ENTRYPOINT []"),
  onBase("ENTRYPOINT takes the base's CMD away", 'ENTRYPOINT ["a"]'),
  onBase("ENTRYPOINT after CMD", 'CMD ["c"]\nENTRYPOINT ["a"]'),
  onBase("ENTRYPOINT before CMD", 'ENTRYPOINT ["a"]\nCMD ["c"]'),
  onBase("SHELL", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nCMD a b\nENTRYPOINT c', { notBuildah: "SHELL" }),
  onBase("SHELL after", 'CMD a b\nSHELL ["/bin/bash", "-c"]'),
  onBase("SHELL that is no list", "SHELL /bin/bash -c", { refused: true }),
];

const HEALTH: readonly Case[] = [
  onBase("a command for the shell", "HEALTHCHECK CMD curl -f http://localhost/ || exit 1"),
  onBase("a list", 'HEALTHCHECK CMD ["a", "b c"]'),
  onBase("options", "HEALTHCHECK --interval=5m --timeout=3s --start-period=1h30m --retries=7 CMD a"),
  onBase("small times", "HEALTHCHECK --interval=1500ms --timeout=1.5s CMD a"),
  onBase("NONE", "HEALTHCHECK CMD a\nHEALTHCHECK NONE"),
  onBase("twice", "HEALTHCHECK --interval=5s CMD a\nHEALTHCHECK --timeout=5s CMD b"),
  onBase("without a type", "HEALTHCHECK", { refused: true }),
  onBase("a time that is none", "HEALTHCHECK --interval=5x CMD a", { refused: true }),
  onBase("a time that is too short", "HEALTHCHECK --interval=1us CMD a", { refused: true, notBuildah: "wrong words" }),
  onBase("retries that are no number", "HEALTHCHECK --retries=x CMD a", { refused: true }),
  onBase("an option that does not exist", "HEALTHCHECK --nope=1 CMD a", { refused: true }),
];

const SETTINGS: readonly Case[] = [
  onBase("LABEL", 'LABEL a=1 "b c"=\'d e\' shared=mine com.example.x="y z"'),
  onBase("LABEL over lines", 'LABEL a="1" \\\n  b="2"'),
  onBase("LABEL in the old form", "LABEL a b c"),
  onBase("EXPOSE", "EXPOSE 8080 53/udp 80"),
  onBase("EXPOSE of many ports", "EXPOSE 9000-9002/tcp 7000-7001", { notBuildah: "ports" }),
  onBase("EXPOSE in capitals", "EXPOSE 53/UDP", { notBuildah: "ports" }),
  onBase("EXPOSE of no port", "EXPOSE x", { refused: true, notBuildah: "ports" }),
  onBase("EXPOSE of a port that is too large", "EXPOSE 70000", { refused: true, notBuildah: "ports" }),
  onBase("VOLUME", "VOLUME /a /b/c"),
  onBase("VOLUME as a list", 'VOLUME ["/a", "/b c"]'),
  onBase("VOLUME without a path", 'VOLUME [""]', { refused: true }),
  onBase("USER", "USER 7:8"),
  onBase("USER by name, and a group", "USER app:staff"),
  onBase("USER without a name", "USER", { refused: true }),
  onBase("STOPSIGNAL by name", "STOPSIGNAL SIGTERM"),
  onBase("STOPSIGNAL by number", "STOPSIGNAL 9"),
  onBase("STOPSIGNAL of no signal", "STOPSIGNAL SIGNOPE", { refused: true }),
  onBase("MAINTAINER", "MAINTAINER me <me@example.com>"),
  onBase("an instruction in small letters", "env A=1\nlabel b=2"),
  onBase("an instruction that does not exist", "NOPE a", { refused: true }),
  onBase("the escape directive", "ENV A=1", {
    dockerfile: "# escape=`\nFROM @base\nENV A=1 `\n  B=c:\\dir\n",
    notBuildah: "escape",
  }),
  onBase("line ends of Windows", "ENV A=1", { dockerfile: "FROM @base\r\nENV A=1 \\\r\n  B=2\r\nCMD a b\r\n" }),
  { name: "nothing at all", dockerfile: "", refused: true },
  { name: "no FROM", dockerfile: "ENV A=1\n", refused: true },
  { name: "only FROM", dockerfile: "FROM @base\n" },
];

const WORKDIR: readonly Case[] = [
  onBase("a new folder", "WORKDIR /new/er"),
  onBase("a folder of the base", "WORKDIR /home/app"),
  onBase("relative", "WORKDIR sub/newer"),
  onBase("relative, twice", "WORKDIR /a\nWORKDIR b\nWORKDIR c/../d"),
  onBase("with a slash at the end", "WORKDIR /a/b/"),
  onBase("with a variable", `ENV D=/dir\nWORKDIR $D/$LANG\nWORKDIR \${NONE:-x}`),
  onBase("through a link", "WORKDIR /data/in-link", {}),
  onBase("of another user", "USER root\nWORKDIR /a\nUSER 7:8\nWORKDIR /b\nUSER app:staff\nWORKDIR c"),
  onBase("onto a file", "WORKDIR /etc/conf", { refused: true }),
  onBase("without a path", "WORKDIR", { refused: true }),
  onBase("the root", "WORKDIR /"),
  onBase("with dots", "WORKDIR /a/./b/../c"),
  onScratch("on scratch", "WORKDIR a"),
].map((subject) => ({ ...subject, notBuildah: "workdir" as const }));

test("config", async (t) => {
  await checkGroups(t, {
    ENV: ENVIRONMENT,
    substitution: SUBSTITUTION,
    ARG: ARGUMENTS,
    stages: STAGES,
    "CMD, ENTRYPOINT and SHELL": COMMANDS,
    HEALTHCHECK: HEALTH,
    settings: SETTINGS,
    WORKDIR,
  });
});
