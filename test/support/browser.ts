import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { onCleanup } from "./cleanup.ts";
import { findTool, projectDir, requireTool } from "./tools.ts";

/** Nothing that the browser does on its own accord may leave the machine. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium without a window, closed after the test; undefined when the test has been skipped. */
export async function browserFor(t: TestContext): Promise<Browser | undefined> {
  if (!requireTool(t, "chromium")) return undefined;
  const browser = await chromium.launch({ executablePath: findTool("chromium")!, args: FLAGS });
  onCleanup(t, () => browser.close());
  return browser;
}

export interface PageOptions extends BrowserContextOptions {
  /** Faults that are meant to be. */
  readonly allowed?: RegExp;
}

/**
 * Opens an HTML file by its `file://` address, in a session of its own, and has it do something. Messages on the console,
 * errors, dialogs and requests for anything but the file are faults.
 */
export async function withPage(
  { browser, file }: { readonly browser: Browser; readonly file: string },
  use: (page: Page) => Promise<void>,
  { allowed, ...options }: PageOptions = {},
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: "light",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  const url = pathToFileURL(file).href;
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== url) faults.push(`request: ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  await use(page);
  await context.close();
  assert.deepEqual(
    faults.filter((fault) => allowed?.test(fault) !== true),
    [],
  );
}

/** Keeps a picture of the whole page in `build/ci/`, where CI finds it. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const dir = join(projectDir(), "build", "ci");
  mkdirSync(dir, { recursive: true });
  await page.screenshot({ path: join(dir, name), fullPage: true });
}
