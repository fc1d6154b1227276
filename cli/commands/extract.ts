import type { Command } from "../command.ts";
import { FINISHED_FILE, SOURCE_OPTIONS, type SourceArguments } from "../source.ts";

export interface ExtractArguments extends SourceArguments {
  file: string;
  service?: string;
  path?: string;
  list: boolean;
  output?: string;
  force: boolean;
  "same-owner": boolean;
}

export const extractCommand: Command<ExtractArguments> = {
  positionals: {
    file: FINISHED_FILE,
    service: { value: "SERVICE", describe: "Service or tag; not needed when there is one image" },
    path: { describe: "Path in the image, from / on; with /. at the end what is in the folder" },
  },
  options: {
    list: { type: "boolean", short: "l", describe: "Show what is in the folder, and write nothing" },
    output: {
      short: "o",
      value: "FILE",
      defaultDescription: "this folder",
      describe: "File or folder to write; NAME.tar writes a folder as a tar file, - to stdout",
    },
    force: { type: "boolean", short: "f", describe: "Overwrite files that are there" },
    "same-owner": { type: "boolean", describe: "Keep owners and set-id bits; for root" },
    ...SOURCE_OPTIONS,
  },
  examples: [
    ["aircrate extract app.auterionos camera /app/main.py", "into this folder"],
    ["aircrate extract app.auterionos camera /etc --list", "show what is in /etc"],
    ["aircrate extract app.auterionos camera /app -o - | tar tv", "a folder as a tar file"],
  ],
  action: () => import("../actions/extract.ts"),
};
