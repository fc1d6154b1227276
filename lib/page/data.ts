import path from "node:path";
import type { Finding, InspectedLayer, Inspection } from "../../spec/inspection.ts";
import type { PageData, PageFolder, PageLayer } from "../../spec/page.ts";
import type { ContentEntry, Contents, LayerContents } from "../contents/contents.ts";
import { folderOf } from "./covers.ts";
import { findDuplicates } from "./duplicates.ts";
import { findHidden } from "./hidden.ts";

/** A layer of a package, with what is in it. */
export interface FoundLayer {
  readonly layer: InspectedLayer;
  /** Indexes of the images that have it. */
  readonly users: readonly number[];
  readonly contents: LayerContents;
}

/** A file of a layer; its place in the list of all is its number in the page. */
export interface FoundFile {
  /** Index of the layer. */
  readonly layer: number;
  readonly entry: ContentEntry;
}

/** What the page shows of a package. The same contents give the same document, wherever the file lies. */
export function pageData(contents: Contents): PageData {
  const { inspection } = contents;
  const { layers, images } = layersOf(contents);
  const folders = layers.map(({ contents }) => foldersOf(contents.entries));
  const files = folders.flatMap((found, layer) =>
    found.flatMap(({ files }) => files.map((entry) => ({ layer, entry }))),
  );
  const described = layers.map((found, i) => describeLayer(found, folders[i]!, sizeInFile(found.layer, inspection)));
  const duplicates = findDuplicates(files);
  const hidden = findHidden(files, layers, images);
  return {
    version: 1,
    // `.` is a folder with a name, too.
    name: inspection.kind === "image" ? contents.name : path.basename(path.resolve(contents.name)),
    kind: inspection.kind,
    ...(inspection.app && { app: describeApp(inspection.app) }),
    images: inspection.images.map(({ tags }, i) => ({ name: nameOf(i, inspection), tags, layers: images[i]! })),
    layers: described,
    duplicates,
    hidden,
    totals: {
      file: inspection.totals.file,
      ...(described.every(({ size, missing }) => size !== undefined || missing) && {
        layers: sum(described.map(({ size = 0 }) => size)),
        layersApart: sum(images.flat().map((index) => described[index]!.size ?? 0)),
      }),
      content: sum(described.map(({ content }) => content)),
      files: files.length,
      duplicated: sum(duplicates.map(({ size, files }) => size * (files.length - 1))),
      hidden: sum(hidden.flatMap((group) => group.files.map((number) => files[number]!.entry.size))),
    },
    faults: [...inspection.faults, ...layerFaults(layers)],
  };
}

/** Each layer once, in the order of the images, and the layers of each image by index. */
function layersOf({ inspection, layers: contents }: Contents): { layers: FoundLayer[]; images: number[][] } {
  const found = new Map<string, FoundLayer & { readonly index: number; readonly users: number[] }>();
  const add = (layer: InspectedLayer, image: number): number => {
    const key = layer.diffId ?? layer.path ?? "";
    const known = found.get(key);
    if (known !== undefined) {
      if (!known.users.includes(image)) known.users.push(image);
      return known.index;
    }
    const index = found.size;
    const inside = layer.diffId === undefined ? undefined : contents.get(layer.diffId);
    found.set(key, { index, layer, users: [image], contents: inside ?? unlisted(layer) });
    return index;
  };
  const images = inspection.images.map((image, i) => image.layers.map((layer) => add(layer, i)));
  return { images, layers: [...found.values()] };
}

/** What stands for a layer that has no list: it must not look empty without a word. */
function unlisted({ missing, encoding, plainSize }: InspectedLayer): LayerContents {
  const none = { entries: [], truncated: false };
  if (missing === true) return none;
  const isRead = encoding === undefined || encoding === "plain" || encoding === "gzip";
  const why = !isRead
    ? `it is packed with ${encoding}, which is not read here`
    : plainSize === undefined
      ? "it cannot be unpacked"
      : "it is not what the config says";
  return { ...none, fault: `its files are not listed: ${why}` };
}

/** What is packed as a whole does not tell what one layer takes of it. */
function sizeInFile({ size, packedSize }: InspectedLayer, { artifact, form }: Inspection): number | undefined {
  return packedSize ?? (artifact === undefined && form !== "tar+gzip" ? size : undefined);
}

interface Folder {
  readonly path: string;
  readonly files: ContentEntry[];
}

/** The files of a layer by their folders, in the order of the archive. */
function foldersOf(entries: readonly ContentEntry[]): Folder[] {
  const folders = new Map<string, Folder>();
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    const path = folderOf(entry.path);
    const folder = folders.get(path);
    if (folder === undefined) folders.set(path, { path, files: [entry] });
    else folder.files.push(entry);
  }
  return [...folders.values()];
}

function describeLayer(
  { layer, users, contents }: FoundLayer,
  folders: readonly Folder[],
  size: number | undefined,
): PageLayer {
  const { diffId, createdBy, missing, from } = layer;
  const { entries, truncated } = contents;
  return {
    ...(diffId !== undefined && { diffId }),
    ...(createdBy !== undefined && { createdBy }),
    users: [...users],
    ...(size !== undefined && { size }),
    ...(missing === true && { missing }),
    ...(from !== undefined && { from }),
    content: sum(entries.map(({ size }) => size)),
    others: entries.filter(({ kind }) => kind !== "file" && kind !== "directory").length,
    folders: folders.map(describeFolder),
    ...(truncated && { truncated }),
  };
}

function describeFolder({ path, files }: Folder): PageFolder {
  return {
    path,
    names: files.map((file) => file.path.slice(path === "" ? 0 : path.length + 1)),
    sizes: files.map(({ size }) => size),
  };
}

function describeApp({ slug, version, launchOrder }: NonNullable<Inspection["app"]>): PageData["app"] {
  return {
    ...(slug !== undefined && { slug }),
    ...(version !== undefined && { version }),
    ...(launchOrder !== undefined && { launchOrder }),
  };
}

function nameOf(index: number, { app, images }: Inspection): string {
  const service = app?.services.find(({ image }) => image === index);
  return service?.name ?? images[index]!.tags[0] ?? `image ${index + 1}`;
}

function layerFaults(layers: readonly FoundLayer[]): Finding[] {
  return layers.flatMap(({ contents: { fault } }, i) =>
    fault === undefined ? [] : [{ where: `layer ${i + 1}`, message: fault }],
  );
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
