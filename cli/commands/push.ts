import { type Command, inGroup, JSON_OPTION } from "../command.ts";
import { DIRECT_OPTIONS, type DirectArguments } from "../network.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";
import { SOURCE_OPTIONS, type SourceArguments } from "../source.ts";

export interface PushArguments extends DirectArguments, SourceArguments, ProgressArguments {
  source: string;
  references: string[];
  json: boolean;
}

export const pushCommand: Command<PushArguments> = {
  positionals: {
    source: {
      required: true,
      value: "IMAGE",
      describe: "Image of the store as NAME:TAG, .auterionos file, docker-archive or OCI image layout",
    },
    references: {
      many: true,
      value: "REFERENCE",
      describe:
        "Where it goes: of an image REGISTRY/REPOSITORY:TAG, by default its own name; of a file REGISTRY/NAMESPACE, below which its images keep their names",
    },
  },
  options: { ...inGroup("Source", SOURCE_OPTIONS), ...PROGRESS_OPTIONS, ...JSON_OPTION, ...DIRECT_OPTIONS },
  about: "What the registry has already is not sent.",
  examples: [
    ["aircrate push camera:2 registry.example.com/team/camera:2", "an image of the store"],
    ["aircrate push app.auterionos registry.example.com/team", "all images of a file, each under its own name"],
  ],
  action: () => import("../actions/push.ts"),
};
