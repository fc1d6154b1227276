import { Composer, type CST, type Document, LineCounter, Parser } from "yaml";
import { AircrateError } from "../error.ts";
import { problemsError, type YamlProblem } from "./problems.ts";

/** Deeper documents would exhaust the stack, here or in the reader on the device. */
export const MAX_DEPTH = 100;

export interface ComposedYaml {
  readonly document: Document;
  /** Line, from 1, of an offset in the text. */
  line(offset: number): number;
}

/**
 * Text to a tree of nodes in which every scalar is still a string: what it means is decided by this project's own rules
 * (scalar.ts), which are those of PyYAML.
 *
 * @throws AircrateError input: not YAML, nested too deeply, or several documents
 */
export function composeYaml(text: string, file: string): ComposedYaml {
  const lines = new LineCounter();
  const line = (offset: number) => Math.max(lines.linePos(offset).line, 1);
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = tooDeep(tokens);
  if (deep !== undefined) {
    throw new AircrateError("input", `nested deeper than ${MAX_DEPTH} levels`, { where: `${file}:${line(deep)}` });
  }
  const composer = new Composer({
    version: "1.1",
    schema: "failsafe",
    resolveKnownTags: false,
    // Looked for while the tree is read, with a set: the library compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  const problems: YamlProblem[] = documents.flatMap((document) =>
    document.errors.map((error) => ({ line: line(error.pos[0]), message: `not YAML: ${error.message}` })),
  );
  if (problems.length > 0) throw problemsError(file, problems);
  const [document, second] = documents;
  if (second !== undefined) {
    throw new AircrateError("input", "a second document starts here", {
      where: `${file}:${line(second.range?.[0] ?? 0)}`,
      hint: "keep one document in the file, without a line `---` in the middle",
    });
  }
  if (document === undefined) throw new Error(`${file}: the parser gave no document`);
  return { document, line };
}

/** Offset of the first token found that lies too deep. Walks with a list, not the stack, since depth is the danger. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return token.offset;
    for (const inner of innerTokens(token)) open.push({ token: inner, depth: depth + 1 });
  }
  return undefined;
}

function innerTokens(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value === undefined ? [] : [token.value];
  if (!("items" in token)) return [];
  return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
}
