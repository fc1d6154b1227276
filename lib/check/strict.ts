import { AircrateError } from "../error.ts";
import { type CheckOptions, checkProject } from "./check.ts";
import { checkFindingLines } from "./lines.ts";

/** Takes a project only when nothing is found wrong with it. @throws AircrateError input; as `checkProject` */
export async function requireClean(dir: string, options: Omit<CheckOptions, "strict">): Promise<void> {
  const { findings, problems } = await checkProject(dir, { ...options, strict: true });
  if (problems === 0) return;
  throw new AircrateError("input", `check found ${problems} problem${problems === 1 ? "" : "s"}`, {
    where: dir,
    reason: findings.flatMap(checkFindingLines),
  });
}
