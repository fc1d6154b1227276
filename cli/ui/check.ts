import type { CheckFinding, CheckReport } from "../../spec/check.ts";
import { counted } from "./text.ts";

/** Each finding with what to do, then how many there are. */
export function renderCheck({ project, findings, problems, warnings }: CheckReport): string {
  const counts = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return `${findings.map(renderFinding).join("")}${project}: ${counts.join(" and ") || "ok"}\n`;
}

/** `file:line: warning AC009: …`, as compilers write it, so that editors find the place. */
export function renderFinding({ severity, code, where, message, reason, hint }: CheckFinding): string {
  const place = where === undefined ? "" : `${where}: `;
  const number = code === undefined ? "" : ` ${code}`;
  const lines = [`${place}${severity}${number}: ${message}`];
  lines.push(...reason.map((line) => `  ${line}`), ...hint.map((line) => `  -> ${line}`));
  return lines.map((line) => `${line}\n`).join("");
}
