/** The thread that does the jobs of a {@link WorkPool}. */
import { parentPort, workerData } from "node:worker_threads";
import { createJobRunner, type Job } from "./jobs.ts";
import { FileChangedError } from "./segment-reader.ts";

/** What a thread answers: the result, or an error in plain words, since errors lose their class between threads. */
export type Reply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string; readonly code?: string; readonly changedFile?: string };

const runJob = createJobRunner((workerData as { native?: boolean }).native);
const port = parentPort!;

/** One job after the other: the answers come in the order of the jobs. */
let last = Promise.resolve();
port.on("message", (job: Job) => {
  last = last.then(() => answer(job));
});

async function answer(job: Job): Promise<void> {
  try {
    const result = await runJob(job);
    port.postMessage({ ok: true, result } satisfies Reply);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    port.postMessage({
      ok: false,
      message: (error as Error).message,
      ...(code !== undefined && { code }),
      ...(error instanceof FileChangedError && { changedFile: error.file }),
    } satisfies Reply);
  }
}
