import { checkFindingLines } from "../../lib/check/lines.ts";
import type { CheckReport } from "../../spec/check.ts";
import { counted } from "./text.ts";

/** Each finding with what to do, then how many there are. */
export function renderCheck({ project, findings, problems, warnings }: CheckReport): string {
  const counts = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  const lines = findings.flatMap(checkFindingLines).map((line) => `${line}\n`);
  return `${lines.join("")}${project}: ${counts.join(" and ") || "ok"}\n`;
}
