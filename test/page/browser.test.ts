import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { pageData } from "../../lib/page/data.ts";
import { writePage } from "../../lib/page/write.ts";
import { browserFor, withPage } from "../support/browser.ts";
import { tempDir } from "../support/cleanup.ts";
import { layer, packageOf } from "./package.ts";

const HOSTILE = [
  "</script><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<!--<script>",
  "{{script}} $& $1",
  "javascript:alert(1)",
  "__proto__",
  "line\u2028break\u0000\u001b[2J\nend",
  "right\u202etxt.exe",
  "\ud800",
  "'\"><svg onload=alert(1)>",
];

test("names in a package are text, whatever they look like", async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const files = Object.fromEntries(HOSTILE.map((name, i) => [name, "x".repeat(100 - i)]));
  const images = HOSTILE.map((name, i) => [name, [layer(name, { ...files, [`own ${i}`]: "1" })]] as const);
  const file = join(tempDir(t), "page.html");
  const contents = packageOf(Object.fromEntries(images), (inspection) => ({
    ...inspection,
    app: { slug: HOSTILE[0]!, version: HOSTILE[7]!, targets: [], services: [], launchOrder: [HOSTILE] },
    faults: HOSTILE.map((name) => ({ where: name, message: name })),
  }));
  await writePage(file, pageData({ ...contents, name: `x/${HOSTILE[1]}` }));
  await withPage(
    { browser, file },
    async (page) => {
      assert.equal(await page.locator("script").count(), 2);
      assert.equal(await page.locator("img, svg, body style, iframe, object").count(), 0);
      assert.equal(await page.title(), `${HOSTILE[0]} right\\u{202e}txt.exe`);
      for (const list of ["In the map", "Layers", "Duplicates", "Hidden", "Files"]) {
        await page.getByRole("tab", { name: list }).click();
      }
      await page.getByRole("searchbox").fill("alert(");
      await page.locator("#result", { hasText: /^40 files, / }).waitFor();
      await page.getByRole("searchbox").fill("");
      await page.getByRole("tab", { name: "Files 110" }).waitFor();
      const seen = await page.getByRole("tabpanel").locator("tbody").innerText();
      for (const text of [
        ...HOSTILE.slice(0, 6),
        "line\\u{2028}break\\u{0}\\u{1b}[2J\\u{a}end",
        "right\\u{202e}txt.exe",
        "\\u{d800}",
      ]) {
        assert.ok(seen.includes(text), text);
      }
      assert.doesNotMatch(await page.locator("body").innerText(), /[\u0000-\u0008\u001b\u2028\u202e]/);
      // Even if a name did become a script, the browser would not run it.
      const title = await page.locator("body").evaluate((body) => {
        const script = body.ownerDocument.createElement("script");
        script.textContent = "document.title = 'ran'";
        body.append(script);
        return body.ownerDocument.title;
      });
      assert.notEqual(title, "ran");
    },
    { allowed: /Content Security Policy/ },
  );
});

test("a page of 50,000 files is drawn from few elements", async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const layers = Array.from({ length: 10 }, (_, l) => {
    const files = Array.from({ length: 5_000 }, (_, i) => {
      return [
        `usr/lib/package${i % 300}/module${i % 7}/file${i}.py`,
        `${l} ${i}`.padEnd(((i * 7919) % 1009) + 8, "."),
      ] as const;
    });
    return layer(`layer ${l}`, Object.fromEntries(files));
  });
  const file = join(tempDir(t), "page.html");
  const size = await writePage(file, pageData(packageOf({ "one:1": layers, "two:1": layers.slice(0, 3) })));
  const start = performance.now();
  await withPage({ browser, file }, async (page) => {
    await page.locator("#map > [role=treeitem]").first().waitFor();
    const drawn = performance.now() - start;
    const [paint] = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint"));
    t.diagnostic(`${size} bytes, first paint ${Math.round(paint?.startTime ?? 0)} ms, drawn ${Math.round(drawn)} ms`);
    const elements = () => page.locator("*").count();
    assert.ok((await elements()) < 3000, `${await elements()} elements`);
    await page.getByRole("tab", { name: "Files 50,000" }).click();
    assert.ok((await elements()) < 3000, `${await elements()} elements`);
  });
});
