import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configureStage } from "../../../lib/dockerfile/config.ts";
import { isComputable } from "../../../lib/dockerfile/run/compute.ts";
import type { EditCommand, RunStep, Word } from "../../../lib/dockerfile/types.ts";
import { evaluate, parse, refused, steps } from "../../support/dockerfile.ts";

function stepOf(text: string, options: Parameters<typeof steps>[1] = {}): RunStep {
  const step = steps(text, options).at(-1);
  assert.ok(step?.kind === "run", "no RUN step");
  return step;
}

/** A word as text: `~` is the home folder, a pattern stands between angle brackets. */
function shown({ text, home, parts }: Word): string {
  const path = parts?.map((part) => (part.glob === undefined ? part.text : `<${part.glob}>`)).join("/") ?? text;
  return home ? `~${path}` : path;
}

/** Each command on one line: its name, the options that are on, `--` and its words. */
function listed(commands: readonly EditCommand[]): string[] {
  return commands.map((command) => {
    const { kind: _, name, text: _text, ...rest } = command;
    const words: string[] = [];
    const options: string[] = [];
    for (const [key, value] of Object.entries(rest)) {
      if (key === "paths" || key === "operands") words.push(...(value as Word[]).map(shown));
      else if (key === "folder") words.push(shown(value as Word));
      else if (key === "mode" || key === "change") options.push(`${key}=${(value as { text: string }).text}`);
      else if (key === "owner") options.push(JSON.stringify(value).replaceAll('"', ""));
      else if (value) options.push(key);
    }
    return [name, ...options.sort(), "--", ...words].join(" ");
  });
}

const edits = (text: string, options: Parameters<typeof steps>[1] = {}) => listed(stepOf(text, options).commands);

