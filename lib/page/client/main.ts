import type { PageData } from "../../../spec/page.ts";
import { bytes } from "../../size-text.ts";
import { byNumber, byText } from "./columns.ts";
import { describe } from "./describe.ts";
import { button, byId, counted, element, visible } from "./dom.ts";
import { factList } from "./facts.ts";
import { type File, listFiles } from "./model.ts";
import { serviceTable } from "./services.ts";
import { createTabs } from "./tabs.ts";
import { setUpTheme } from "./theme.ts";
import { growTree, type Item, trailOf } from "./tree.ts";
import { createTreemap, type Focus } from "./treemap.ts";

const data: PageData = JSON.parse(byId("data").textContent ?? "");
const files = listFiles(data);
const largest = byNumber(({ size }: File) => size);
const first = byText(({ path }: File) => path);
const bySize = files.toSorted((a, b) => largest(a, b) || first(a, b));

let finds = (_: File): boolean => true;
let found = bySize;
let root = growTree(data, files);

const map = createTreemap(byId("map"), { onZoom: zoom, onPoint: point });
const tabs = createTabs(byId("lists"));

/** Shows the parts of an item in the map and in its table. Without a tile that gets the focus, the trail does. */
function zoom(item: Item, focus?: Focus): void {
  show(item, focus);
  if (focus === undefined) byId("trail").querySelector<HTMLElement>("[aria-current]")?.focus({ preventScroll: true });
  say(describe(item));
}

function show(item: Item, focus?: Focus): void {
  byId("trail").replaceChildren(...trailOf(item).map((step) => element("li", {}, stepElement(step, item))));
  byId("map").hidden = item.size === 0;
  byId("nothing").hidden = item.size > 0;
  map.show(item, focus);
  if (focus === undefined) point(item);
  tabs.update({ data, files, found, finds, item, onZoom: zoom });
}

function stepElement(step: Item, shown: Item): HTMLElement {
  const name = step === root ? "Package" : step.name;
  return step === shown
    ? element("span", { "aria-current": "location", tabindex: -1 }, name)
    : button({ class: "link" }, name, () => zoom(step));
}

function point(item: Item): void {
  byId("detail").replaceChildren(element("span", {}, describe(item)));
}

/** For those who listen. */
function say(text: string): void {
  byId("said").replaceChildren(element("span", {}, text));
}

function search(text: string): void {
  const part = text.toLowerCase();
  finds = part === "" ? () => true : ({ path }) => path.toLowerCase().includes(part);
  found = part === "" ? bySize : bySize.filter(finds);
  root = growTree(data, found);
  const result = part === "" ? "" : `${counted(found.length, "file")}, ${bytes(root.size)}`;
  byId("result").textContent = result;
  show(root);
  say(result);
}

function openList(id: string): void {
  tabs.open(id);
  byId("lists").scrollIntoView();
  byId(`tab-${id}`).focus({ preventScroll: true });
}

function chooseImage(image: number): void {
  zoom(root.children.find((item) => item.image === image) ?? root, "first");
}

function setUpSearch(): void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  byId("search").addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => search(target.value), 100);
  });
}

const { slug, version } = data.app ?? {};
const title = slug === undefined ? data.name : [slug, version].filter((text) => text !== undefined).join(" ");
document.title = visible(title);
byId("title").replaceChildren(visible(title));
byId("about").replaceChildren(visible(title === data.name ? "" : data.name));
setUpTheme(byId("dark"));
setUpSearch();
byId("facts").replaceChildren(...factList(data, openList));
byId("services-title").textContent = data.app === undefined ? "Images" : "Services";
byId("services").replaceChildren(serviceTable(data, chooseImage));
byId("faults").replaceChildren(...data.faults.map(({ where, message }) => element("li", {}, `${where}: ${message}`)));
byId("unread").hidden = data.faults.length === 0;
const absent = data.layers.filter(({ missing }) => missing).length;
byId("absent").textContent =
  `Layers that the file does not hold: ${absent} of ${data.layers.length}. Their files are not shown.`;
byId("absent").hidden = absent === 0;
byId("truncated").hidden = !data.layers.some(({ truncated }) => truncated);
show(root);
