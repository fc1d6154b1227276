import { AircrateError } from "../error.ts";
import { formatPlatform, type Platform, parsePlatform, platformMatch } from "../platform.ts";
import { excerpt, fault } from "./fault.ts";
import { remoteKind } from "./remote.ts";
import { computeRun } from "./run/compute.ts";
import { approximateScript } from "./run/source.ts";
import { type RunSetting, runHints } from "./runhints.ts";
import type { AddInstruction, Instruction, Located, RunInstruction, Stage } from "./types.ts";

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
      return [addRefusal(instruction) ?? []].flat();
    case "onbuild":
      return [{ where, shown: excerpt(text), why: "ONBUILD is not supported", hints: [ONBUILD_HINT] }];
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
    problems: refusals.map(({ where, shown, why, hints }) => ({ where, what: `${shown}: ${why}`, hint: hints })),
  });
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

/**
 * Why an ADD is not done, by what its sources and its checksum are; without them, by those that need no substitution to
 * tell. Sources are shown as they are written: the value of a variable may be a secret.
 */
export function addRefusal(
  add: AddInstruction,
  { sources, checksum = "" }: Pick<AddInstruction, "sources" | "checksum"> = add,
): Refusal | undefined {
  const { where, text } = add;
  const destination = excerpt(add.destination, 60);
  const refuse = (why: string, hint: string): Refusal => ({
    where,
    shown: excerpt(text),
    why,
    hints: [`ADD: ${hint}`],
  });
  for (const [i, source] of sources.entries()) {
    const kind = remoteKind(source);
    const shown = excerpt(add.sources[i]!, 200);
    if (kind === "other") return refuse("only http and https are fetched", "download on the host, and COPY the file");
    if (kind === "git") {
      return refuse(
        "Git repositories are not supported",
        `clone on the host at a fixed commit, and here "COPY FOLDER/ ${destination}"`,
      );
    }
    if (kind !== "http" || checksum !== "") continue;
    const line =
      sources.length === 1
        ? excerpt(`ADD --checksum=sha256:DIGEST${text.slice("ADD".length).replace(/ --checksum=\S*/, "")}`, 300)
        : `ADD --checksum=sha256:DIGEST ${shown} ${destination}`;
    return refuse(
      "what is fetched must be pinned by --checksum",
      `"curl -fL ${shown} | sha256sum" gives the digest; here "${line}"`,
    );
  }
  return undefined;
}

function runRefusals(run: RunInstruction, setting: RunSetting): Refusal[] {
  const computed = computeRun(run);
  return "reason" in computed ? runRefusal(run, computed.reason, setting) : [];
}

/** Why a RUN is not done: the reason is that of `computeRun`. */
export function runRefusal(run: RunInstruction, reason: string, setting: RunSetting): [Refusal] {
  return [notRun(run, reason, runHints(approximateScript(run), setting))];
}

/** A RUN that is not done. Which program it calls is seen; what else is in its way is said. */
export function notRun({ where, text }: Located, reason: string, hints: readonly string[]): Refusal {
  const why = reason.endsWith(" is a program") ? NO_RUN : `nothing is executed here, and ${reason}`;
  return { where, shown: excerpt(text), why, hints };
}
