import type { Checker, Type, Symbol as TypeSymbol } from "typescript/unstable/sync";

/** The docstring of a symbol, as a comment above it; empty without one. */
export function commentOf(checker: Checker, symbol: TypeSymbol, indent: string): string {
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => `@${name} ${text ?? ""}`.trimEnd());
  const text = [symbol.getDocumentationComment(checker), ...tags].filter((part) => part !== "").join("\n");
  const lines = text.split("\n");
  if (text === "") return "";
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** The comment in front of a member of a union, which counts as that of no symbol; empty without one. */
export function memberComment(type: Type, indent: string): string {
  const node = type.getSymbol()?.declarations[0]?.resolve();
  const before = node?.getSourceFile().text.slice(0, node.getStart()) ?? "";
  const [, comment] = /(\/\*\*(?:(?!\*\/).)*\*\/)\s*\|\s*$/s.exec(before) ?? [];
  return comment === undefined ? "" : `${indent}  ${comment.replace(/\n\s*/g, `\n${indent}   `)}\n`;
}
