import { SCHEMA_NAMES, type SchemaName } from "../../spec/schema-names.ts";
import type { Command } from "../command.ts";

export interface SchemaArguments {
  name: SchemaName;
}

export const schemaCommand: Command<SchemaArguments> = {
  command: "schema [name]",
  describe: "Print the JSON Schema of auterion-app.yml or aircrate.yml, for editors",
  builder: (yargs) =>
    yargs
      .positional("name", {
        choices: SCHEMA_NAMES,
        default: SCHEMA_NAMES[0],
        describe: "File that the schema is of, without .yml",
      })
      .example(
        "$0 schema > auterion-app.schema.json",
        "write it to a file, and name that in the manifest's first line:",
      )
      .example("# yaml-language-server: $schema=auterion-app.schema.json", ""),
  action: () => import("../actions/schema.ts"),
};
