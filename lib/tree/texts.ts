import type { SourceTree, TreeItem } from "./source.ts";

/** Files that are written where they are copied: here-documents. Each is named as it is, without wildcards. */
export function textTree(texts: readonly { readonly name: string; readonly content: string }[]): SourceTree {
  return {
    name: "here-documents",
    select(source) {
      const text = texts.find(({ name }) => name === source)!;
      return [fileItem(source, Buffer.from(text.content, "utf8"))];
    },
    walk: () => [],
  };
}

function fileItem(name: string, bytes: Uint8Array): TreeItem {
  const item = { path: name, real: name, kind: "file", mode: 0o644, uid: 0, gid: 0 } as const;
  return bytes.length === 0 ? item : { ...item, content: { bytes } };
}
