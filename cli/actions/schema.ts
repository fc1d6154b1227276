import { jsonSchema } from "../../spec/json-schema.ts";
import type { SchemaArguments } from "../commands/schema.ts";
import { printJson } from "../ui/text.ts";

export async function run({ name }: SchemaArguments): Promise<void> {
  printJson(jsonSchema(name));
}
