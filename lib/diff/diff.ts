import type { DiffReport, DiffSide } from "../../spec/diff.ts";
import { type Contents, type ContentsOptions, readContents } from "../contents/contents.ts";
import { AircrateError, findingLine } from "../error.ts";
import { verifyFound } from "../verify/verify.ts";
import { compareFacts, comparePayload, factsOfApplication } from "./facts.ts";
import { createChangeList } from "./files.ts";
import { compareUnits } from "./images.ts";
import { matchUnits } from "./match.ts";
import { forecastThin, type Proven } from "./thin.ts";

/**
 * What differs between two finished files, or images by reference, of any kinds. Files are proved first, as by `verify`:
 * what is compared is what they hold.
 *
 * @throws AircrateError integrity when a file is not right; as `readContents`
 */
export async function diff(from: string, to: string, options: ContentsOptions): Promise<DiffReport> {
  return compare(await readProven(from, options), await readProven(to, options));
}

async function readProven(name: string, options: ContentsOptions): Promise<Proven> {
  const contents = await readContents(name, options);
  if (contents.found === undefined) return { contents };
  const verification = verifyFound(contents.found);
  const { problems } = verification;
  if (problems.length === 0) return { contents, verification };
  throw new AircrateError("integrity", "the file is not right", {
    where: name,
    reason: problems.slice(0, MAX_REASONS).map(findingLine),
    hint: `aircrate verify ${name} tells all that is wrong`,
  });
}

const MAX_REASONS = 20;

function compare(from: Proven, to: Proven): DiffReport {
  const [one, other] = [from.contents, to.contents];
  const [before, after] = [one.inspection, other.inspection];
  const packages = before.artifact && after.artifact;
  const application = packages ? compareFacts(factsOfApplication(before), factsOfApplication(after)) : [];
  const payload = before.artifact && after.artifact ? comparePayload(before.artifact, after.artifact) : [];
  const context = { from: one, to: other, listed: createChangeList() };
  const images = matchUnits(one, other).map((pair) => compareUnits(pair, context));
  const thin = forecastThin(from, to);
  return {
    version: 1,
    ...{ from: sideOf(one), to: sideOf(other) },
    different: application.length > 0 || payload.length > 0 || images.some(({ change }) => change !== "same"),
    ...{ application, payload, images },
    ...(thin !== undefined && { thin }),
  };
}

function sideOf({ name, inspection }: Contents): DiffSide {
  const { kind, form, totals, images } = inspection;
  return { name, kind, form, size: totals.file, images: images.length };
}
