import { AircrateError } from "../error.ts";
import { formatPlatform, type Platform, parsePlatform, platformMatch } from "../platform.ts";
import { excerpt, fault } from "./fault.ts";
import { computeRun } from "./run/compute.ts";
import type { Lookup } from "./run/expand.ts";
import { commandOf } from "./run/source.ts";
import { type RunSetting, runHints } from "./runhints.ts";
import type { AddInstruction, CopyInstruction, Instruction, Located, RunInstruction, Stage } from "./types.ts";

/** An instruction that is valid but not done: what is said about it. */
export interface Refusal {
  readonly where: string;
  /** The instruction, shortened. */
  readonly shown: string;
  readonly why: string;
  readonly hints: readonly string[];
}

const ONBUILD_HINT = "ONBUILD: it acts in the images built FROM this one; write the instruction in their Dockerfiles";
const NO_RUN = "RUN executes programs of the image, and nothing is executed here";

/** Why an instruction is not done, and what does the same; nothing for one that is done. */
export function refusalOf(instruction: Instruction, setting: RunSetting): Refusal[] {
  const { where, text } = instruction;
  switch (instruction.kind) {
    case "run":
      return runRefusals(instruction, setting);
    case "add":
      return [{ where, shown: excerpt(text), why: "ADD is not supported", hints: [addHint(instruction)] }];
    case "onbuild":
      return [{ where, shown: excerpt(text), why: "ONBUILD is not supported", hints: [ONBUILD_HINT] }];
    case "copy":
      return copyRefusal(instruction);
    default:
      return [];
  }
}

/** One error for all refusals of a file: the first is its first line, the others are its reason. */
export function refusedError(refusals: readonly [Refusal, ...Refusal[]]): AircrateError {
  const [first, ...others] = refusals;
  const lines = new Map<string, Set<string>>();
  for (const { where, hints } of refusals) {
    const line = where.slice(where.lastIndexOf(":") + 1);
    for (const hint of hints) lines.set(hint, (lines.get(hint) ?? new Set()).add(line));
  }
  return new AircrateError("input", `${first.shown}: ${first.why}`, {
    where: first.where,
    reason: others.map(({ where, shown, why }) => `${where}: ${shown}${why === first.why ? "" : `: ${why}`}`),
    hint: [...lines].map(([hint, at]) => `line${at.size > 1 ? "s" : ""} ${[...at].join(", ")}, ${hint}`),
  });
}

function copyRefusal(copy: CopyInstruction): Refusal[] {
  const refuse = (what: string, hint: string): Refusal[] => [
    { where: copy.where, shown: excerpt(copy.text), why: `${what} is not supported`, hints: [hint] },
  ];
  if (copy.from !== undefined) {
    return refuse(
      "--from",
      "COPY --from: have the files in the build context and COPY them from there, or start FROM the stage or image that has them",
    );
  }
  if (copy.heredocs.length > 0) {
    return refuse(
      "a here-document",
      `COPY <<: write the text to a file in the build context, and here "COPY FILE ${excerpt(copy.destination, 60)}"`,
    );
  }
  if (copy.parents) {
    return refuse("--parents", 'COPY --parents: write one COPY for each folder: "COPY a/b/ DESTINATION/a/b/"');
  }
  if (copy.excludes.length > 0) {
    return refuse("--exclude", "COPY --exclude: name what is needed, or copy a folder that has only that");
  }
  return [];
}

/** A stage is of the target's platform: with nothing executed, no other one has a use. */
export function platformRefusal({ platform, context, where, text }: Stage): Refusal[] {
  if (platform === undefined || isTarget(platform, context.platform, where)) return [];
  const why = `${excerpt(platform, 40)} is not the platform that is built, ${formatPlatform(context.platform)}`;
  return [
    { where, shown: excerpt(text), why, hints: ["FROM --platform: leave it out, or write --platform=$TARGETPLATFORM"] },
  ];
}

const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["aarch64", "arm64"],
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
]);

/** A platform is `linux/arm64/v8`, with or without the variant, or an architecture or a system alone. */
function isTarget(text: string, target: Platform, where: string): boolean {
  const [first = "", second, ...variant] = text.toLowerCase().split("/");
  const alias = (name: string) => ARCHITECTURES.get(name) ?? name;
  if (second === undefined) return first === target.os || alias(first) === target.architecture;
  try {
    return platformMatch(target, parsePlatform([first, alias(second), ...variant].join("/"))) > 0;
  } catch (cause) {
    throw fault(where, `"${excerpt(text, 40)}" is not a platform`, { cause, hint: "write it as linux/arm64" });
  }
}

const ARCHIVE = /\.(?:tar|tar\.\w+|tgz|tbz2?|txz|tzst)$/i;

function addHint(add: AddInstruction): string {
  const destination = excerpt(add.destination, 60);
  for (const source of add.sources) {
    if (/^(?:git@|git:\/\/|ssh:\/\/)|\.git(?:#|$)/.test(source)) {
      return `ADD: clone on the host at a fixed commit, and here "COPY FOLDER/ ${destination}"`;
    }
    if (/^https?:\/\//.test(source)) {
      const file = source.slice(source.lastIndexOf("/") + 1) || "FILE";
      return `ADD: download on the host and check what came: "curl -fLo ${file} ${excerpt(source, 200)}", "sha256sum ${file}", and here "COPY ${file} ${destination}"`;
    }
    if (ARCHIVE.test(source)) {
      return `ADD: unpack on the host: "mkdir -p rootfs && tar -xf ${source} -C rootfs", and here "COPY rootfs/ ${destination}"`;
    }
  }
  if (add.heredocs.length > 0) return "ADD: write the text to a file in the build context and COPY it";
  if (add.options.length > 0 || add.excludes.length > 0)
    return "ADD: COPY does the same for local files; it has no such options";
  return `ADD: these are local files and no archives, so COPY does it: "${excerpt(`COPY${add.text.slice(3)}`, 200)}"`;
}

/**
 * Why a RUN is not done. Which program it calls is seen; what else is in its way is said.
 *
 * @param lookup variables as the RUN sees them, where they are known
 */
export function runRefusals(run: RunInstruction, setting: RunSetting, lookup?: Lookup): Refusal[] {
  const computed = computeRun(run, lookup);
  if (!("reason" in computed)) return [];
  return [notRun(run, computed.reason, runHints(scriptOf(run), setting))];
}

/** A RUN that is not done for a reason that `computeRun` gives or that lies in the config. */
export function notRun({ where, text }: Located, reason: string, hints: readonly string[]): Refusal {
  const why = reason.endsWith(" is a program") ? NO_RUN : `nothing is executed here, and ${reason}`;
  return { where, shown: excerpt(text), why, hints };
}

/** What a RUN gives to a shell, or an approximation of what it calls. */
function scriptOf(run: RunInstruction): string {
  const command = commandOf(run);
  if (command.form === "shell") return command.command;
  const [program, option, script] = command.argv;
  const isShell = program !== undefined && /(?:^|\/)(?:ba|da|a)?sh$/.test(program);
  if (isShell && option?.startsWith("-") && option.endsWith("c") && script !== undefined) return script;
  return command.argv.map((word) => `'${word.replaceAll("'", "")}'`).join(" ");
}
