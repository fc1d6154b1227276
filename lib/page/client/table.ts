import { button, counted, element } from "./dom.ts";

export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R) => Node | string;
  /** Order of the rows by this column, the first one first; without it they cannot be sorted so. */
  readonly compare?: (a: R, b: R) => number;
  /** Stands on the right, and its first order is the one that descends. */
  readonly numeric?: boolean;
  /** Goes where there is no room. */
  readonly minor?: boolean;
}

export interface TableOptions<R> {
  readonly caption: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  /** Column by which they are sorted already. */
  readonly sorted?: string;
  /** What is said of no rows. */
  readonly empty: string;
}

const FIRST_ROWS = 50;
const MORE_ROWS = 500;

/** A table that is sorted by its headings and makes of many rows only the first ones, until more are asked for. */
export function createTable<R>({ caption, columns, rows, sorted, empty }: TableOptions<R>): HTMLElement {
  if (rows.length === 0) return element("p", { class: "empty" }, empty);
  let order = rows;
  let by = sorted;
  let reversed = false;
  const body = element("tbody");
  const headings = columns.map((column) => {
    const heading = element("th", { scope: "col", class: classOf(column) });
    const { compare, title } = column;
    heading.append(compare === undefined ? title : button({ class: "sort" }, title, () => sort(title, compare)));
    return heading;
  });
  const more = button({ class: "more" }, "", () => fill(MORE_ROWS));
  markSorted();
  fill(FIRST_ROWS);
  const table = element(
    "table",
    {},
    element("caption", { class: "heard" }, caption),
    element("thead", {}, element("tr", {}, ...headings)),
    body,
  );
  return element("div", {}, table, more);

  function sort(title: string, compare: (a: R, b: R) => number): void {
    reversed = by === title && !reversed;
    by = title;
    order = rows.toSorted(reversed ? (a, b) => compare(b, a) : compare);
    markSorted();
    const count = body.childElementCount;
    body.replaceChildren();
    fill(count);
  }

  function markSorted(): void {
    for (const [i, { title, compare, numeric = false }] of columns.entries()) {
      if (compare === undefined) continue;
      const descending = numeric !== reversed;
      headings[i]!.setAttribute("aria-sort", title !== by ? "none" : descending ? "descending" : "ascending");
    }
  }

  function fill(count: number): void {
    const start = body.childElementCount;
    body.append(...order.slice(start, start + count).map(rowElement));
    const left = rows.length - body.childElementCount;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, MORE_ROWS).toLocaleString("en")} more of ${counted(rows.length, "row")}`;
  }

  function rowElement(row: R): HTMLElement {
    const cells = columns.map((column, i) =>
      i === 0
        ? element("th", { scope: "row" }, column.cell(row))
        : element("td", { class: classOf(column) }, column.cell(row)),
    );
    return element("tr", {}, ...cells);
  }
}

function classOf<R>({ numeric, minor }: Column<R>): string | undefined {
  return [numeric && "number", minor && "minor"].filter(Boolean).join(" ") || undefined;
}
