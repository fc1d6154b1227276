import { notRun, refusedError } from "../refuse.ts";
import type { RunStep } from "../types.ts";
import { NotComputed } from "./not-computed.ts";
import { shellOptions } from "./source.ts";

/**
 * A RUN in shell form is what its shell makes of it, which is known of sh, bash, dash and ash.
 *
 * @param argv the SHELL of the config at the RUN
 * @throws AircrateError input
 */
export function checkShell(step: RunStep, argv: readonly string[]): void {
  try {
    const { nounset } = shellOptions(argv);
    const [name] = nounset ? step.unset : [];
    if (name !== undefined)
      throw new NotComputed(`the variable ${name} is not set, which the -u of SHELL makes an error`);
  } catch (error) {
    if (!(error instanceof NotComputed)) throw error;
    const hint = `RUN: name the program with its arguments instead of a line for the shell: RUN ["mkdir", "-p", "/data"]`;
    throw refusedError([notRun(step, error.message, [hint])]);
  }
}
