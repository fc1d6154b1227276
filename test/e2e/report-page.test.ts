import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { Browser, Page } from "playwright-core";
import { PageData } from "../../spec/page.ts";
import { aircrateFor, decodeText, GALLERY } from "../support/aircrate.ts";
import { browserFor, keepPicture, withPage } from "../support/browser.ts";
import { tempDir } from "../support/cleanup.ts";
import { lowestContrast } from "../support/contrast.ts";
import { mirror } from "../support/demo-registry.ts";
import { registryFor } from "../support/seed.ts";

interface Opened {
  readonly browser: Browser;
  readonly file: string;
  readonly data: PageData;
}

test("the page of the example, in a browser", async (t) => {
  const browser = await browserFor(t);
  const registry = await registryFor(t);
  if (browser === undefined || registry === undefined) return;
  const aircrate = aircrateFor(t);
  const dir = tempDir(t);
  const [built, file] = [join(dir, "gallery.auterionos"), join(dir, "gallery.html")];
  await aircrate.build([GALLERY, "-o", built, ...mirror(registry)]);
  await aircrate.run(["report", built]);
  const data = decodeText(PageData, (await aircrate.run(["report", built, "--json"])).stdout);
  const opened = { browser, file, data };
  await t.test("has a map, and a table that says the same", () => drawsMap(opened));
  await t.test("is walked through by keys", () => isWalked(opened));
  await t.test("finds files", () => findsFiles(opened));
  await t.test("has lists", () => hasLists(opened));
  await t.test("is light and dark, and readable in both", () => isLightAndDark(opened));
  await t.test("has a name for everything that can be used", () => hasNames(opened));
  await t.test("fits a narrow screen and paper", () => fits(opened));
});

const FIRST_TILES = "#map > [role=treeitem]";

function drawsMap(opened: Opened): Promise<void> {
  const { data } = opened;
  return withPage(opened, async (page) => {
    assert.equal(await page.title(), "com.example.photo-gallery 1.0.0");
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "com.example.photo-gallery 1.0.0");
    const map = page.getByRole("tree", { name: "Files by size" });
    const tiles = page.locator(FIRST_TILES);
    const rows = page.getByRole("tabpanel").locator("tbody tr");
    const shown = await tiles.evaluateAll((all) =>
      all.map((tile) => ({ name: tile.getAttribute("aria-label")!, area: tile.clientWidth * tile.clientHeight })),
    );
    assert.match(shown[0]!.name, /^Shared layers, shared · /);
    const shared = data.layers.filter(({ users }) => users.length > 1).reduce((sum, { content }) => sum + content, 0);
    const area = (await map.boundingBox())!;
    const share = shown[0]!.area / (area.width * area.height);
    assert.ok(Math.abs(share - shared / data.totals.content) < 0.01, `${share}`);
    assert.ok((await map.getByRole("treeitem").count()) > 20);
    assert.match(await rows.first().innerText(), /^Shared layers\s+shared/);
    assert.equal(await rows.count(), 4);
    // A layer that services share is there once, with who uses it.
    const base = map.getByRole("treeitem", { name: /^1 · / });
    assert.match((await base.getAttribute("aria-label"))!, /shared layer .* used by camera-control, gallery-service$/);
    assert.equal(await base.count(), 1);
  });
}

function isWalked(opened: Opened): Promise<void> {
  return withPage(opened, async (page) => {
    const focused = async () => (await page.locator(":focus").getAttribute("aria-label")) ?? "";
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.getByLabel("Search").focus();
    await press("Tab");
    assert.match(await focused(), /^Shared layers/);
    assert.match(await page.locator("#detail").innerText(), /^Shared layers, shared · /);
    await press("ArrowDown");
    assert.match(await focused(), /^janitor, service/);
    await press("Home", "ArrowRight");
    const layer = await focused();
    assert.match(layer, /^\d · .*, shared layer · /);
    await press("ArrowLeft", "Enter");
    assert.equal(await focused(), layer);
    assert.equal(await page.locator("[aria-current=location]").innerText(), "Shared layers");
    assert.match(await page.getByRole("status").innerText(), /^Shared layers, shared · /);
    assert.match(await page.getByRole("tabpanel").locator("tbody tr").first().innerText(), /^\d · /);
    await press("End", "+");
    const inside = await focused();
    await press("Escape", "Backspace");
    assert.equal(await page.locator("[aria-current=location]").innerText(), "Package");
    assert.match(await focused(), /^Shared layers/, "back where it came from");
    assert.notEqual(inside, await focused());
    // One stop for the whole map: the next is the list.
    await press("Tab");
    assert.equal(await page.locator(":focus").getAttribute("id"), "tab-parts");
    await page.getByRole("tabpanel").getByRole("button", { name: "janitor" }).press("Enter");
    assert.equal(await page.locator(":focus").innerText(), "janitor");
    await page.getByRole("navigation").getByRole("button", { name: "Package" }).click();
    await page
      .locator(FIRST_TILES)
      .first()
      .click({ position: { x: 10, y: 10 } });
    assert.equal(await page.locator("[aria-current=location]").innerText(), "Shared layers");
  });
}

