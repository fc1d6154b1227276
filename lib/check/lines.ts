import type { CheckFinding } from "../../spec/check.ts";

/** `file:line: warning AC009: …`, as compilers write it, so that editors find the place; then why, and what to do. */
export function checkFindingLines({ severity, code, where, message, reason, hint }: CheckFinding): string[] {
  const place = where === undefined ? "" : `${where}: `;
  const number = code === undefined ? "" : ` ${code}`;
  return [
    `${place}${severity}${number}: ${message}`,
    ...reason.map((line) => `  ${line}`),
    ...hint.map((line) => `  -> ${line}`),
  ];
}
