import type { Command } from "../command.ts";

export interface InspectArguments {
  file: string;
  json: boolean;
}

export const inspectCommand: Command<InspectArguments> = {
  command: "inspect <file>",
  describe: "Show what is in a file: services, images, layers, payload",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: ".auterionos file, docker-archive or OCI image layout, of any origin",
      })
      .options({ json: { type: "boolean", default: false, describe: "Print the description as JSON" } }),
  action: () => import("../actions/inspect.ts"),
};
