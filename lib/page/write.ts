import path from "node:path";
import type { PageData } from "../../spec/page.ts";
import { writeOutput } from "../output.ts";
import { renderPage } from "./render.ts";

/**
 * Writes the page of a package, whole or not at all.
 *
 * @returns its size in bytes
 * @throws AircrateError unreachable when the place cannot be written to
 */
export async function writePage(file: string, data: PageData): Promise<number> {
  const page = Buffer.from(await renderPage(data));
  await writeOutput(file, (handle) => handle.writeFile(page));
  return page.length;
}

/** Where the page goes when nobody says so: beside the file, or into the working folder for an image by reference. */
export function pageName(name: string, kind: PageData["kind"]): string {
  if (kind === "image") return `${name.replace(/[^\w.-]+/g, "-")}.html`;
  // Beside `.` is in the folder around it.
  return `${path.join(name, "..", path.basename(path.resolve(name)).replace(ENDING, ""))}.html`;
}

const ENDING = /\.(?:auterionos|mender|image|oci|tgz|tar(?:\.gz)?)$/i;
