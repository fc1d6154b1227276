import { type Command, JSON_OPTION } from "../command.ts";
import { PULLING_OPTIONS, type PullingArguments } from "../making.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";
import { IMAGE_SOURCE, REFERENCE_PLATFORM } from "../source.ts";

export interface DiffArguments extends PullingArguments, ProgressArguments {
  a: string;
  b: string;
  platform: string;
  all: boolean;
  "exit-code": boolean;
  json: boolean;
}

export const diffCommand: Command<DiffArguments> = {
  positionals: {
    a: IMAGE_SOURCE,
    b: { required: true, value: "FILE", describe: "The same, of any kind; what is new is in it" },
  },
  options: {
    all: { type: "boolean", describe: "Show all layers and files that differ, and not only some" },
    "exit-code": { type: "boolean", describe: "End with status 9 when the two differ" },
    ...JSON_OPTION,
    ...REFERENCE_PLATFORM,
    ...PROGRESS_OPTIONS,
    ...PULLING_OPTIONS,
  },
  about: "Tells, too, whether a thin update leads from A to B, and how large it is.",
  examples: [
    ["aircrate diff app-1.0.auterionos app-1.1.auterionos", "two versions of an application"],
    ["aircrate diff app.auterionos gallery.tar", "a package and what docker save wrote"],
    ["aircrate diff arm64v8/python:3.11-slim arm64v8/python:3.12-slim", "two images of a registry"],
    ["aircrate diff --exit-code ./old.tar ./new.tar", "status 0: nothing differs, 9: something does"],
  ],
  action: () => import("../actions/diff.ts"),
};
