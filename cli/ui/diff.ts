import type {
  DiffReport,
  FieldChange,
  FileChange,
  FileChanges,
  FileState,
  ImageDiff,
  LayerChange,
  ThinForecast,
} from "../../spec/diff.ts";
import type { BlobTotal } from "../../spec/lock-report.ts";
import { bytes, counted, excerpt, launchOrderText, oneLine, shortDigest, table } from "./text.ts";

/** Rows of a list that are shown unless all are wanted, and characters of a text. */
const MAX_ROWS = 20;
const MAX_TEXT = 80;

interface RenderOptions {
  /** Shows every layer and file that differs, and long texts as they are. */
  readonly all: boolean;
}

/** What differs, for people: what does not is counted. */
export function renderDiff(report: DiffReport, options: RenderOptions): string {
  const { from, to, different, application, payload, images, thin } = report;
  const names = `${oneLine(from.name)} -> ${oneLine(to.name)}`;
  if (!different) return `${names}: no difference in ${counted(images.length, "image")}\n`;
  const facts = [
    ...application.map((fact) => fieldRow(fact, options)),
    ...payload.map((file) => ["", `payload ${file.name}`, transition(file.from, file.to, bytes)]),
  ];
  const same = images.filter(({ change }) => change === "same").map(({ name }) => oneLine(name));
  const parts = [`${names}  ${bytes(from.size)} -> ${bytes(to.size)}\n`];
  if (facts.length > 0) parts.push(`application\n${table(facts)}`);
  parts.push(...images.filter(({ change }) => change !== "same").map((image) => renderImage(image, options)));
  if (same.length > 0) parts.push(`unchanged: ${same.join(", ")}\n`);
  if (thin !== undefined) parts.push(renderThin(thin));
  return parts.join("\n");
}

function renderImage({ change, name, config, layers, files }: ImageDiff, options: RenderOptions): string {
  const { kept, new: added, gone, list } = layers;
  const counts = [total(kept, "kept"), total(added, "new"), total(gone, "gone")].join(", ");
  const changed = list.filter((layer) => layer.change !== "kept");
  return [
    `${oneLine(name)}: ${change}\n`,
    table(config.map((field) => fieldRow(field, options))),
    `  layers: ${counts}\n${limited(changed, layerRow, options)}`,
    added.count + gone.count === 0 ? "" : renderFiles(files, options),
  ].join("");
}

function total({ count, size }: BlobTotal, what: string): string {
  return count === 0 ? `0 ${what}` : `${count} ${what} (${bytes(size)})`;
}

function layerRow({ change, size, plainSize = 0, diffId = "", createdBy = "" }: LayerChange): string[] {
  return ["", "", change, bytes(size ?? plainSize), shortDigest(diffId), excerpt(createdBy, MAX_TEXT)];
}

function fieldRow({ key, name, from, to }: FieldChange, { all }: RenderOptions): string[] {
  const show = (value: NonNullable<FieldChange["from"]>) => {
    const text =
      typeof value === "string"
        ? value
        : key === "launchOrder"
          ? launchOrderText(value.map((wave) => [wave]))
          : JSON.stringify(value);
    return all ? text : excerpt(text, MAX_TEXT);
  };
  return ["", name === undefined ? key : `${key} ${name}`, transition(from, to, show)];
}

/** `1.0 -> 1.1`; `none` stands for what is not there. */
function transition<T>(from: T | undefined, to: T | undefined, show: (value: T) => string): string {
  return [from, to].map((value) => (value === undefined ? "none" : show(value))).join(" -> ");
}

const CHANGES: Readonly<Record<FileChange["change"], string>> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  type: "of another kind",
  attributes: "with other attributes",
};

function renderFiles({ totals, list, truncated, unknown }: FileChanges, options: RenderOptions): string {
  const counts: string[] = [];
  for (const [change, words] of Object.entries(CHANGES) as [FileChange["change"], string][]) {
    const { count, from, to } = totals[change];
    if (count > 0) counts.push(`${count} ${words}${weight(change, from, to)}`);
  }
  const note = unknown === undefined ? "" : `  files: ${oneLine(unknown)}\n`;
  if (counts.length === 0) return unknown === undefined ? "  files: no difference\n" : note;
  const cut = truncated ? "    … and more than are kept\n" : "";
  return `${note}  files: ${counts.join(", ")}\n${limited(list, fileRow, options)}${cut}`;
}

/** What files weigh, on the sides where they are. */
function weight(change: FileChange["change"], from: number, to: number): string {
  if (change === "attributes") return "";
  if (change === "added" || change === "removed") return ` (${bytes(from + to)})`;
  return ` (${bytes(from)} -> ${bytes(to)})`;
}

function fileRow({ path, change, from, to }: FileChange): string[] {
  const folder = (to ?? from)?.kind === "directory" ? "/" : "";
  const name = path === "" ? "/" : `/${path}${folder}`;
  return ["", "", change, fileSize(from, to), name, fileDetail(from, to)];
}

function fileSize(from: FileState | undefined, to: FileState | undefined): string {
  const [before, after] = [from, to].map((state) => (state?.kind === "file" ? bytes(state.size) : undefined));
  if (before === undefined || after === undefined || from?.digest === to?.digest) return after ?? before ?? "";
  return `${before} -> ${after}`;
}

function fileDetail(from: FileState | undefined, to: FileState | undefined): string {
  const link = ({ link }: FileState) => (link === undefined ? "" : `-> ${link}`);
  if (from === undefined || to === undefined) return link((to ?? from)!);
  if (from.kind !== to.kind) return `${from.kind}, now ${to.kind} ${link(to)}`.trimEnd();
  const texts: string[] = [];
  if (from.link !== to.link) texts.push(`${link(from)}, now ${link(to)}`);
  if (from.mode !== to.mode && to.kind !== "symlink") texts.push(`mode ${from.mode} -> ${to.mode}`);
  if (owner(from) !== owner(to)) texts.push(`owner ${owner(from)} -> ${owner(to)}`);
  if (texts.length === 0 && from.digest === to.digest) texts.push("extended attributes");
  return texts.join(", ");
}

function owner({ uid, gid }: FileState): string {
  return `${uid}:${gid}`;
}

/** A table of the first rows, and how many there are more. Sizes are in the fourth column. */
function limited<T>(items: readonly T[], row: (item: T) => string[], { all }: RenderOptions): string {
  const shown = all ? items : items.slice(0, MAX_ROWS);
  const more = items.length - shown.length;
  return `${table(shown.map(row), [3])}${more === 0 ? "" : `    … and ${more} more, which --all shows\n`}`;
}

function renderThin({ possible, why, since = "", size = 0, exact, fullSize = 0, sent, leftOut }: ThinForecast): string {
  if (!possible) return `thin update: not possible\n${why.map((line) => `  ${oneLine(line)}\n`).join("")}`;
  const weighs = `${exact === true ? "" : "about "}${bytes(size)} instead of ${bytes(fullSize)}`;
  const layers = [sent && total(sent, "sent"), leftOut && total(leftOut, "left out")].join(", ");
  return `thin update onto version ${oneLine(since)}: ${weighs}; layers: ${layers}\n`;
}
