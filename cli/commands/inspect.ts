import type { Command } from "../command.ts";

interface InspectArguments {
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
  run: async (args) => {
    const { inspectFile } = await import("../../lib/inspect/inspect.ts");
    const inspection = await inspectFile(args.file);
    if (args.json) {
      process.stdout.write(`${JSON.stringify(inspection, null, 2)}\n`);
      return;
    }
    const { renderInspection } = await import("../ui/inspection.ts");
    const { print } = await import("../ui/text.ts");
    print(renderInspection(inspection));
  },
};
