import type { PageData } from "../../../spec/page.ts";
import { bytes } from "../../size-text.ts";
import { button, counted, element } from "./dom.ts";
import { imageWord, placeOf } from "./model.ts";

interface Fact {
  readonly value: string;
  readonly name: string;
  readonly more: string;
  /** The list that tells more. */
  readonly list?: string;
}

/** The figures that matter, each with where it comes from. */
export function factList(data: PageData, openList: (id: string) => void): HTMLElement[] {
  return factsOf(data).map(({ value, name, more, list }) =>
    element(
      "div",
      { class: "fact" },
      element("dt", {}, name),
      element("dd", { class: "value" }, value),
      element("dd", {}, list === undefined ? more : button({ class: "link" }, more, () => openList(list))),
    ),
  );
}

function factsOf(data: PageData): Fact[] {
  const { totals, images, duplicates, hidden } = data;
  const { file, content, files, layers, layersApart } = totals;
  const facts: Fact[] = [
    { name: placeOf(data), value: bytes(file), more: counted(data.layers.length, "layer"), list: "layers" },
    { name: "Unpacked", value: bytes(content), more: counted(files, "file"), list: "files" },
  ];
  if (layers !== undefined && layersApart !== undefined && layersApart > layers) {
    const more = `${counted(images.length, imageWord(data))}: ${bytes(layersApart)} apart, ${bytes(layers)} together`;
    facts.push({ name: "Saved by sharing", value: bytes(layersApart - layers), more });
  }
  const covered = hidden.reduce((count, group) => count + group.files.length, 0);
  facts.push(
    {
      name: "Duplicated",
      value: bytes(totals.duplicated),
      more: duplicates.length === 0 ? "no file is there twice" : `${counted(duplicates.length, "file")} more than once`,
      list: "duplicates",
    },
    {
      name: "Hidden",
      value: bytes(totals.hidden),
      more: covered === 0 ? "no layer hides a file" : `${counted(covered, "file")} that no ${imageWord(data)} shows`,
      list: "hidden",
    },
  );
  return facts;
}
