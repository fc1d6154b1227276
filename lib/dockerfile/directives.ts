import { fault } from "./fault.ts";
import { trim, trimStart } from "./space.ts";
import type { Escape } from "./types.ts";

/** The parser directives of a Dockerfile, after their defaults. */
export interface Directives {
  readonly escapeChar: Escape;
  /** The frontend that the file asks for, as written. */
  readonly syntax?: string;
  /** Options of Docker's linter, as written. */
  readonly check?: string;
}

/** Takes one physical line after the other, and says what the directives were so far. */
export interface DirectiveReader {
  take(line: string, where: string): void;
  directives(): Directives;
}

const NAMES: ReadonlySet<string> = new Set(["syntax", "escape", "check"]);
const NAME = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=/;

/**
 * Reads parser directives as BuildKit does (docs: "Parser directives"): only above everything else, so that a blank
 * line, another comment, an unknown directive or an instruction ends them; names in any case; none of them twice.
 */
export function directiveReader(): DirectiveReader {
  const found = new Map<string, string>();
  let open = true;
  return {
    take(line, where) {
      if (!open) return;
      const directive = directiveOf(line);
      if (directive === undefined) {
        open = false;
        return;
      }
      const [name, value] = directive;
      if (found.has(name)) throw fault(where, `the parser directive "${name}" is given twice`);
      check(name, value, where);
      found.set(name, value);
    },
    directives() {
      const syntax = found.get("syntax");
      const check = found.get("check");
      return {
        escapeChar: found.get("escape") === "`" ? "`" : "\\",
        ...(syntax !== undefined && { syntax }),
        ...(check !== undefined && { check }),
      };
    },
  };
}

function directiveOf(line: string): readonly [name: string, value: string] | undefined {
  if (!line.startsWith("#")) return undefined;
  const text = trimStart(line.slice(1));
  const match = NAME.exec(text);
  const name = match?.[1]?.toLowerCase();
  if (match === null || name === undefined || !NAMES.has(name)) return undefined;
  const rest = text.slice(match[0].length);
  return rest === "" ? undefined : [name, trim(rest)];
}

function check(name: string, value: string, where: string): void {
  if (name === "escape" && value !== "\\" && value !== "`") {
    throw fault(where, `the escape character can be \\ or \`, not "${value}"`);
  }
  if (name === "syntax" && !isDockerfileFrontend(value)) {
    throw fault(where, `the syntax "${value}" is another language than Dockerfile`, {
      reason: "a frontend is a program that reads the file in its own way; only docker/dockerfile is read here",
      hint: "write # syntax=docker/dockerfile:1, or leave the line out",
    });
  }
}

/** Docker's own frontend, of any version and from any mirror. */
function isDockerfileFrontend(value: string): boolean {
  const reference = value.split(" ", 1)[0]!.split("@", 1)[0]!;
  const last = reference.slice(reference.lastIndexOf("/") + 1).split(":", 1)[0];
  return last === "dockerfile" || last === "dockerfile-upstream" || reference === "dockerfile.v0";
}
