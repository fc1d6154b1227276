import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluateStage } from "../../lib/dockerfile/evaluate.ts";
import { programOf, simpleCommands } from "../../lib/dockerfile/script.ts";
import { parse, refused } from "../support/dockerfile.ts";

const HOST = { os: "linux", architecture: "amd64" };

describe("a refused instruction", () => {
  const cases: readonly (readonly [text: string, why: RegExp, hint: RegExp, from?: string])[] = [
    [
      "RUN apt-get update && apt-get install -y curl libgl1=1.2 && rm -rf /var/lib/apt/lists/*",
      /nothing is executed here/,
      /^line 3, packages: .*"apt-get download curl:arm64 libgl1:arm64=1\.2".*dpkg-deb -x \$f rootfs.*"COPY rootfs\/ \/"$/,
    ],
    ["RUN apt-get update", /RUN/, /packages: .*download PACKAGE"/],
    [
      "RUN apk add --no-cache python3 py3-pip",
      /RUN/,
      /packages: .*"apk fetch --recursive --arch aarch64 python3 py3-pip"/,
    ],
    ["RUN dnf -y install gcc", /RUN/, /packages: .* has gcc, .*rpm2cpio/],
    [
      "RUN pip install --no-cache-dir -r requirements.txt",
      /RUN/,
      /^line 3, pip: .*"pip install --target vendor --platform manylinux2014_aarch64 --only-binary=:all: -r requirements\.txt" \("pip download".*"ENV PYTHONPATH=\/app\/vendor"$/,
    ],
    [
      "RUN python3.11 -m pip install -i https://x.test/ --timeout 5 flask",
      /RUN/,
      /--only-binary=:all: -i https:\/\/x\.test\/ flask"/,
    ],
    ["RUN pip3 install numpy", /RUN/, /--only-binary=:all: --python-version 3\.11 numpy"/, "arm64v8/python:3.11-slim"],
    [
      "RUN pip install numpy",
      /RUN/,
      /--platform musllinux_1_2_aarch64 --only-binary=:all: --python-version 3\.12 numpy"/,
      "python:3.12-alpine",
    ],
    [
      "RUN npm ci",
      /RUN/,
      /npm: .*"npm ci --omit=dev --cpu=arm64 --os=linux", and here "COPY node_modules\/ \/app\/node_modules\/"$/,
    ],
    ["RUN npm install", /RUN/, /--cpu=arm64 --os=linux --libc=musl"/, "node:20-alpine"],
    [
      "RUN make && chmod +x /app/run.sh",
      /RUN make/,
      /^line 3, chmod: "RUN chmod \+x \/app\/run\.sh" is done here when it stands alone; or .*"COPY --chmod=755 SOURCE \/app\/run\.sh"/m,
    ],
    [
      "RUN make; chmod -R 0644 /etc/x",
      /RUN/,
      /"RUN chmod -R 0644 \/etc\/x" is done .*"COPY --chmod=0644 SOURCE \/etc\/x"/,
    ],
    ["RUN make; chown -R app:app /data", /RUN/, /chown: "RUN chown .*"COPY --chown=app:app SOURCE \/data"$/m],
    ["RUN make; mkdir -p /data/x", /RUN/, /mkdir: "RUN mkdir -p \/data\/x" is done .* or "WORKDIR \/data\/x"/],
    ["RUN make; ln -s /a/b /c/d", /RUN/, /ln: "RUN ln -s \/a\/b \/c\/d" is done .*"ln -s \/a\/b rootfs\/c\/d"/],
    ["RUN cd /x && make && mkdir y", /RUN/, /mkdir: "WORKDIR y"/],
    ["RUN useradd -u 1500 app", /RUN/, /users: .*"USER 1500:1500" and "COPY --chown=1500:1500/],
    ["RUN adduser -D app", /RUN/, /"USER 1000:1000"/],
    ["RUN groupadd --gid=77 x", /RUN/, /"USER 77:77"/],
    [
      "RUN make && rm -rf /usr/share/doc /usr/share/man",
      /RUN/,
      /rm: "RUN rm .* alone; or in aircrate\.yml "remove: \[\/usr\/share\/doc, \/usr\/share\/man\]"/,
    ],
    [
      "RUN curl -fsSL https://example.com/d/tool?x=1 -o /t",
      /RUN/,
      /download: .*"curl -fLo tool\?x=1 https:\/\/example\.com\/d\/tool\?x=1"/,
    ],
    ["RUN wget https://example.com/tool", /RUN/, /download: .*"COPY tool DESTINATION"$/],
    ["RUN git clone https://example.com/x", /RUN/, /git: clone on the host/],
    ["RUN tar -xzf /tmp/x.tar.gz", /RUN/, /archives: .*tar -xf \/tmp\/x\.tar\.gz/],
    ["RUN cp a b", /RUN/, /cp, mv: COPY/],
    ["RUN echo x > /etc/motd", /RUN/, /files written by a script/],
    ["RUN cd /src && make -j4", /RUN/, /compiling: build for linux\/arm64/],
    ["RUN frobnicate", /RUN frobnicate: RUN executes/, /^line 3, RUN: do what it does on the host/],
    ["RUN ln a b", /RUN ln a b: nothing is executed here, and ln without -s, /, /^line 3, ln: make the symbolic link/],
    [
      "RUN mkdir /x || true",
      /: nothing is executed here, and "\|\|" depends on/,
      /mkdir: "RUN mkdir \/x" is done here/,
    ],
    ["RUN mkdir -Z /x", /: nothing is executed here, and mkdir -Z is not computed$/, /mkdir: "WORKDIR \/x"/],
    ["RUN --mount=type=bind,target=/x mkdir /y", /--mount shows files that are not of the image/, /mkdir: /],
    ['RUN ["pip", "install", "numpy"]', /RUN/, /pip: /],
    ['RUN ["/bin/sh", "-ec", "npm ci"]', /RUN/, /npm: /],
    ["RUN <<EOF\npip install numpy\nEOF", /RUN <<EOF/, /pip: .* numpy"/],
    ["RUN sudo PIP_X=1 /usr/bin/pip3.11 install numpy", /RUN/, /pip: .* numpy"/],
    ["RUN --mount=type=cache,target=/x pip install numpy", /RUN --mount/, /pip: /],
    ["RUN [ -d /x ] || mkdir /x", /RUN/, /mkdir: "RUN mkdir \/x" is done here when it stands alone; or "WORKDIR \/x"/],
    [
      "ADD https://example.com/d/f.bin /f",
      /must be pinned by --checksum/,
      /^line 3, ADD: "curl -fL https:\/\/example\.com\/d\/f\.bin \| sha256sum" gives the digest; here "ADD --checksum=sha256:DIGEST https:\/\/example\.com\/d\/f\.bin \/f"$/,
    ],
    [
      "ADD --chown=1 --checksum= http://a.b/$V /f",
      /must be pinned/,
      /"curl -fL http:\/\/a\.b\/\$V \| .*"ADD --checksum=sha256:DIGEST --chown=1 http/,
    ],
    [
      "ADD a https://a.b/c https://a.b/d /e/",
      /must be pinned/,
      /"ADD --checksum=sha256:DIGEST https:\/\/a\.b\/c \/e\/"$/,
    ],
    [
      "ADD https://example.com/a.git#main /f",
      /Git repositories are not/,
      /ADD: clone on the host .*"COPY FOLDER\/ \/f"$/,
    ],
    ["ADD --keep-git-dir git@example.com:a/b /f", /Git repositories are not/, /ADD: clone on the host/],
    ["ADD ssh://git@example.com/a/b?ref=1 /f", /Git repositories are not/, /ADD: clone on the host/],
    ["ADD git://example.com/a/b /f", /Git repositories are not/, /ADD: clone on the host/],
    ["ADD ftp://example.com/a /f", /only http and https are fetched/, /ADD: download on the host/],
    ["ONBUILD COPY a /b", /ONBUILD is not supported/, /write the instruction in their Dockerfiles/],
  ];
  for (const [text, why, hint, from = "a"] of cases) {
    it(JSON.stringify(text), () => {
      refused(() => parse(`FROM ${from} AS x\n\n${text}`), { where: "Dockerfile:3", what: why, hint });
    });
  }

  it("has the hints of everything that it does", () => {
    const error = refused(() => parse("FROM a\nRUN mkdir /x && chown 1 /x; chmod 700 /x && frobnicate"), {
      what: /RUN/,
    });
    assert.deepEqual(
      error.hint.map((hint) => hint.split(" ")[2]),
      ["mkdir:", "chown:", "chmod:"],
    );
  });

  it("has the hints for the platform", () => {
    refused(() => parse("FROM a\nRUN pip install x", { platform: HOST }), {
      what: /RUN/,
      hint: /manylinux2014_x86_64/,
    });
    refused(() => parse("FROM a\nRUN npm ci", { platform: HOST }), { what: /RUN/, hint: /--cpu=x64/ });
    refused(() => parse("FROM a\nRUN apt install x", { platform: HOST }), { what: /RUN/, hint: /download x:amd64/ });
  });

  it("is named with all others of the file", () => {
    const text =
      "FROM a\nRUN pip install x\nUSER 1\nRUN pip install x\nADD git@b:c d\nONBUILD RUN x\nCOPY --from=d e f\nRUN x \\\n  y";
    const error = refused(() => parse(text), {
      where: "Dockerfile:2",
      what: "RUN pip install x: RUN executes programs of the image, and nothing is executed here",
    });
    assert.deepEqual(error.reason, [
      "Dockerfile:4: RUN pip install x",
      "Dockerfile:5: ADD git@b:c d: Git repositories are not supported",
      "Dockerfile:6: ONBUILD RUN x: ONBUILD is not supported",
      "Dockerfile:8: RUN x y",
    ]);
    assert.deepEqual(
      error.hint.map((hint) => /^lines? [\d, ]+, \w+/.exec(hint)?.[0]),
      ["lines 2, 4, pip", "line 5, ADD", "line 6, ONBUILD", "line 8, RUN"],
    );
  });

  it("is none in a stage that the target does not need", () => {
    assert.equal(parse("FROM a AS tools\nRUN x\nFROM b").target.index, 1);
    assert.equal(parse("FROM b AS app\nFROM a\nRUN x", { target: "app" }).target.index, 0);
  });

  it("is one in a stage that the target is FROM or copies from", () => {
    refused(() => parse("FROM a AS base\nRUN x\nFROM base"), { where: "Dockerfile:2", what: /RUN x/ });
    const error = refused(
      () => parse("FROM a AS t\nRUN x\nFROM b\nRUN y\nFROM c\nCOPY --from=T p q\nCOPY --from=1 p q"),
      {
        where: "Dockerfile:2",
        what: /RUN x/,
      },
    );
    assert.deepEqual(
      error.reason.map((line) => line.split(": ")[0]),
      ["Dockerfile:4"],
    );
  });

  it("stays one when a stage is evaluated that was not needed", () => {
    const plan = parse("FROM a AS tools\nRUN x\nFROM b AS more\nONBUILD COPY a b\nFROM c");
    refused(() => evaluateStage(plan.stages[0]!, new Map()), { where: "Dockerfile:2", what: /RUN x: RUN executes/ });
    refused(() => evaluateStage(plan.stages[1]!, new Map()), {
      where: "Dockerfile:4",
      what: /ONBUILD is not supported/,
    });
  });

  it("is shown on one line, shortened", () => {
    const error = refused(() => parse(`FROM a\nRUN x\nRUN \u0007${"é\t ".repeat(10_000)}`), { what: /RUN x:/ });
    assert.equal(error.reason[0], `Dockerfile:3: RUN ${"é ".repeat(36)}é...`);
  });
});

describe("a script's commands", () => {
  const cases: readonly (readonly [script: string, expected: readonly (readonly string[])[]])[] = [
    ["", []],
    ["a b", [["a", "b"]]],
    ["a&&b||c;d|e\nf&g", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]],
    ["a 'b;c' \"d && e\" f\\;g", [["a", "b;c", "d && e", "f;g"]]],
    ["a # b; c\nd#e", [["a"], ["d#e"]]],
    ["a \\\nb", [["a", "b"]]],
    ["(a; b)", [["a"], ["b"]]],
    ["a 'unclosed ; b", [["a", "unclosed ; b"]]],
    ["a\\", [["a"]]],
  ];
  for (const [script, expected] of cases) {
    it(JSON.stringify(script), () => assert.deepEqual(simpleCommands(script), expected));
  }

  it("call programs", () => {
    assert.deepEqual(programOf(["A=1", "sudo", "/usr/bin/apt-get", "x"]), ["apt-get", ["x"]]);
    assert.deepEqual(programOf(["python3", "-m", "pip", "x"]), ["pip", ["x"]]);
    assert.deepEqual(programOf(["python3", "x.py"]), ["python3", ["x.py"]]);
    assert.deepEqual(programOf(["A=1"]), ["", []]);
  });

  it("are found in linear time", () => {
    const start = process.cpuUsage();
    for (const unit of ["a;", "'", "\\", "# \n", "A=1 ", "rm -rf x;", "pip install -r x;"]) {
      const script = unit.repeat(60_000 / unit.length);
      refused(() => parse(`FROM a\nRUN x ${script.replaceAll("\n", " ")}`), { what: /RUN/ });
    }
    assert.ok(process.cpuUsage(start).user < 4_000_000);
  });
});