describe("a RUN that is done", () => {
  const cases: readonly (readonly [run: string, ...expected: readonly string[]])[] = [
    ["mkdir /x", "mkdir -- /x"],
    ["/bin/mkdir /x", "mkdir -- /x"],
    ["/usr/bin/chmod 700 /x", "chmod change=700 -- /x"],
    ["mkdir -p -m 700 /x y", "mkdir mode=700 parents -- /x y"],
    ["mkdir -pm700 /x", "mkdir mode=700 parents -- /x"],
    ["mkdir --parents --mode=u=rwx,go= --verbose /x", "mkdir mode=u=rwx,go= parents -- /x"],
    ["mkdir --mode 1777 /x -p", "mkdir mode=1777 parents -- /x"],
    ["mkdir -- -p /x", "mkdir -- -p /x"],
    ["mkdir -v -", "mkdir -- -"],
    ["chmod 755 /a /b", "chmod change=755 -- /a /b"],
    ["chmod -R u+rwX,go-w /a", "chmod change=u+rwX,go-w recursive -- /a"],
    ["chmod -cfv --recursive 644 /a", "chmod change=644 recursive -- /a"],
    ["chmod -x /a", "chmod change=-x strict -- /a"],
    ["chmod -R -w,o-r /a", "chmod change=-w,o-r recursive strict -- /a"],
    ["chmod -- -x /a", "chmod change=-x -- /a"],
    ["chown 1000 /a", "chown {user:1000} -- /a"],
    ["chown 1000:1000 /a", "chown {user:1000,group:1000} -- /a"],
    ["chown +1000:+0 /a", "chown {user:1000,group:0} -- /a"],
    ["chown root:root /a", "chown {user:0,group:0} -- /a"],
    ["chown app: /a", "chown {user:app,loginGroup:true} -- /a"],
    ["chown :app /a", "chown {group:app} -- /a"],
    ["chown : /a", "chown {} -- /a"],
    ["chown 1000.1001 /a", "chown {user:1000,group:1001} -- /a"],
    ["chown a.b /a", "chown {user:a,group:b,dotted:a.b} -- /a"],
    ["chown -R app:www-data /a", "chown links recursive {user:app,group:www-data} -- /a"],
    ["chown -h --no-dereference 5 /a", "chown links {user:5} -- /a"],
    ["chown --dereference 5 /a", "chown {user:5} -- /a"],
    ["chgrp -R staff /a", "chgrp links recursive {group:staff} -- /a"],
    ["chgrp 7 /a", "chgrp {group:7} -- /a"],
    ["ln -s a /b", "ln -- a /b"],
    ["ln -sfn a /b", "ln force noDereference -- a /b"],
    ["ln -s -f -v -T a b", "ln force noFolder -- a b"],
    ["ln --symbolic --force --no-dereference a b c /d", "ln force noDereference -- a b c /d"],
    ["ln -st /d a b", "ln -- a b /d"],
    ["ln -s --target-directory=/d a", "ln -- a /d"],
    ["rm -rf /a", "rm force recursive -- /a"],
    ["rm -R --force -d /a", "rm folders force recursive -- /a"],
    ["rm -f"],
    ["rm /a b", "rm -- /a b"],
    ["rmdir -p a/b", "rmdir parents -- a/b"],
    ["rmdir --ignore-fail-on-non-empty a", "rmdir ignoreFull -- a"],
    ["touch /a b", "touch create -- /a b"],
    ["touch -c -am /a", "touch -- /a"],
    ["true"],
    ["true --anything"],
    [":"],
    [": $X 'a b'"],
    ["set -e"],
    ["set -eux; mkdir a", "mkdir -- a"],
    ["set -e -o pipefail +x && mkdir a", "mkdir -- a"],
    ["set -euxo pipefail; mkdir a", "mkdir -- a"],
    ["cd /x && mkdir y", "cd -- /x", "mkdir -- y"],
    ["cd; cd ~; cd -- a/..; cd -L b", "cd -- ~", "cd -- ~", "cd -- a/..", "cd -- b"],
    ["mkdir a;mkdir b&&mkdir c ;", "mkdir -- a", "mkdir -- b", "mkdir -- c"],
    ["mkdir a \\\n  b \\\n  # not this\n  c", "mkdir -- a b c"],
    ["mkdir a # b; rm c", "mkdir -- a"],
    ["mkdir a#b", "mkdir -- a#b"],
    ["mkdir 'a  b' \"c d\" e\\ f g'h'\"i\"", "mkdir -- a  b c d e f ghi"],
    ["mkdir '' \"\"", "mkdir --  "],
    ["mkdir \"a\\b\\\\c\\$d\\\"e\\'f\" 'a\\b'", "mkdir -- a\\b\\c$d\"e\\'f a\\b"],
    ["mkdir \\a\\$b\\;c\\*", "mkdir -- a$b;c*"],
    ['mkdir a$ b$/c "$" $', "mkdir -- a$ b$/c $ $"],
    ["mkdir {a} a{b c}d {} @{,", "mkdir -- {a} a{b c}d {} @{,"],
    [`mkdir $A \${A}b "$A"c '$A'`, "mkdir -- 1 1b 1c $A"],
    ['mkdir x$NO y"$NO" $NO "$NO"', "mkdir -- x y "],
    [`mkdir $B "$B" x\${B}y`, "mkdir -- b c  b  c  x b c y"],
    [`mkdir $BLANK x\${BLANK}y$BLANK`, "mkdir -- x y"],
    ["$CMD /x", "mkdir parents -- /x"],
    ["$NO"],
    ["$NO true"],
    ["rm -f *.a /x/?/[a-c]/[!d-f]* y", "rm force -- <*.a> /x/<?>/<[\\a-\\c]>/<[^\\d-\\f]*> y"],
    ["rm '*' \\? \"[a]\" a\\*b*", "rm -- * ? [a] <a\\*b*>"],
    ["rm [ a[ [] [a/b] ]", "rm -- [ a[ [] [a/b] ]"],
    [
      "rm []a] [!]a] [a-] [-a] [\\!a] ['!'a]",
      "rm -- <[\\]\\a]> <[^\\]\\a]> <[\\a\\-]> <[\\-\\a]> <[\\!\\a]> <[\\!\\a]>",
    ],
    [`rm $GLOB "$GLOB" \${GLOB}c`, "rm -- /a/<*> /a/* /a/<*c>"],
    ["rm /a/.[!.]* /a/..?*", "rm -- /a/<.[^\\.]*> /a/<..?*>"],
    ["rm -rf ~ ~/.cache ~/* a~ '~' $HOME/x \"$HOME\"/y", "rm force recursive -- ~ ~/.cache ~/<*> a~ ~ ~/x ~/y"],
  ];
  for (const [run, ...expected] of cases) {
    it(JSON.stringify(run), () => {
      const env = ["A=1", "B= b  c ", "BLANK= \t", "CMD=mkdir -p", "GLOB=/a/*"];
      assert.deepEqual(edits(`RUN ${run}`, { env }), expected);
    });
  }

  it("is one in exec form, where nothing is a shell's", () => {
    assert.deepEqual(edits('RUN ["mkdir", "-p", "/a b", "$X", "*", "~"]'), ["mkdir parents -- /a b $X * ~"]);
    assert.deepEqual(edits('RUN ["/bin/sh", "-euc", "mkdir a; rm *"]'), ["mkdir -- a", "rm -- <*>"]);
    assert.deepEqual(edits('RUN ["bash", "-o", "pipefail", "-c", "true"]'), []);
  });

  it("is one as a here-document", () => {
    assert.deepEqual(edits("RUN <<EOF\n\n# c\nset -e\nmkdir a &&\n\n  mkdir \\\n  b\nrm c\nEOF"), [
      "mkdir -- a",
      "mkdir -- b",
      "rm -- c",
    ]);
    assert.deepEqual(edits("RUN <<-'EOF'\n\tmkdir $A\n\tEOF", { env: ["A=1"] }), ["mkdir -- 1"]);
    assert.deepEqual(edits("RUN <<EOF\n#!/bin/bash -eu\nmkdir a\nEOF"), ["mkdir -- a"]);
    assert.deepEqual(edits("RUN <<EOF\n#!/usr/bin/env sh\nmkdir a\nEOF"), ["mkdir -- a"]);
  });

  it("sees ENV and ARG of the Dockerfile, and HOME when it is set", () => {
    assert.deepEqual(edits("ARG X=1\nENV Y=2 HOME=/h\nRUN mkdir $X$Y ~ ~/a $HOME"), ["mkdir -- 12 /h /h/a /h"]);
    assert.deepEqual(edits("ENV HOME='/h *'\nRUN rm ~ $HOME"), ["rm -- /h * /h <*>"]);
  });

  it("warns of variables that are not set", () => {
    const [stage] = evaluate("FROM scratch\nRUN mkdir $X/a $X $HOME");
    assert.deepEqual(stage!.warnings, [
      { where: "Dockerfile:2", message: "the variable X is not set: it counts as blank" },
    ]);
  });

  it("may have flags that concern programs alone", () => {
    assert.deepEqual(edits("RUN --network=none --security=insecure mkdir a"), ["mkdir -- a"]);
  });

  it("keeps the text of each command", () => {
    const { commands } = stepOf("RUN mkdir  'a' \\\n   b &&   rm -f x ; true");
    assert.deepEqual(
      commands.map(({ text }) => text),
      ["mkdir  'a'    b", "rm -f x"].map((text) => text.replace(/ +/g, " ")),
    );
  });
});

