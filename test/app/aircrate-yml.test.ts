import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAircrateYml } from "../../lib/app/aircrate-yml.ts";
import { projectDir } from "../support/tools.ts";
import { failure, project } from "./project.ts";

test("images of both kinds, in the order of the file", async (t) => {
  const dir = project(t, {
    "aircrate.yml": `tag: "1.0"
images:
  base:
    context: .
    dockerfile: Dockerfile.base
    args: {VERSION: 3}
    target: run
  app:
    from: base
    layers:
      - name: code
        copy:
          - {from: src/, to: /app}
          - from: ./a/x
            to: /x
      - copy: [{from: ., to: /all}]
    config: {entrypoint: [python3, /app/main.py], env: {A: "1"}, user: "1000"}
  "10": {from: scratch}
`,
  });
  const file = join(dir, "aircrate.yml");
  const config = await readAircrateYml(dir);
  assert.equal(config?.file, file);
  assert.equal(config?.tag, "1.0");
  assert.deepEqual([...(config?.images.keys() ?? [])], ["base", "app", "10"]);
  assert.deepEqual(config?.images.get("base"), {
    name: "base",
    where: `${file}:3`,
    kind: "build",
    context: dir,
    dockerfile: join(dir, "Dockerfile.base"),
    args: new Map([["VERSION", "3"]]),
    target: "run",
  });
  const app = config?.images.get("app");
  assert.ok(app?.kind === "tree");
  assert.equal(app.from, "base");
  assert.deepEqual(app.layers, [
    {
      name: "code",
      where: `${file}:11`,
      copies: [
        pathCopy(`${file}:13`, "src/", join(dir, "src"), "/app"),
        pathCopy(`${file}:14`, "./a/x", join(dir, "a/x"), "/x"),
      ],
    },
    { where: `${file}:16`, copies: [pathCopy(`${file}:16`, ".", dir, "/all")] },
  ]);
  assert.deepEqual(app.remove, []);
  assert.deepEqual(JSON.parse(JSON.stringify(app.config)), {
    entrypoint: ["python3", "/app/main.py"],
    env: { A: "1" },
    user: "1000",
  });
  const bare = config?.images.get("10");
  assert.ok(bare?.kind === "tree" && bare.layers.length === 0);
});

function pathCopy(where: string, from: string, path: string, to: string) {
  const choice = { include: [], exclude: [], rename: new Map() };
  return { where, text: `COPY ${from} ${to}`, source: { kind: "path", path }, to, ...choice };
}

test("every kind of source, with everything that a copy can say", async (t) => {
  const sum = `sha256:${"0".repeat(64)}`;
  const dir = project(t, {
    "aircrate.yml": `images:
  app:
    from: scratch
    remove: [/usr/share/doc, /var/cache/*]
    layers:
      - copy:
          - {from: src, to: /app, owner: "app:staff", chmod: "u=rwX,go=rX", include: ["**/*.py"], exclude: ["*.md"]}
          - {from: conf, to: /etc, owner: 1000, rename: {a.example: a.conf, d: e/f}}
          - {from: ping, to: /bin/ping, capabilities: cap_net_raw+ep}
          - {image: "redis:7", from: /usr/local/bin/redis-server, to: /usr/local/bin/}
          - {archive: rootfs.tar.gz, to: /}
          - {url: "https://example.com/x.tar", checksum: "${sum}", unpack: true, to: /opt/}
`,
  });
  const app = (await readAircrateYml(dir))?.images.get("app");
  assert.ok(app?.kind === "tree");
  assert.deepEqual(app.remove, ["/usr/share/doc", "/var/cache/*"]);
  const [src, conf, ping, ...others] = app.layers[0]!.copies;
  assert.deepEqual(
    [src?.owner, src?.chmod?.text, src?.include, src?.exclude],
    ["app:staff", "u=rwX,go=rX", ["**/*.py"], ["*.md"]],
  );
  assert.equal(src?.text, "COPY --chown=app:staff --chmod=u=rwX,go=rX src /app");
  assert.deepEqual(
    [conf?.owner, [...(conf?.rename ?? [])]],
    [
      "1000",
      [
        ["a.example", "a.conf"],
        ["d", "e/f"],
      ],
    ],
  );
  assert.equal(ping?.capabilities?.length, 20);
  assert.deepEqual(
    others.map(({ source, text }) => ({ source, text })),
    [
      {
        source: { kind: "image", image: "redis:7", path: "/usr/local/bin/redis-server" },
        text: "COPY --from=redis:7 /usr/local/bin/redis-server /usr/local/bin/",
      },
      { source: { kind: "archive", path: join(dir, "rootfs.tar.gz") }, text: "ADD rootfs.tar.gz /" },
      {
        source: { kind: "url", url: "https://example.com/x.tar", checksum: sum, unpack: true },
        text: "ADD https://example.com/x.tar /opt/",
      },
    ],
  );
});

test("the file is optional, and may say nothing about images", async (t) => {
  assert.equal(await readAircrateYml(project(t, {})), undefined);
  assert.equal((await readAircrateYml(project(t, { "aircrate.yml": "tag: a\n" })))?.images.size, 0);
});

test("the file of the example is accepted", async () => {
  assert.ok((await readAircrateYml(join(projectDir(), "examples/photo-gallery")))?.images.size);
});

