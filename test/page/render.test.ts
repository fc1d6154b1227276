import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import test from "node:test";
import { pageData } from "../../lib/page/data.ts";
import { renderPage } from "../../lib/page/render.ts";
import { pageName } from "../../lib/page/write.ts";
import { layer, packageOf } from "./package.ts";

const HOSTILE = "</script><script>alert(1)</script><!--\u2028 $& {{data}} <!-- data -->";
const DATA = pageData(packageOf({ [HOSTILE]: [layer(HOSTILE, { [HOSTILE]: "1" })] }));

/** The text between the tags of each element of a name. */
function contentsOf(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<${name}\\b[^>]*>(.*?)</${name}>`, "gs"))].map(([, content]) => content!);
}

test("names of the package stand in the page as JSON and nowhere as markup", async () => {
  const html = await renderPage(DATA);
  const [json, script, ...others] = contentsOf(html, "script");
  assert.deepEqual(JSON.parse(json!), DATA);
  assert.deepEqual(others, []);
  assert.doesNotMatch(json!, /[<\u2028\u2029]/);
  assert.doesNotMatch(script!, /alert/);
});

test("the policy allows the script and the style of the page and nothing else", async () => {
  const html = await renderPage(DATA);
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const [, script] = contentsOf(html, "script");
  const [style] = contentsOf(html, "style");
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html) ?? [];
  assert.deepEqual(policy?.split("; "), [
    "default-src 'none'",
    `script-src ${hash(script!)}`,
    `style-src ${hash(style!)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  assert.ok(html.indexOf("Content-Security-Policy") < html.indexOf("<style"), "it comes before what it is about");
  assert.doesNotMatch(html, /\b(?:src|href)=|url\(|https?:/i);
});

test("the same data give the same page", async () => {
  assert.equal(await renderPage(DATA), await renderPage(structuredClone(DATA)));
});

test("a page goes beside its file, one of an image into the working folder", () => {
  const names = ["build/app-1.0.0.auterionos", "a.tar.gz", "old.v2/layout", "x.MENDER", "gallery.image"];
  assert.deepEqual(
    names.map((name) => pageName(name, "oci")),
    ["build/app-1.0.0.html", "a.html", "old.v2/layout.html", "x.html", "gallery.html"],
  );
  assert.equal(pageName(".", "oci"), `../${basename(process.cwd())}.html`);
  assert.equal(pageName("10.0.0.5:5000/a/b:1.0", "image"), "10.0.0.5-5000-a-b-1.0.html");
});
