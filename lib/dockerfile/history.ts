import type { ContainerConfig } from "../../spec/oci-config.ts";
import { argvOf } from "./argv.ts";
import { formatDuration } from "./duration.ts";
import type { AddStep, CopyStep, Health, RunStep, Step } from "./types.ts";

/**
 * `created_by` of a step as BuildKit writes it, to be shown by `docker history`, but without the ` # buildkit` that it
 * puts behind instructions with files: it was not BuildKit. Owner and mode of COPY are written as numbers where they are.
 *
 * @param config the config after the step
 */
export function createdBy(step: Step, config: ContainerConfig): string {
  switch (step.kind) {
    case "copy":
    case "add":
      return transferText(step);
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

/** As BuildKit, what it is copied from and what it is checked by is left out. */
function transferText(step: CopyStep | AddStep): string {
  const { kind, sources, texts, destination, chown, chmod } = step;
  const parents = kind === "copy" && step.parents ? ["--parents"] : [];
  const owner = chown === undefined ? [] : [`--chown=${[chown.user, chown.group ?? []].flat().join(":")}`];
  const mode = chmod === undefined ? [] : [`--chmod=${modeText(chmod.text)}`];
  const documents = texts.map(({ name }) => `<<${name}`);
  return [kind.toUpperCase(), ...parents, ...owner, ...mode, ...sources, ...documents, destination].join(" ");
}

function modeText(text: string): string {
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8).toString(8).padStart(3, "0") : text;
}

/** In front stands what each declared ARG is, as it may change what the command does. */
function runText({ command, declared }: RunStep, config: ContainerConfig): string {
  const args = declared.map(([name, value]) => `${name}=${value}`);
  const count = args.length === 0 ? [] : [`|${args.length}`];
  return ["RUN", ...count, ...args, ...argvOf(command, config)].join(" ");
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
