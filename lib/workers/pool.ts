import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createJobRunner, type Job, type JobResult, type JobRunner, sizeOfJob } from "./jobs.ts";
import { FileChangedError } from "./segment-reader.ts";
import type { Reply } from "./worker.ts";

/** Threads that digest, pack and unpack. The bytes they give do not depend on their number. */
export interface WorkPool {
  /** How many jobs it can do at once. */
  readonly width: number;
  /** Starts a thread now, so that it is there when the first job comes. */
  warm(): void;
  run<J extends Job>(job: J): Promise<JobResult<J>>;
  close(): Promise<void>;
}

export interface WorkPoolOptions {
  /** Number of threads; default: as many as the machine has cores, at most eight. */
  readonly threads?: number;
  /** Packs with Node's zlib (true) or pako (false); default: Node's where it gives pako's bytes. */
  readonly native?: boolean;
}

interface Task {
  readonly job: Job;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Digesting or packing less than this many bytes is done at once on the calling thread: starting one takes longer. */
const INLINE_SIZE = 64 * 1024;
const MAX_THREADS = 8;

export function createWorkPool(options: WorkPoolOptions = {}): WorkPool {
  const width = options.threads ?? Math.min(availableParallelism(), MAX_THREADS);
  const queue: Task[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Task>();
  let closed = false;
  let inline: JobRunner | undefined;

  const start = (): Worker => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: { native: options.native },
      // Not those of this process: some are for its main script only, and a thread refuses to start with them.
      execArgv: [],
      // A job's garbage is its packed block; a small young generation keeps a thread at a few megabytes.
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    worker.on("message", (reply: Reply) => {
      const task = busy.get(worker);
      if (task === undefined) return;
      busy.delete(worker);
      idle.push(worker);
      feed();
      if (reply.ok) task.resolve(reply.result as never);
      else task.reject(replyError(reply));
    });
    worker.on("error", (error) => {
      const task = busy.get(worker);
      busy.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
      task?.reject(error);
      for (const waiting of queue.splice(0)) waiting.reject(error);
    });
    worker.unref();
    return worker;
  };

  /** Threads that may run for a job's sake: the calling thread needs a core as well, until there is packing to do. */
  const limit = (job: Job) => (job.kind === "digest" ? Math.max(width - 1, 1) : width);

  const feed = () => {
    while (queue.length > 0) {
      const worker = idle.pop() ?? (busy.size < limit(queue[0]!.job) ? start() : undefined);
      if (worker === undefined) return;
      const task = queue.shift()!;
      busy.set(worker, task);
      worker.ref();
      worker.postMessage(task.job);
    }
    for (const worker of idle) worker.unref();
  };

  return {
    width,
    warm() {
      if (!closed && idle.length + busy.size === 0) idle.push(start());
    },
    run<J extends Job>(job: J): Promise<JobResult<J>> {
      if (closed) return Promise.reject(new Error("the work pool is closed"));
      if (job.kind !== "check" && job.kind !== "extract" && sizeOfJob(job) < INLINE_SIZE) {
        inline ??= createJobRunner(options.native);
        return inline(job);
      }
      return new Promise((resolve, reject) => {
        const task: Task = { job, resolve, reject };
        // Whoever waits for what is in a file has more to do afterwards; packing goes on for as long as there is a core.
        const place = "stream" in job ? -1 : queue.findIndex((other) => "stream" in other.job);
        queue.splice(place < 0 ? queue.length : place, 0, task);
        feed();
      });
    },
    async close() {
      closed = true;
      const workers = [...idle, ...busy.keys()];
      for (const task of [...busy.values(), ...queue.splice(0)]) task.reject(new Error("the work pool was closed"));
      busy.clear();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function replyError(reply: Extract<Reply, { ok: false }>): Error {
  if (reply.changedFile !== undefined) return new FileChangedError(reply.changedFile);
  return Object.assign(new Error(reply.message), reply.code !== undefined && { code: reply.code });
}
