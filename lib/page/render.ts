import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { PageData } from "../../spec/page.ts";

/**
 * The page as one HTML document that loads nothing: a browser that keeps to its policy runs its own script and no other.
 * All that comes from the package stands in a block of JSON, which is no markup, and which the script shows as text.
 */
export async function renderPage(data: PageData): Promise<string> {
  const [html, style, script] = await Promise.all([readPart("html"), readPart("css"), readPart("js")]);
  const policy = [
    "default-src 'none'",
    `script-src '${sourceHash(script)}'`,
    `style-src '${sourceHash(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const parts: Readonly<Record<string, string>> = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy.join("; ")}">`,
    style: `<style>${style}</style>`,
    data: `<script type="application/json" id="data">${inScript(JSON.stringify(data))}</script>`,
    script: `<script>${script}</script>`,
  };
  return html.replace(/<!-- (\w+) -->/g, (_, name: string) => parts[name]!);
}

/** The parts are made from `client/` and lie beside this module, in the bundle as well. */
function readPart(type: "html" | "css" | "js"): Promise<string> {
  return readFile(new URL(`./page.${type}`, import.meta.url), "utf8");
}

/** Content Security Policy Level 3, "hash-source". */
function sourceHash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that no HTML parser sees the end of a script in (HTML Standard, "Restrictions for contents of script elements"). */
function inScript(json: string): string {
  return json.replace(/[<\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