const TABLE: readonly { text: string; line: number; message: string | RegExp }[] = [
  { text: "", line: 1, message: "the file: expected a mapping, found nothing" },
  { text: "image: {}\n", line: 1, message: "unknown key `image`: did you mean `images`?" },
  { text: "tag: 1.0\n", line: 1, message: "`tag`: expected a text, found the number 1.0" },
  { text: "images:\n  scratch: {context: a}\n", line: 2, message: /^`scratch` is not a legal name in `images`/ },
  { text: "images:\n  a:\n    contxt: a\n", line: 2, message: "missing key `context` in `images.a`" },
  {
    text: "images:\n  a:\n    from: b\n    layer: []\n",
    line: 4,
    message: "unknown key `layer`: did you mean `layers`?",
  },
  { text: "images:\n  a:\n    from: b\n    context: a\n", line: 3, message: /^unknown key `from`/ },
  {
    text: "images:\n  a: text\n",
    line: 2,
    message: '`images.a`: expected a mapping with `context`, or one with `from`, found "text"',
  },
  { text: "images:\n  a:\n    context: ..\n", line: 3, message: "build folder `..` lies outside the project folder" },
  { text: "images:\n  a:\n    context: none\n", line: 3, message: "build folder `none` does not exist" },
  {
    text: "images:\n  a:\n    context: .\n    dockerfile: ../D\n",
    line: 4,
    message: /lies outside the project folder/,
  },
  {
    text: "images:\n  a:\n    from: b\n    layers:\n    - copy:\n      - from: ../x\n        to: /x\n",
    line: 6,
    message: "`../x` lies outside the project folder",
  },
  copyLine("{from: x, to: x, mode: a}", /^unknown key `mode` \(known: from, image, archive, url, /),
  copyLine("{from: x, to: x}", /`images.a.layers.0.copy.0.to`: expected an absolute path/),
  copyLine("{to: /x}", "a copy needs one of `from`, `archive` and `url`"),
  copyLine("{from: a, archive: b, to: /x}", "a copy needs one of `from`, `archive` and `url`"),
  copyLine("{image: a, archive: b, to: /x}", "`image` needs `from`: a path in that image"),
  copyLine("{archive: ../b, to: /x}", "`../b` lies outside the project folder"),
  copyLine('{url: "https://example.com/x", to: /x}', "a remote file needs its `checksum`"),
  copyLine('{url: "ftp://example.com/x", to: /x}', /expected an http or https URL/),
  copyLine("{archive: a, owner: 1, to: /x}", "`owner` is not for archives: their members keep what they say"),
  copyLine("{archive: a, include: [b], to: /x}", /^`include` is not for archives/),
  copyLine("{from: a, unpack: true, to: /x}", "`unpack` is for remote files: it needs `url`"),
  copyLine("{from: a, to: /x, chmod: 755}", /expected a text such as "0644"/),
  copyLine("{from: a, to: /x, chmod: rwx}", "`rwx` is no mode"),
  copyLine("{from: a, to: /x, owner: a:b:c}", /expected a name or number/),
  copyLine("{from: a, to: /x, rename: {a: ../b}}", /expected a relative path/),
  copyLine("{from: a, to: /x, capabilities: cap_fly+ep}", /cap_fly/),
  {
    text: "images:\n  a:\n    from: b\n    config:\n      env: {A: 1}\n",
    line: 5,
    message: "`images.a.config.env.A`: expected a text, found the number 1",
  },
  {
    text: "cache: registry.example.com/a:1\n",
    line: 1,
    message: /^`cache`: expected HOST\[:PORT\]\/REPOSITORY without/,
  },
  { text: "tag: a\ncache: r.example.com:99999/a\n", line: 2, message: /is not the address of a repository$/ },
  { text: "cache: { repository: r.example.com/a, mode: read-write }\n", line: 1, message: /found a mapping$/ },
  {
    text: "images:\n  a:\n    from: b\n    config: {cmd: run}\n",
    line: 4,
    message: /expected a list of words such as .*, found "run"/,
  },
];

function copyLine(copy: string, message: string | RegExp) {
  return { text: `images:\n  a:\n    from: b\n    layers:\n    - copy:\n      - ${copy}\n`, line: 6, message };
}

for (const { text, line, message } of TABLE) {
  test(`line ${line}: ${message}`, async (t) => {
    const dir = project(t, { "aircrate.yml": text });
    const error = await failure(readAircrateYml(dir));
    assert.equal(error.fault, "input");
    assert.equal(error.where, `${join(dir, "aircrate.yml")}:${line}`);
    const what = error.message.slice(`${error.where}: `.length);
    if (typeof message === "string") assert.equal(what, message);
    else assert.match(what, message);
  });
}

test("the repository of the layer cache", async (t) => {
  const dir = project(t, { "aircrate.yml": "cache: registry.example.com:5000/team/cache\n" });
  const config = await readAircrateYml(dir);
  assert.deepEqual(config?.cache, { registry: "registry.example.com:5000", repository: "team/cache" });
});

test("a link to nowhere is no absence", async (t) => {
  const dir = project(t, {});
  symlinkSync("nowhere", join(dir, "aircrate.yml"));
  assert.equal((await failure(readAircrateYml(dir))).fault, "unreachable");
});
