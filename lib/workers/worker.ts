/** The thread that does the jobs of a {@link WorkPool}. */
import { parentPort, workerData } from "node:worker_threads";
import { createJobRunner, type Job } from "./jobs.ts";
import { createRelief } from "./memory.ts";
import { FileChangedError } from "./segment-reader.ts";

/** What a thread answers: the result, or an error in plain words, since errors lose their class between threads. */
export type Reply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string; readonly code?: string; readonly changedFile?: string };

const runJob = createJobRunner((workerData as { native?: boolean }).native);
const port = parentPort!;
const relieve = createRelief();

port.on("message", async (job: Job) => {
  try {
    const result = await runJob(job);
    if ("packed" in result) {
      // A buffer of its own moves to the main thread instead of being copied.
      const packed = new Uint8Array(result.packed);
      const moved = result.plain === undefined ? [packed.buffer] : [packed.buffer, result.plain.buffer as ArrayBuffer];
      port.postMessage({ ok: true, result: { ...result, packed } } satisfies Reply, moved);
      if (job.kind === "pack") relieve(job.blockSize);
    } else {
      port.postMessage({ ok: true, result } satisfies Reply);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    port.postMessage({
      ok: false,
      message: (error as Error).message,
      ...(code !== undefined && { code }),
      ...(error instanceof FileChangedError && { changedFile: error.file }),
    } satisfies Reply);
  }
});
