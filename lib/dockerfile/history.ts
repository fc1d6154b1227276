import type { ContainerConfig } from "../../spec/oci-config.ts";
import { argvOf } from "./argv.ts";
import { formatDuration } from "./duration.ts";
import type { CopyStep, Health, RunStep, Step } from "./types.ts";

/**
 * `created_by` of a step as BuildKit writes it, to be shown by `docker history`, but without the ` # buildkit` that it
 * puts behind instructions with files: it was not BuildKit. Owner and mode of COPY are written as numbers where they are.
 *
 * @param config the config after the step
 */
export function createdBy(step: Step, config: ContainerConfig): string {
  switch (step.kind) {
    case "copy":
      return copyText(step);
    case "run":
      return runText(step, config);
    case "env":
    case "label":
      return `${step.kind.toUpperCase()} ${step.entries.map(([name, value]) => `${name}=${value}`).join(" ")}`;
    case "arg":
      return `ARG ${step.entries.map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join(" ")}`;
    case "workdir":
      return `WORKDIR ${config.WorkingDir}`;
    case "user":
      return `USER ${step.user}`;
    case "cmd":
      return `CMD ${quotedList(config.Cmd ?? [])}`;
    case "entrypoint":
      return `ENTRYPOINT ${quotedList(config.Entrypoint ?? [])}`;
    case "expose":
      return `EXPOSE [${step.ports.join(" ")}]`;
    case "volume":
      return `VOLUME [${step.paths.join(" ")}]`;
    case "shell":
      return `SHELL [${step.argv.join(" ")}]`;
    case "stopsignal":
      return `STOPSIGNAL ${step.signal}`;
    case "maintainer":
      return `MAINTAINER ${step.name}`;
    case "healthcheck":
      return `HEALTHCHECK ${healthText(step.health)}`;
  }
}

function copyText({ sources, destination, chown, chmod }: CopyStep): string {
  const owner = chown === undefined ? [] : [`--chown=${[chown.user, chown.group ?? []].flat().join(":")}`];
  const mode = chmod === undefined ? [] : [`--chmod=${chmod.toString(8).padStart(3, "0")}`];
  return ["COPY", ...owner, ...mode, ...sources, destination].join(" ");
}

/** The arguments that it sees stand in front, behind their number. */
function runText({ command, declared }: RunStep, config: ContainerConfig): string {
  const args = declared.map(([name, value]) => `${name}=${value}`);
  return ["RUN", ...(args.length > 0 ? [`|${args.length}`, ...args] : []), ...argvOf(command, config)].join(" ");
}

/** Go's `%+v` of a health check. */
function healthText({
  test,
  interval = 0,
  timeout = 0,
  startPeriod = 0,
  startInterval = 0,
  retries = 0,
}: Health): string {
  const times = [
    `Interval:${formatDuration(interval)}`,
    `Timeout:${formatDuration(timeout)}`,
    `StartPeriod:${formatDuration(startPeriod)}`,
    `StartInterval:${formatDuration(startInterval)}`,
  ];
  return `{Test:[${test.join(" ")}] ${times.join(" ")} Retries:${retries}}`;
}

/** Go's `%q` of a list of strings. */
function quotedList(words: readonly string[]): string {
  return `[${words.map(quote).join(" ")}]`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
]);

/** Characters that are not assigned yet stay as they are: which these are differs between versions of Node. */
function quote(text: string): string {
  const inner = text.replace(/["\\]|[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (character) => {
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    if (code < 0x80) return ESCAPES.get(character) ?? `\\x${hex.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
  return `"${inner}"`;
}
