import { storeFolder } from "../../lib/environment.ts";
import { AircrateError, findingLine } from "../../lib/error.ts";
import { importFiles } from "../../lib/import/import.ts";
import { readLocked } from "../../lib/lock/locked.ts";
import { listStore } from "../../lib/store/list.ts";
import { pruneStore } from "../../lib/store/prune.ts";
import { findStore } from "../../lib/store/survey.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import type { ImportArguments, JsonArgument, PruneArguments } from "../commands/store.ts";
import { withSignals } from "../signals.ts";
import { renderImport, renderListing, renderPruned, renderVerification } from "../ui/store.ts";
import { print, printJson } from "../ui/text.ts";
import { parseDuration, parseSize } from "../units.ts";

export async function list({ json }: JsonArgument): Promise<void> {
  const listing = await listStore(await openedStore());
  if (json) printJson(listing);
  else print(renderListing(listing));
}

export async function verify({ json }: JsonArgument): Promise<void> {
  const verification = await verifyStore(await openedStore());
  const { store, problems } = verification;
  if (json) printJson(verification);
  else if (problems.length === 0) print(renderVerification(verification));
  if (problems.length === 0) return;
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  throw new AircrateError("integrity", `the store had ${count}`, {
    where: store,
    reason: problems.map(findingLine),
    hint: "what was wrong is not used any more; the next build fetches or packs it anew",
  });
}

export async function prune(args: PruneArguments): Promise<void> {
  const olderThan = args["older-than"];
  const maxSize = args["max-size"];
  const locks = args["keep-lock"];
  const report = await pruneStore(await openedStore(), {
    ...(locks.length > 0 && { locked: await readLocked(locks) }),
    ...(olderThan !== undefined && { olderThan: parseDuration(olderThan) }),
    ...(maxSize !== undefined && { maxSize: parseSize(maxSize) }),
    dryRun: args["dry-run"],
  });
  if (args.json) printJson(report);
  else print(renderPruned(report));
}

export async function importImages(args: ImportArguments): Promise<void> {
  const options = { store: storeFolder(process.env), ...(args.as !== undefined && { as: args.as }) };
  const report = await withSignals((signal) => importFiles(args.files, { ...options, signal }));
  if (args.json) printJson(report);
  else print(renderImport(report));
}

function openedStore() {
  return findStore(storeFolder(process.env));
}
