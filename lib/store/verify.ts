import { lstat, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { decodeJson } from "../../spec/decode.ts";
import type { Finding } from "../../spec/inspection.ts";
import { Index, LayoutMarker } from "../../spec/oci.ts";
import type { ReferenceRecord } from "../../spec/store.ts";
import type { StoreVerification } from "../../spec/store-reports.ts";
import { compareBytes } from "../bytes.ts";
import { type Digest, LAYOUT_MARKER } from "../digest.ts";
import { systemCode } from "../error.ts";
import { createLimit } from "../limit.ts";
import { shareSegments } from "../tar/shared.ts";
import { digestStream } from "../workers/digest.ts";
import { createWorkPool, type WorkPool, type WorkPoolOptions } from "../workers/pool.ts";
import { FileChangedError } from "../workers/segment-reader.ts";
import { quarantineBlob, type Store, writeWhole } from "./layout.ts";
import { amountOf } from "./list.ts";
import { createReach } from "./reach.ts";
import { writeIndex } from "./records.ts";
import { type StoredFile, type Survey, surveyStore } from "./survey.ts";

/**
 * Reads the whole store and proves it: every blob against its digest, every record against its blob. What is wrong is
 * told and, where the store may be written to, made harmless: damaged blobs go into quarantine and untrue records are
 * removed, so that the next build fetches or packs anew what it needs of them, and verifying again finds nothing.
 *
 * @throws AircrateError unreachable when the store cannot be read
 */
export async function verifyStore(store: Store, work: WorkPoolOptions = {}): Promise<StoreVerification> {
  const survey = await surveyStore(store);
  const problems: Finding[] = [];
  const problem = (where: string, message: string) => void problems.push({ where, message });
  const context: Context = { store, survey, right: new Map(), problem };
  const pool = createWorkPool(work);
  try {
    await checkBlobs(context, pool);
  } finally {
    await pool.close();
  }
  const gone = await checkRecords(context);
  const references = await checkReferences(context);
  await checkLayout(references, context);
  return {
    version: 1,
    store: store.root,
    checked: {
      blobs: amountOf([...survey.blobs.values()]),
      layers: survey.layers.length,
      references: survey.references.length,
    },
    void: gone,
    problems: problems.sort((a, b) => compareBytes(a.where, b.where)),
  };
}

interface Context {
  readonly store: Store;
  readonly survey: Survey;
  /** The blobs that are what their name says. */
  readonly right: Map<Digest, { readonly size: number; readonly crc: number }>;
  readonly problem: (where: string, message: string) => void;
}

/** Reads every blob once, as many at a time as there are threads. */
async function checkBlobs(context: Context, pool: WorkPool): Promise<void> {
  const limit = createLimit(pool.width);
  const { blobs } = context.survey;
  await Promise.all([...blobs].map(([digest, blob]) => limit(() => checkBlob(digest, blob, { ...context, pool }))));
}

async function checkBlob(
  digest: Digest,
  { file, size }: StoredFile,
  { store, right, problem, pool }: Context & { readonly pool: WorkPool },
): Promise<void> {
  try {
    const stream = shareSegments([{ file, offset: 0, size }]);
    const { sha256, crc } = await digestStream(pool, stream);
    if (`sha256:${sha256}` === digest) {
      right.set(digest, { size, crc });
      return;
    }
    problem(digest, `is damaged: its bytes have the digest sha256:${sha256}`);
  } catch (error) {
    // Pruned or replaced meanwhile: what replaces a blob was checked when it came.
    if (error instanceof FileChangedError) return;
    const code = systemCode(error);
    problem(digest, `cannot be read: ${code ?? (error as Error).message}`);
    if (code !== "EIO") return;
  }
  await quarantineBlob(store, digest);
}

/** @returns how many records are void, since their blob is gone */
async function checkRecords({ store, survey, right, problem }: Context): Promise<number> {
  const refuse = async ({ file }: StoredFile, message: string) => {
    problem(path.relative(store.root, file), message);
    await mend(rm(file, { force: true }));
  };
  let gone = 0;
  for (const record of survey.unreadable) await refuse(record, "is no record that can be read");
  for (const layer of survey.layers) {
    const { digest, size, crc } = layer.record;
    const blob = right.get(digest);
    if (blob === undefined) gone += 1;
    else if (blob.size !== size || blob.crc !== crc) await refuse(layer, `does not fit the blob ${digest}`);
  }
  for (const file of survey.files) {
    const { digest, size } = file.record;
    const blob = right.get(digest);
    if (blob === undefined) gone += 1;
    else if (blob.size !== size) await refuse(file, `does not fit the blob ${digest}`);
  }
  return gone;
}

/** @returns the references that are right */
async function checkReferences({ store, survey, problem }: Context): Promise<ReferenceRecord[]> {
  const reach = createReach(store, survey);
  const references: ReferenceRecord[] = [];
  for (const { file, record } of survey.references) {
    const { fault } = await reach(record);
    if (fault === undefined) {
      references.push(record);
      continue;
    }
    problem(`${record.reference} (${record.platform})`, fault);
    await mend(rm(file, { force: true }));
  }
  if (references.length < survey.references.length) await mend(writeIndex(store));
  return references;
}

/** The two documents that other tools go by. */
async function checkLayout(references: readonly ReferenceRecord[], { store, problem }: Context): Promise<void> {
  if ((await lstat(store.root).catch(() => undefined)) === undefined) return;
  const read = async (name: string) => readFile(path.join(store.root, name));
  try {
    decodeJson(LayoutMarker, await read("oci-layout"));
  } catch (error) {
    problem("oci-layout", (error as Error).message);
    await mend(writeWhole(store, path.join(store.root, "oci-layout"), LAYOUT_MARKER));
  }
  try {
    const { manifests } = decodeJson(Index, await read("index.json"));
    const listed = new Set(manifests.map(({ digest }) => digest));
    const missing = references.filter(({ manifest }) => !listed.has(manifest.digest));
    if (missing.length === 0) return;
    problem("index.json", `does not list ${missing.map(({ reference }) => reference).join(", ")}`);
  } catch (error) {
    problem("index.json", (error as Error).message);
  }
  await mend(writeIndex(store));
}

/** A store that may only be read can be looked through all the same. */
async function mend(change: Promise<unknown>): Promise<void> {
  await change.catch(() => {});
}
