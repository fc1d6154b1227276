import type { ArchiveForm } from "../../lib/archive/compose.ts";
import { type Command, REPEATED } from "../command.ts";
import { FINISHED_FILE, SOURCE_OPTIONS, type SourceArguments } from "../source.ts";

export interface ExportArguments extends SourceArguments {
  file: string;
  output?: string;
  format: ArchiveForm;
  service: string[];
}

export const exportCommand: Command<ExportArguments> = {
  positionals: { file: FINISHED_FILE },
  options: {
    output: {
      short: "o",
      value: "FILE",
      defaultDescription: "stdout",
      describe: "File to write, - for stdout; DIR/ for an image layout as a folder",
    },
    format: {
      choices: ["docker-archive", "oci"],
      default: "docker-archive",
      value: "FORM",
      describe: "Form of the file: docker-archive, which is an image layout, too, or oci",
    },
    service: { ...REPEATED, value: "SERVICE", describe: "Service or tag: export this one and not all" },
    ...SOURCE_OPTIONS,
  },
  examples: [
    ["aircrate export app.auterionos | docker load", "the images of an application for Docker"],
    ["aircrate export app.auterionos --format oci -o app/", "as an image layout in a folder"],
  ],
  action: () => import("../actions/export.ts"),
};
