import type { Contents } from "../../lib/contents/contents.ts";
import { type Digest, digestOf } from "../../lib/digest.ts";
import type { ContentEntry } from "../../lib/unpack/entry-list.ts";
import type { InspectedLayer, Inspection } from "../../spec/inspection.ts";
import type { PageData } from "../../spec/page.ts";

/** Entries by path: the content of a file, or another kind. */
export type Files = Readonly<Record<string, string | Exclude<ContentEntry["kind"], "file">[]>>;

export function entry(path: string, content: Files[string]): ContentEntry {
  const rest = { path, mode: 0o644, uid: 0, gid: 0 };
  if (typeof content !== "string") return { ...rest, kind: content[0] ?? "directory", size: 0 };
  return { ...rest, kind: "file", size: content.length, digest: digestOf(content) };
}

export interface SampleLayer {
  readonly name: string;
  readonly entries: readonly ContentEntry[];
}

export function layer(name: string, files: Files): SampleLayer {
  return { name, entries: Object.entries(files).map(([path, content]) => entry(path, content)) };
}

/** What `readContents` gives for a package with these images, each layer of which takes 1000 bytes of it. */
export function packageOf(
  images: Readonly<Record<string, readonly SampleLayer[]>>,
  change: (inspection: Inspection) => Inspection = (inspection) => inspection,
): Contents {
  const layers = new Map<Digest, { entries: readonly ContentEntry[]; truncated: boolean }>();
  const describe = ({ name, entries }: SampleLayer): InspectedLayer => {
    const diffId = digestOf(name);
    layers.set(diffId, { entries, truncated: false });
    return { diffId, size: 5000, packedSize: 1000, createdBy: `COPY ${name}`, shared: false, sharedWith: [] };
  };
  const inspection: Inspection = {
    ...{ file: "build/app.auterionos", kind: "auterionos", form: "tar", faults: [] },
    images: Object.entries(images).map(([tag, found]) => {
      return { tags: [tag], layers: found.map(describe), ownSize: 0, sharedSize: 0 };
    }),
    totals: { file: 12_345, layers: 0, layersApart: 0 },
  };
  return { name: "build/app.auterionos", inspection: change(inspection), layers, images: [] };
}

/** All files by number, as `LAYER:PATH`. */
export function paths({ layers }: PageData): string[] {
  return layers.flatMap(({ folders }, layer) =>
    folders.flatMap(({ path, names }) => names.map((name) => `${layer}:${path === "" ? "" : `${path}/`}${name}`)),
  );
}
