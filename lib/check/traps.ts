import { posix } from "node:path";
import type { TrapCode } from "../../spec/traps.ts";
import { messagesTar } from "../app/logging-tar.ts";
import { placesOf } from "../app/places.ts";
import { AircrateError, type Problem } from "../error.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { child, isMap, type JsonMap, type JsonValue, valueAt } from "../yaml/value.ts";

interface TrapContext {
  /** Absolute path of the project folder. */
  readonly directory: string;
  /** The Compose file of the application; none when the manifest is wrong. */
  readonly compose: JsonMap | undefined;
}

interface Trap {
  readonly pointer: string;
  readonly what: string;
  readonly hint: string;
}

/** The traps that a manifest by itself shows. What it says may be wrong in any way: such parts are passed over. */
export async function manifestTraps(document: YamlDocument, context: TrapContext): Promise<Problem[]> {
  const found: [TrapCode, Trap][] = [
    ...tagged("AC001", apiVersion(document)),
    ...tagged("AC002", target(document)),
    ...tagged("AC003", version(document)),
    ...tagged("AC009", logs(document, context)),
    ...tagged("AC010", staticRoots(document)),
    ...tagged("AC011", await messagePaths(document, context)),
  ];
  return found.map(([trap, { pointer, what, hint }]) => ({
    ...{ where: `${document.file}:${document.locate(pointer)}`, what, hint: [hint], trap },
  }));
}

function tagged(code: TrapCode, traps: Iterable<Trap>): [TrapCode, Trap][] {
  return [...traps].map((trap) => [code, trap]);
}

function* apiVersion({ value }: YamlDocument): Generator<Trap> {
  const pointer = "/auterion-api-version";
  if (valueAt(value, pointer) !== 7) return;
  yield {
    pointer,
    what: "API version 7 is reported to fail on AuterionOS 4.1 when it is installed (one report: 4.1.17, Skynode S)",
    hint: "set it to 6 unless every device has a later AuterionOS: nothing that 7 adds is known",
  };
}

function* target({ value }: YamlDocument): Generator<Trap> {
  const pointer = "/target-platform";
  if (valueAt(value, pointer) !== "skynode-s") return;
  yield {
    pointer,
    what: "`target-platform: skynode-s` as a text is reported to fail when it is installed (one report)",
    hint: "write a list: [skynode, skynode-s]",
  };
}

/** What YAML 1.2 reads as a number and YAML 1.1, by whose rules manifests are read here, does not. */
const LATER_NUMBER = /^(?:0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$/;

function* version(document: YamlDocument): Generator<Trap> {
  const pointer = "/app-version";
  const source = document.source(pointer);
  if (source === undefined || !LATER_NUMBER.test(source) || !document.isPlain(pointer)) return;
  // With --app-version the text of the file says nothing; what is a number here already is told with the other types.
  if (source !== valueAt(document.value, pointer)) return;
  yield {
    pointer,
    what: `\`${source}\` is a text for some readers of YAML and a number for others`,
    hint: `put it in quotes: app-version: "${source}"`,
  };
}

/** Where a project may say something to compose: an app.yml is a Compose file itself. */
function composeAt({ value }: YamlDocument): string {
  const version = valueAt(value, "/auterion-api-version");
  return version === undefined ? "" : version === 0 ? "compose." : "compose-override.";
}

const LIMITED = 'logging: { driver: json-file, options: { max-size: 10m, max-file: "3" } }';

function* logs(document: YamlDocument, { compose }: TrapContext): Generator<Trap> {
  if (compose === undefined) return;
  for (const [name, service] of Object.entries(compose.services as JsonMap)) {
    const logging = valueAt(service, "/logging");
    const driver = valueAt(logging ?? null, "/driver") ?? "json-file";
    if (driver !== "json-file" || valueAt(logging ?? null, "/options/max-size") !== undefined) continue;
    yield {
      pointer: placesOf(name, document).of("logging"),
      what: `the log of \`${name}\` grows without limit and can fill the device's storage`,
      hint: `below ${composeAt(document)}services.${name}: ${LIMITED}`,
    };
  }
}

function* staticRoots({ value }: YamlDocument): Generator<Trap> {
  for (const [service, at] of entriesAt(value, "/services")) {
    for (const [pattern, endpoint] of entriesAt(value, child(at, "http"))) {
      const pointer = child(endpoint, "static-root");
      const root = valueAt(value, pointer);
      if (typeof root !== "string" || `${posix.normalize(root)}/`.startsWith("/data/")) continue;
      yield {
        pointer,
        what: `static-root \`${root}\` of \`${service}\` at \`${pattern}\` is not in /data, where it must lie`,
        hint: "serve a folder such as /data/www, and let the service put its files there",
      };
    }
  }
}

async function messagePaths(document: YamlDocument, { directory }: TrapContext): Promise<Trap[]> {
  const at = "/logging/msg-paths";
  const value = valueAt(document.value, at);
  const paths = typeof value === "string" ? [[at, value] as const] : Array.isArray(value) ? listed(at, value) : [];
  const found: Trap[] = [];
  for (const [pointer, path] of paths) {
    if (typeof path !== "string" || !(await isEmpty(path, directory))) continue;
    found.push({
      pointer,
      what: `the message path \`${path}\` has no messages`,
      hint: "put the definitions into its folder `msg` as NAME.msg, or take it out of msg-paths",
    });
  }
  return found;
}

function listed(at: string, values: readonly JsonValue[]): (readonly [pointer: string, value: JsonValue])[] {
  return values.map((value, i) => [child(at, i), value] as const);
}

async function isEmpty(path: string, directory: string): Promise<boolean> {
  try {
    return (await messagesTar({ directory, paths: [{ path, where: "" }], epoch: 0 })) === undefined;
  } catch (error) {
    // That it cannot be used is told where the payload is checked.
    if (error instanceof AircrateError) return false;
    throw error;
  }
}

function entriesAt(root: JsonValue, pointer: string): [key: string, pointer: string][] {
  const map = valueAt(root, pointer);
  return isMap(map) ? Object.keys(map).map((key) => [key, child(pointer, key)]) : [];
}
