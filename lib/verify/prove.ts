import { AircrateError, findingLine } from "../error.ts";
import type { Verification } from "./verify.ts";

/** @throws AircrateError integrity when there are problems */
export function requireProved({ problems, inspection }: Verification): void {
  if (problems.length === 0) return;
  throw new AircrateError(
    "integrity",
    `verify found ${problems.length === 1 ? "a problem" : `${problems.length} problems`}`,
    {
      where: inspection.file,
      reason: problems.map(findingLine),
      hint: "do not install the file; build or fetch it again",
    },
  );
}

/** @throws AircrateError integrity when there are problems; input when it is nothing that a device installs */
export function requireInstallable(verification: Verification): void {
  requireProved(verification);
  const { file, kind } = verification.inspection;
  if (kind === "auterionos") return;
  throw new AircrateError("input", "is no .auterionos file", {
    where: file,
    reason: `it is of kind ${kind}`,
    hint: "aircrate build writes one",
  });
}
