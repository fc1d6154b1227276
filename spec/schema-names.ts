/** Files of which `aircrate schema` prints the schema, without `.yml`. */
export const SCHEMA_NAMES = ["auterion-app", "aircrate"] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];
