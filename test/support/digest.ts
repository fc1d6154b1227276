import type { Segment } from "../../lib/tar/sequence.ts";
import { shareSegments } from "../../lib/tar/shared.ts";
import { createJobRunner, type DigestResult } from "../../lib/workers/jobs.ts";

const run = createJobRunner();

/** Digests on this thread what a build has digested on another one. */
export function digest(segments: readonly Segment[]): Promise<DigestResult> {
  return run({ kind: "digest", stream: shareSegments(segments) });
}
