import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes files into a folder, with the folders they need. Returns the folder. */
export function writeFiles(dir: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

/** The smallest `auterion-app.yml`; its last key is `services`, so that more can follow. */
export function manifestOf(apiVersion = 3): string {
  return `auterion-api-version: ${apiVersion}
auterion-app-base: none
app-name: app
app-author: com.example
app-version: 1.0.0
target-platform: skynode
services:
  one:
    build: one
`;
}
