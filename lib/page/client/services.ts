import type { PageData } from "../../../spec/page.ts";
import { bytes } from "../../size-text.ts";
import { button, element } from "./dom.ts";
import { imageWord, placeOf } from "./model.ts";
import { type Column, createTable } from "./table.ts";
import { paint } from "./tiles.ts";

interface Weight {
  readonly own: number;
  readonly shared: number;
}

/** What each service brings, and what it shares with others, as a table with bars. */
export function serviceTable(data: PageData, onChoose: (image: number) => void): HTMLElement {
  // What is not known of one layer would make the service that has it look light.
  const packed = data.totals.layers !== undefined;
  const weights = data.images.map(({ layers }) => weigh(layers, { data, packed }));
  const heaviest = Math.max(...weights.map(({ own, shared }) => own + shared));
  const order = data.app?.launchOrder;
  const columns: readonly Column<number>[] = [
    { title: "Name", cell: (image) => button({ class: "link" }, data.images[image]!.name, () => onChoose(image)) },
    ...(order === undefined
      ? []
      : [{ title: "Starts", minor: true, cell: (image: number) => waveOf(order, data.images[image]!.name) }]),
    {
      title: packed ? placeOf(data) : "Unpacked",
      minor: true,
      cell: (image) => barOf(weights[image]!, { heaviest, image }),
    },
    { title: "Own", numeric: true, cell: (image) => bytes(weights[image]!.own) },
    { title: "Shared", numeric: true, cell: (image) => bytes(weights[image]!.shared) },
  ];
  const word = imageWord(data);
  return createTable({
    caption: `What each ${word} weighs`,
    rows: [...weights.keys()],
    columns,
    empty: `There is no ${word}.`,
  });
}

function weigh(indexes: readonly number[], { data, packed }: { data: PageData; packed: boolean }): Weight {
  const weight = { own: 0, shared: 0 };
  for (const index of indexes) {
    const { users, size = 0, content } = data.layers[index]!;
    weight[users.length > 1 ? "shared" : "own"] += packed ? size : content;
  }
  return weight;
}

function barOf({ own, shared }: Weight, { heaviest, image }: { heaviest: number; image: number }): HTMLElement {
  const part = (kind: string, size: number) => {
    const made = element("span", { class: kind, hidden: size === 0 });
    made.style.width = `${(100 * size) / heaviest}%`;
    return made;
  };
  const bar = element("span", { class: "bar", "aria-hidden": "true" }, part("own", own), part("common", shared));
  paint(bar, { image });
  return bar;
}

/** Services start in waves, one after the other. */
function waveOf(order: readonly (readonly string[])[], name: string): string {
  const wave = order.findIndex((names) => names.includes(name));
  return wave < 0 ? "" : String(wave + 1);
}
