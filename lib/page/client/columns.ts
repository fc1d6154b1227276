import type { PageData } from "../../../spec/page.ts";
import { bytes } from "../../size-text.ts";
import { notes } from "./describe.ts";
import { element, percent } from "./dom.ts";
import { type File, layerTitle } from "./model.ts";
import type { Column } from "./table.ts";

/** A number of things, which sorts with the most first. */
export function numberColumn<R>(title: string, value: (row: R) => number): Column<R> {
  return { title, numeric: true, cell: (row) => value(row).toLocaleString("en"), compare: byNumber(value) };
}

/** Bytes, which sort with the most first. */
export function sizeColumn<R>(title: string, value: (row: R) => number): Column<R> {
  return { title, numeric: true, cell: (row) => bytes(value(row)), compare: byNumber(value) };
}

/** Share of a whole, as a bar and in percent. */
export function shareColumn<R>(whole: number, value: (row: R) => number): Column<R> {
  return {
    title: "Share",
    numeric: true,
    cell: (row) => {
      const bar = element("span", { class: "share", "aria-hidden": "true" });
      bar.style.setProperty("--share", percent(value(row), whole).replace(" ", ""));
      return element("span", { class: "shared-out" }, bar, percent(value(row), whole));
    },
  };
}

/** Where a file is, and what is wrong with it. */
export const PATH_COLUMN: Column<File> = {
  title: "Path",
  cell: (file) => {
    const texts = notes(file).map((note) => element("small", { class: "note" }, note));
    return element("span", {}, file.path, ...texts);
  },
  compare: byText(({ path }) => path),
};

export function layerColumn(data: PageData): Column<File> {
  return {
    title: "Layer",
    minor: true,
    cell: ({ layer }) => layerTitle(data, layer),
    compare: (a, b) => a.layer - b.layer,
  };
}

export function byNumber<R>(value: (row: R) => number): (a: R, b: R) => number {
  return (a, b) => value(b) - value(a);
}

export function byText<R>(value: (row: R) => string): (a: R, b: R) => number {
  return (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
}