function findsFiles(opened: Opened): Promise<void> {
  return withPage(opened, async (page) => {
    await page.getByRole("searchbox", { name: "Search" }).fill("app/MAIN.py");
    await page.locator("#result", { hasText: /^2 files, / }).waitFor();
    assert.match(await page.getByRole("status").innerText(), /^2 files, \d/);
    const names = await page
      .locator(FIRST_TILES)
      .evaluateAll((all) => all.map((tile) => tile.getAttribute("aria-label")));
    assert.deepEqual(names.map((name) => name?.split(",")[0]).sort(), ["camera-control", "gallery-service"]);
    await page.getByRole("tab", { name: "Files 2" }).click();
    assert.deepEqual(await page.getByRole("rowheader").filter({ hasText: "main.py" }).allInnerTexts(), [
      "app/main.py",
      "app/main.py",
    ]);
    await page.getByRole("searchbox").fill("no such file");
    await page.getByText("There is nothing to draw.").waitFor();
    assert.match(await page.getByRole("tabpanel").innerText(), /^No file has that in its path/);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("tab", { name: `Files ${opened.data.totals.files.toLocaleString("en")}` }).waitFor();
  });
}

function hasLists(opened: Opened): Promise<void> {
  const { layers } = opened.data;
  const paths = layers.flatMap(({ folders }) =>
    folders.flatMap(({ path, names }) => names.map((name) => (path === "" ? name : `${path}/${name}`))),
  );
  return withPage(opened, async (page) => {
    const rows = page.getByRole("tabpanel").locator("tbody tr");
    await page.getByRole("tab", { name: "In the map" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("tab", { selected: true }).getAttribute("id"), "tab-files");
    assert.equal(await rows.count(), 50);
    await page.getByRole("button", { name: /^Show \d+ more of/ }).click();
    assert.equal(await rows.count(), Math.min(paths.length, 550));
    await page.getByRole("button", { name: "Path", exact: true }).click();
    assert.equal(await page.getByRole("columnheader", { name: "Path" }).getAttribute("aria-sort"), "ascending");
    const first = paths.reduce((a, b) => (b < a ? b : a));
    assert.ok((await rows.first().innerText()).startsWith(first));
    await page.getByRole("button", { name: "Path", exact: true }).click();
    assert.equal(await page.getByRole("columnheader", { name: "Path" }).getAttribute("aria-sort"), "descending");
    await page.getByRole("tab", { selected: true }).press("End");
    assert.equal(await page.getByRole("tab", { selected: true }).getAttribute("id"), "tab-hidden");
    assert.match(await rows.first().innerText(), /^usr\/share\/\S+\s*removed by layer 3\s/);
    await page.getByRole("button", { name: / more than once$/ }).click();
    assert.equal(await page.getByRole("tab", { selected: true }).getAttribute("id"), "tab-duplicates");
    assert.equal(await rows.count(), Math.min(opened.data.duplicates.length, 50));
    await page.getByRole("tab", { name: "Layers" }).click();
    assert.equal(await rows.count(), layers.length);
  });
}

async function isLightAndDark(opened: Opened): Promise<void> {
  const ground = (page: Page) =>
    page.locator("html").evaluate((html) => html.ownerDocument.defaultView?.getComputedStyle(html).backgroundColor);
  for (const scheme of ["light", "dark"] as const) {
    await withPage(
      opened,
      async (page) => {
        const before = await ground(page);
        assert.equal(before, scheme === "light" ? "rgb(246, 247, 248)" : "rgb(20, 23, 26)");
        const contrast = await lowestContrast(page);
        assert.ok(contrast >= 4.5, `${contrast}`);
        await page.locator(FIRST_TILES).nth(1).hover();
        await keepPicture(page, `report-${scheme}.png`);
        const toggle = page.getByRole("button", { name: "Dark", pressed: scheme === "dark" });
        await toggle.click();
        assert.notEqual(await ground(page), before);
        await page.getByRole("button", { name: "Dark", pressed: scheme !== "dark" }).click();
        assert.equal(await ground(page), before);
      },
      { colorScheme: scheme },
    );
  }
}

function hasNames(opened: Opened): Promise<void> {
  return withPage(opened, async (page) => {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    const roles = new Set([
      "button",
      "columnheader",
      "navigation",
      "region",
      "searchbox",
      "table",
      "tab",
      "tablist",
      "tabpanel",
      "tree",
      "treeitem",
    ]);
    const used = nodes.filter(({ ignored, role }) => !ignored && roles.has(role?.value));
    assert.deepEqual([...new Set(used.map(({ role }) => role?.value))].sort(), [...roles].sort());
    const nameless = used.filter(({ name }) => String(name?.value ?? "").trim() === "");
    assert.deepEqual(
      nameless.map(({ role }) => role?.value),
      [],
    );
    assert.equal(await page.locator("h1").count(), 1);
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
  });
}

async function fits(opened: Opened): Promise<void> {
  const tooWide = (page: Page) => page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
  await withPage(
    opened,
    async (page) => {
      for (const list of ["In the map", "Files", "Layers", "Duplicates", "Hidden"]) {
        await page.getByRole("tab", { name: list }).click();
        assert.ok((await tooWide(page)) <= 0, list);
      }
      await keepPicture(page, "report-narrow.png");
    },
    { viewport: { width: 360, height: 740 } },
  );
  await withPage(opened, async (page) => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.pdf();
    assert.equal(await page.getByRole("tabpanel").count(), 5, "paper shows all lists");
    assert.equal(await page.getByRole("searchbox").count(), 0);
  });
}
