import type { Command } from "../command.ts";
import { SOURCE_OPTIONS } from "../source.ts";

export interface SaveArguments {
  names: string[];
  output?: string;
  platform?: string;
}

export const saveCommand: Command<SaveArguments> = {
  positionals: {
    names: {
      many: true,
      required: true,
      value: "IMAGE",
      describe: "Names of images, as NAME:TAG; aircrate image ls shows them",
    },
  },
  options: {
    output: { short: "o", value: "FILE", describe: "File to write", defaultDescription: "stdout" },
    platform: SOURCE_OPTIONS.platform,
  },
  examples: [
    ["aircrate save camera:2 gallery:2 | gzip > gallery.image", "both in one archive, what they share once"],
    ["aircrate save camera:2 -o camera.tar", "write a file"],
  ],
  action: () => import("../actions/save.ts"),
};
