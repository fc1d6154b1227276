import { button, element } from "./dom.ts";
import { LISTS, type List, type Shown } from "./lists.ts";

export interface Tabs {
  /** Shows what has changed. */
  update(shown: Shown): void;
  open(id: string): void;
}

/**
 * The lists, one at a time; arrows go from tab to tab (ARIA Authoring Practices, "Tabs with automatic activation"). A
 * panel is filled when it is opened, and all of them for paper.
 */
export function createTabs(host: HTMLElement): Tabs {
  let shown: Shown | undefined;
  let current = 0;
  const stale = new Set<List>();
  const bar = element("div", { role: "tablist", "aria-label": "Lists" });
  const tabs = LISTS.map(({ id }, i) =>
    button({ role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}` }, "", () => open(i)),
  );
  const panels = LISTS.map(({ id, title }) =>
    element("div", { role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}`, "data-title": title }),
  );
  bar.append(...tabs);
  host.append(bar, ...panels);
  bar.addEventListener("keydown", ({ key }) => {
    const steps = new Map([
      ["ArrowRight", 1],
      ["ArrowLeft", -1],
      ["Home", -current],
      ["End", -current - 1],
    ]);
    const step = steps.get(key);
    if (step === undefined) return;
    open((current + step + LISTS.length) % LISTS.length);
    tabs[current]!.focus();
  });
  addEventListener("beforeprint", () => LISTS.forEach(fill));

  function open(index: number): void {
    current = index;
    for (const [i, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(i === current));
      tab.tabIndex = i === current ? 0 : -1;
      panels[i]!.hidden = i !== current;
    }
    fill(LISTS[current]!, current);
  }

  function fill(list: List, index: number): void {
    if (shown === undefined || !stale.delete(list)) return;
    panels[index]!.replaceChildren(list.make(shown));
  }

  return {
    update(next) {
      shown = next;
      for (const [i, list] of LISTS.entries()) {
        stale.add(list);
        const count = element("span", { class: "count" }, list.count(next).toLocaleString("en"));
        tabs[i]!.replaceChildren(`${list.title} `, count);
      }
      open(current);
    },
    open: (id) => open(LISTS.findIndex((list) => list.id === id)),
  };
}
