import type { YamlProblem } from "../yaml/problems.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { child, valueAt } from "../yaml/value.ts";
import { OVERRIDES, servicesAt } from "./compose.ts";

/** Adds a problem at a JSON pointer. */
export type Report = (pointer: string, message: string, hint?: string) => void;

export function reporter({ document, problems }: { document: YamlDocument; problems: YamlProblem[] }): Report {
  return (pointer, message, hint) => {
    problems.push({ line: document.locate(pointer), message, ...(hint !== undefined && { hint }) });
  };
}

/** Where the keys of a service stand: in `compose-override` when it names them, else in `services`. */
export interface Places {
  readonly service: string;
  of(...path: (string | number)[]): string;
}

export function placesOf(name: string, document: YamlDocument): Places {
  const service = child(servicesAt(document), name);
  const override = child(OVERRIDES, name);
  return {
    service,
    of(...path) {
      const below = path.reduce<string>(child, "");
      return valueAt(document.value, override + below) === undefined ? service + below : override + below;
    },
  };
}
