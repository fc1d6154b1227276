import { type Command, JSON_OPTION } from "../command.ts";
import { FINISHED_FILE } from "../source.ts";

export interface InspectArguments {
  file: string;
  json: boolean;
}

export const inspectCommand: Command<InspectArguments> = {
  positionals: { file: FINISHED_FILE },
  options: JSON_OPTION,
  examples: [
    ["aircrate inspect app.auterionos", "show it for people"],
    ["aircrate inspect images.tar --json", "print it for programs"],
  ],
  action: () => import("../actions/inspect.ts"),
};
