import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Metafile, OutputFile } from "esbuild";

const HEAD = `Aircrate contains the software of others that is listed here, each with its licence. At the end stands what
their sources say of themselves.
`;

/** What packages do not say of themselves, or of what is in them. */
const BESIDES: Readonly<Record<string, string>> = {
  undici: `Contains llhttp. ${mit("Copyright Fedor Indutny, 2018.")}`,
  "xz-decompress": `${mit("Copyright (c) Tim Perry and Steve Sanderson")}

Contains xz-embedded by Lasse Collin and Igor Pavlov, which is in the public domain, and walloc.
${mit("Copyright (c) 2020 Igalia, S.L.")}`,
};

function mit(copyright: string): string {
  return `The MIT License (MIT)

${copyright}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}

/**
 * The licences of all packages of which anything is in the bundle, by name.
 *
 * @param root folder of the project
 * @param comments what their sources say of themselves
 * @throws Error when a package has no licence: it cannot be published then
 */
export function noticesOf(root: string, outputs: Metafile["outputs"], comments: readonly string[]): string {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const folders = new Set(files.flatMap((file) => packageOf(file) ?? []));
  // A package that is installed at several places stands there once.
  const notices = new Set([...folders].map((folder) => noticeOf(path.resolve(root, folder))));
  return [HEAD, ...[...notices].sort((a, b) => (a < b ? -1 : 1)), ...comments].join(`\n${"-".repeat(78)}\n\n`);
}

/** The licence comments that the bundler found, each once. */
export function commentsOf(files: readonly OutputFile[]): string[] {
  const texts = files.filter(({ path }) => path.endsWith(".LEGAL.txt")).map(({ text }) => text);
  return [...new Set(texts)].sort((a, b) => (a < b ? -1 : 1));
}

/** Folder of the package that a file belongs to, if it is not our own. */
function packageOf(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const names = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file));
  const texts = names.sort().map((file) => readFileSync(path.join(folder, file), "utf8"));
  if (BESIDES[name] !== undefined) texts.push(BESIDES[name]);
  if (typeof license !== "string" || texts.length === 0) throw new Error(`${folder}: there is no licence`);
  return `${name} ${version}, ${license}\n\n${texts.map((text) => `${text.replace(/\r/g, "").trim()}\n`).join("\n")}`;
}