describe("a RUN that is not done", () => {
  const program = /: RUN executes programs of the image, and nothing is executed here$/;
  const because = (reason: string) =>
    new RegExp(`: nothing is executed here, and ${reason.replace(/[()|&$"[\]?+*.^{}\\]/g, "\\$&")}$`);
  const cases: readonly (readonly [run: string, why: RegExp])[] = [
    ["frob", program],
    ["mkdir a && frob", program],
    ["mkdir a; ./mkdir b", program],
    ["/opt/bin/mkdir a", program],
    ["MKDIR a", program],
    ["export A=1", program],
    ["$A a", program],
    ["mk* a", program],
    ["command mkdir a", program],
    ['["frob"]', program],
    ['["cd", "/x"]', program],
    ['["set", "-e"]', program],
    ['["sh", "-c", "frob"]', program],
    ["mkdir a | true", because("a pipe joins programs")],
    ["mkdir a || true", because('"||" depends on whether a command fails')],
    ["mkdir a & true", because('"&" starts a program beside others')],
    ["true > a", because("a redirection writes what a program prints")],
    ["true 2>&1", because("a redirection writes what a program prints")],
    ["true < a", because("a redirection is read by a program")],
    ["true <<X a\nb\nX", because("a here-document is read by a program")],
    ["(mkdir a)", because('"(" starts another shell or a function')],
    ["f() { true; }", because('"(" starts another shell or a function')],
    ["{ mkdir a; }", because('"{" is a construct of the shell')],
    ["if true; then mkdir a; fi", because('"if" is a construct of the shell')],
    ["for x in a b; do mkdir $x; done", because('"for" is a construct of the shell')],
    ["while true; do true; done", because('"while" is a construct of the shell')],
    ["case a in a) true;; esac", because('"case" is a construct of the shell')],
    ["! true", because('"!" is a construct of the shell')],
    ["A=1 mkdir a", because("A=1 sets a variable of the shell")],
    ["A=1; mkdir $A", because("A=1 sets a variable of the shell")],
    ["mkdir $(pwd)", because("$( ) takes what a program prints, or calculates")],
    ["mkdir a$((1+1))", because("$( ) takes what a program prints, or calculates")],
    ["mkdir `pwd`", because("` takes what a program prints")],
    ['mkdir "`pwd`"', because("` takes what a program prints")],
    [`mkdir \${A:-b}`, because(`\${A:-b} is more than the value of a variable`)],
    [`mkdir \${#A}`, because(`\${#A} is more than the value of a variable`)],
    ["mkdir $1", because("$1 is more than the value of a variable")],
    ["mkdir $$", because("$$ is more than the value of a variable")],
    ["mkdir $'a'", because("$' means different things to shells")],
    ["mkdir /a/{b,c}", because("/a/{b,c} is several words to some shells only")],
    ["mkdir a{1..3}", because("a{1..3} is several words to some shells only")],
    ["mkdir ~app/x", because("~app/x is the home folder of somebody")],
    ["mkdir a$HOME", because("$HOME stands inside of a word")],
    [`mkdir \${HOME}x`, because("$HOME stands inside of a word")],
    ["mkdir $PWD/x", because("the variable PWD is set by the shell")],
    ["mkdir $UID", because("the variable UID is set by the shell")],
    ["mkdir $BACKSLASH", because("the value of BACKSLASH has a backslash, which shells read differently")],
    ["mkdir 'a", because("a quote ' is not closed")],
    ['mkdir "a', because('a quote " is not closed')],
    ["rm .*", because(".* matches the folder itself and the one above to some shells")],
    ["rm a/.?", because(".? matches the folder itself and the one above to some shells")],
    ["rm [^a]", because("shells read the pattern [^a] differently")],
    ["rm [[:alpha:]]", because("shells read the pattern [[:alpha:]] differently")],
    ["rm [a-b-c]", because("shells read the pattern [a-b-c] differently")],
    ["mkdir a && && true", because("there is no command before &&")],
    ["; true", because("there is no command before ;")],
    ["true &&", because("there is no command behind &&")],
    ["mkdir", because("mkdir lacks an operand")],
    ["mkdir -p", because("mkdir lacks an operand")],
    ["mkdir -m", because("mkdir -m lacks its value")],
    ["mkdir -m 9 a", because('mkdir: "9" is no mode')],
    ["mkdir -m g+s a", because("mkdir -m g+s is not computed")],
    ["mkdir -Z a", because("mkdir -Z is not computed")],
    ["mkdir -pZ a", because("mkdir -Z is not computed")],
    ["mkdir --parents=x a", because("mkdir --parents=x is not computed")],
    ["mkdir --par a", because("mkdir --par is not computed")],
    ["chmod 755", because("chmod lacks an operand")],
    ["chmod a+q /a", because('chmod: "a+q" is no mode')],
    ["chmod 77* /a", because("chmod gets a pattern, 77*")],
    ["chmod -x -w /a", because("chmod with several modes is not computed")],
    ["chmod --reference=/b /a", because("chmod --reference is not computed")],
    ["chown app", because("chown lacks an operand")],
    ["chown --from=1 2 /a", because("chown --from is not computed")],
    ["chown -L 2 /a", because("chown -L is not computed")],
    ["chown 4294967295 /a", because("4294967295 is no id")],
    ["chown a:b:c /a", because('"b:c" is no owner')],
    ["chown -R --dereference 1 /a", because("chown --dereference is not computed")],
    ["ln a b", because("ln without -s, which makes a hard link, is not computed")],
    ["ln -sr a b", because("ln -r is not computed")],
    ["ln -sT -t a b", because("ln takes -T or -t, not both")],
    ["ln -s", because("ln lacks an operand")],
    ["rm", because("rm lacks an operand")],
    ["rm -i a", because("rm -i is not computed")],
    ["rm -*", because("rm gets -*, a pattern that begins with -")],
    ["touch -d 2020-01-01 a", because("touch -d is not computed")],
    ["touch -r b a", because("touch -r is not computed")],
    ["cd -", because("cd - is not computed")],
    ["cd -P a", because("cd -P a is not computed")],
    ["cd a b", because("cd a b is not computed")],
    ["cd a*", because("cd a* is not computed")],
    ["cd ''", because("cd  is not computed")],
    ["set -f", because("set -f is not computed")],
    ["set -- a", because("set -- is not computed")],
    ["set -o noglob", because("set -o noglob is not computed")],
    ["set -u; mkdir $NO", because("the variable NO is not set, which set -u makes an error")],
    ['["sh", "-uc", "mkdir $NO"]', because("the variable NO is not set, which set -u makes an error")],
    ['["sh", "-fc", "true"]', because("sh -f is not computed")],
    ["--mount=type=cache,target=/c mkdir a", because("--mount shows files that are not of the image")],
    ["<<EOF\n#!/usr/bin/python3\nmkdir\nEOF", program],
    ["<<EOF\nmkdir a\nfrob\nEOF", program],
  ];
  for (const [run, why] of cases) {
    it(JSON.stringify(run), () => {
      refused(() => stepOf(`RUN ${run}`, { env: ["A=1", "BACKSLASH=a\\b"] }), { where: "Dockerfile:2", what: why });
    });
  }

  it("is refused with the others of the file unless that takes values of variables", () => {
    const error = refused(
      () => parse("FROM a\nRUN frob\nRUN mkdir $X | true\nRUN $X a\nRUN mkdir $X -Z\nRUN frob $X"),
      {
        where: "Dockerfile:2",
        what: /RUN frob: RUN executes/,
      },
    );
    assert.deepEqual(
      error.reason.map((line) => line.split(": ").slice(0, 2).join(": ")),
      ["Dockerfile:3: RUN mkdir $X | true", "Dockerfile:6: RUN frob $X"],
    );
  });

  it("is so when a variable changes what shells do", () => {
    for (const name of ["CDPATH", "BASH_ENV", "POSIXLY_CORRECT"]) {
      refused(() => stepOf(`ENV ${name}=1\nRUN true`), {
        what: new RegExp(`the variable ${name} changes what is done`),
      });
    }
  });

  it("has flags that RUN knows", () => {
    refused(() => parse("FROM a\nRUN --mont=x true"), { what: /no flag --mont/, hint: /did you mean --mount/ });
  });
});

