import { SCHEMA_NAMES, type SchemaName } from "../../spec/schema-names.ts";
import type { Command } from "../command.ts";

export interface SchemaArguments {
  name: SchemaName;
}

export const schemaCommand: Command<SchemaArguments> = {
  about:
    "An editor finds it by the first line of the manifest: # yaml-language-server: $schema=auterion-app.schema.json",
  positionals: {
    name: {
      choices: SCHEMA_NAMES,
      default: SCHEMA_NAMES[0],
      describe: "File that the schema is of, without .yml",
    },
  },
  examples: [
    ["aircrate schema > auterion-app.schema.json", "that of auterion-app.yml"],
    ["aircrate schema aircrate > aircrate.schema.json", "that of aircrate.yml"],
  ],
  action: () => import("../actions/schema.ts"),
};
