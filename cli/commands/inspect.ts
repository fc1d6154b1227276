import { type Command, JSON_OPTION } from "../command.ts";

export interface InspectArguments {
  file: string;
  json: boolean;
}

export const inspectCommand: Command<InspectArguments> = {
  positionals: {
    file: {
      required: true,
      value: "FILE",
      describe: ".auterionos file, docker-archive or OCI image layout, of any origin",
    },
  },
  options: JSON_OPTION,
  examples: [
    ["aircrate inspect app.auterionos", "show it for people"],
    ["aircrate inspect images.tar --json", "print it for programs"],
  ],
  action: () => import("../actions/inspect.ts"),
};
