import fc from "fast-check";

const NAMES = ["a", "b", "c.py", "d.py", "é"];
const name = fc.constantFrom(...NAMES);
const FOLDERS = ["", "f/", "g/", "f/h/", "f/h/i/"];

/** Lines for `writeTree`, no path twice; folders have names that no file has. */
export const tree: fc.Arbitrary<string[]> = fc
  .uniqueArray(fc.record({ folder: fc.constantFrom(...FOLDERS), name, kind: fc.nat(9), target: fc.nat(3) }), {
    minLength: 2,
    maxLength: 10,
    selector: ({ folder, name }) => folder + name,
  })
  .map((entries) => {
    const files: string[] = [];
    return entries.map(({ folder, name, kind, target }) => {
      const path = folder + name;
      if (kind === 0) return `${path} -> ${["a", "/etc/conf", "nowhere", "b"][target]}`;
      if (kind === 1) return `${path}/`;
      if (kind === 2 && files.length > 0) return `${path} = ${files[target % files.length]}`;
      files.push(path);
      return kind < 5 ? `${path}*` : path;
    });
  });

const DESTINATIONS = [
  "/x",
  "/x/y",
  "/x/y/z",
  "/",
  "/home/app",
  "/etc/conf",
  "/etc",
  "/bin",
  "/data",
  "/dangling",
  "/usr/bin/tool",
];
const FLAGS = [
  "",
  "--chown=7:8 ",
  "--chown=app ",
  "--chown=9:staff ",
  "--chmod=600 ",
  "--chmod=755 ",
  "--chown=7 --chmod=711 ",
];

/** A tree, and COPY instructions with sources that are in it, most of the time. */
export const copies: fc.Arbitrary<{ tree: string[]; lines: string[] }> = tree.chain((lines) => {
  const paths = lines.map((line) => line.replace(/(?: ->| =) .*|\*$|\/$/g, ""));
  const folders = ["f", "g", "f/h"].filter((folder) => paths.some((path) => path.startsWith(`${folder}/`)));
  const hasLinks = lines.some((line) => / -> /.test(line));
  const patterns = hasLinks ? [] : paths.map((path) => path.replace(/[^/]+$/, (last) => `${last[0]}*`));
  const source = fc.constantFrom(...paths, ...folders, ...folders, ".", "./", ...patterns);
  const copy = fc
    .record({
      flags: fc.constantFrom(...FLAGS),
      sources: fc.array(source, { minLength: 1, maxLength: 2 }),
      destination: fc.constantFrom(...DESTINATIONS),
      slash: fc.boolean(),
    })
    .map(({ flags, sources, destination, slash }) => {
      const several = sources.length > 1 || sources[0]!.endsWith("*");
      return `COPY ${flags}${sources.join(" ")} ${destination}${slash || several ? "/" : ""}`;
    });
  return fc.record({ tree: fc.constant(lines), lines: fc.array(copy, { minLength: 1, maxLength: 3 }) });
});

const part = fc.constantFrom("a", "b", "c.py", "f", "g", "h", "i", "*", "*.py", "?", "[a-b]", "**", "f*", "é");
const rule = fc
  .record({
    first: fc.constantFrom("", "", "/", "./"),
    parts: fc.array(part, { minLength: 1, maxLength: 3 }),
    last: fc.constantFrom("", "", "/"),
  })
  .map(({ first, parts, last }) => first + parts.join("/") + last);
const rules = fc.array(rule, { minLength: 1, maxLength: 3 });

/** A tree, and lines of a `.dockerignore`. Exceptions are from all that there is: see the table for the others. */
export const ignored: fc.Arbitrary<{ tree: string[]; rules: string[] }> = fc.record({
  tree,
  rules: fc.oneof(
    rules,
    fc.tuple(fc.constantFrom("*", "**"), rules, rules).map(([all, exceptions, excluded]) => {
      return [all, ...exceptions.map((line) => `!${line}`), ...excluded];
    }),
  ),
});

const variable = fc.constantFrom("A", "B", "LANG", "HOME_DIR", "EMPTY");
const piece = fc.oneof(
  fc.constantFrom(
    "x",
    "é",
    "1",
    "#",
    "=",
    ":",
    ",",
    "\\$",
    "\\\\",
    "\\ ",
    "\\x",
    "\\'",
    '\\"',
    "''",
    "'q $A'",
    '"q $A"',
  ),
  fc.constantFrom("'\\'", '"\\"in\\""', "'\"'", '"it\'s"', '"\\\\"', "$", "$$", "[$NONE]", `\${A:-$B}`, `\${NONE:+x}y`),
  variable.map((name) => `$${name}`),
  variable.map((name) => `\${${name}:-d}`),
  variable.map((name) => `"\${${name}:+o}"`),
);
const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
const plain = fc.array(fc.constantFrom("a", "b c", "$A", "é", "\\", '"', "'", "&&"), { maxLength: 3 });

const instruction = fc.oneof(
  { arbitrary: fc.tuple(variable, word).map(([name, value]) => `ENV ${name}=${value}`), weight: 4 },
  fc.tuple(variable, word, word).map(([name, one, two]) => `ENV ${name}=${one} C=${two}`),
  fc.tuple(variable, word).map(([name, value]) => `ENV ${name} ${value} and more`),
  fc.tuple(variable, word).map(([name, value]) => `ARG ${name}=${value}`),
  fc.tuple(variable, word).map(([name, value]) => `LABEL ${name}=${value} "with blank"=${value}`),
  plain.map((words) => `CMD ${JSON.stringify(words)}`),
  plain.map((words) => `ENTRYPOINT ${JSON.stringify(words)}`),
  plain.map((words) => `CMD run ${words.join(" ")}`),
  plain.map((words) => `SHELL ${JSON.stringify(["sh", ...words])}`),
  fc.constantFrom(
    "ENTRYPOINT run it",
    "HEALTHCHECK NONE",
    "HEALTHCHECK --retries=3 CMD $A",
    "STOPSIGNAL SIGINT",
    "USER 5",
  ),
  fc.constantFrom(
    "EXPOSE 80 90/udp",
    "VOLUME /v /w",
    'VOLUME ["/a b"]',
    "WORKDIR /w",
    "WORKDIR v/../u",
    "WORKDIR $NONE/t",
  ),
);

/** Instructions that change the config. */
export const settings: fc.Arbitrary<string[]> = fc.array(instruction, { minLength: 2, maxLength: 8 });
