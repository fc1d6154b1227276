import type { Command } from "../command.ts";
import { PULLING_OPTIONS, type PullingArguments } from "../making.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";
import { IMAGE_SOURCE, REFERENCE_PLATFORM } from "../source.ts";

export interface ReportArguments extends PullingArguments, ProgressArguments {
  package: string;
  output?: string;
  json: boolean;
  platform: string;
}

export const reportCommand: Command<ReportArguments> = {
  positionals: { package: IMAGE_SOURCE },
  options: {
    output: {
      short: "o",
      value: "FILE",
      defaultDescription: "NAME.html beside the file",
      describe: "HTML file to write, - for stdout",
    },
    json: { type: "boolean", describe: "Print what the page shows as JSON instead" },
    ...REFERENCE_PLATFORM,
    ...PROGRESS_OPTIONS,
    ...PULLING_OPTIONS,
  },
  about: "The page is one file for any browser, and asks no network.",
  examples: [
    ["aircrate report build/app-1.0.0.auterionos", "writes build/app-1.0.0.html"],
    ["aircrate report arm64v8/python:3.11-slim -o python.html", "the page of an image"],
  ],
  action: () => import("../actions/report.ts"),
};