describe("the SHELL of the config", () => {
  const configured = (text: string, shell?: readonly string[]) =>
    configureStage({ ...(shell && { Shell: [...shell] }), WorkingDir: "/w/" }, steps(text)).steps.at(-1)!;

  for (const argv of [
    ["/bin/bash", "-c"],
    ["/bin/bash", "-eo", "pipefail", "-c"],
    ["bash", "-euxc"],
    ["/usr/bin/dash", "-c"],
    ["ash", "-ec"],
  ]) {
    it(`${argv.join(" ")} is known`, () => {
      const { path, history } = configured("RUN mkdir a", argv);
      assert.equal(path, "/w");
      assert.deepEqual(history, { created_by: `RUN ${argv.join(" ")} mkdir a` });
      assert.equal(configured(`SHELL ${JSON.stringify(argv)}\nRUN mkdir a`).path, "/w");
    });
  }

  const unknown: readonly (readonly [argv: readonly string[], why: RegExp])[] = [
    [["/bin/zsh", "-c"], /and \/bin\/zsh is no shell that is known here$/],
    [["powershell", "-command"], /powershell is no shell/],
    [["/bin/bash", "-l", "-c"], /and \/bin\/bash -l is not computed$/],
    [["/bin/bash"], /and the shell \/bin\/bash gets no -c$/],
  ];
  for (const [argv, what] of unknown) {
    it(`${argv.join(" ")} is not`, () => {
      refused(() => configured("RUN mkdir a", argv), { where: "Dockerfile:2", what, hint: /RUN \["mkdir", "-p"/ });
      configured('RUN ["mkdir", "a"]', argv);
      configured("RUN <<EOF\n#!/bin/sh\nmkdir a\nEOF", argv);
    });
  }

  it("may make variables that are not set an error", () => {
    const shell = ["/bin/bash", "-u", "-c"];
    refused(() => configured("RUN mkdir a$X", shell), { what: /the variable X is not set, which the -u of SHELL/ });
    configured("ARG X=1\nRUN mkdir a$X", shell);
  });

  it("stands in the history, behind the arguments", () => {
    assert.equal(
      configured("ARG A=1 B\nENV C=2\nRUN mkdir $A $C").history.created_by,
      "RUN |2 A=1 B= /bin/sh -c mkdir $A $C",
    );
    assert.equal(configured('RUN ["mkdir", "-p", "a"]').history.created_by, "RUN mkdir -p a");
  });
});

describe("scripts of any form", () => {
  it("are read in linear time", () => {
    const start = process.cpuUsage();
    for (const unit of ["true;", "'", '"a"', "\\", "# \n", "mkdir $X ", "rm [a]*[", `\${A}`, "{a", "~", "true&&"]) {
      isComputable(unit.repeat(100_000 / unit.length));
    }
    assert.ok(process.cpuUsage(start).user < 4_000_000);
  });
});
