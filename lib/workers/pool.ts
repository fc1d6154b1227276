import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createLimit, type Limit } from "../limit.ts";
import { createJobRunner, type Job, type JobResult, type JobRunner, sizeOfJob } from "./jobs.ts";
import { FileChangedError } from "./segment-reader.ts";
import { createSlots, type Slots } from "./slots.ts";
import type { Reply } from "./worker.ts";

/** Threads that digest, pack and unpack. The bytes they give do not depend on their number. */
export interface WorkPool {
  /** How many jobs it can do at once. */
  readonly width: number;
  /** How many jobs would be begun at once if they came now. */
  spare(): number;
  /** How many short jobs it takes before one has to wait for another to end. */
  readonly capacity: number;
  /** Where packed blocks are left. */
  readonly slots: Slots;
  /** Limits how many streams are packed at once: they hold slots meanwhile, and few are enough for all threads. */
  readonly packing: Limit;
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
/** Short jobs that a thread is given at once: it goes on while the calling one is busy. */
const DEPTH = 3;
/** Streams that are packed at once: while one ends, the blocks of others keep the threads busy. */
const MAX_STREAMS = 3;

/** Jobs of a few milliseconds. A thread that does another one is given nothing beside it. */
function isShort({ kind }: Job): boolean {
  return kind === "pack" || kind === "identify";
}

export function createWorkPool(options: WorkPoolOptions = {}): WorkPool {
  const width = options.threads ?? Math.min(availableParallelism(), MAX_THREADS);
  const queue: Task[] = [];
  /** What each thread was given, in the order in which it answers. */
  const threads = new Map<Worker, Task[]>();
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
    threads.set(worker, []);
    worker.on("message", (reply: Reply) => {
      const task = threads.get(worker)?.shift();
      if (task === undefined) return;
      feed();
      if (reply.ok) task.resolve(reply.result as never);
      else task.reject(replyError(reply));
    });
    worker.on("error", (error) => {
      const given = threads.get(worker) ?? [];
      threads.delete(worker);
      for (const task of [...given, ...queue.splice(0)]) task.reject(error);
    });
    worker.unref();
    return worker;
  };

  /** Threads that may run for a job's sake: the calling thread needs a core as well, until there is packing to do. */
  const limit = (job: Job) => (job.kind === "digest" ? Math.max(width - 1, 1) : width);

  /** The thread that comes to a job first; nothing when that has to wait. */
  const choose = (job: Job): Worker | undefined => {
    let best: Worker | undefined;
    let fewest = isShort(job) ? DEPTH : 1;
    for (const [worker, given] of threads) {
      if (given.length >= fewest || !given.every((task) => isShort(task.job))) continue;
      best = worker;
      fewest = given.length;
    }
    return fewest > 0 && threads.size < limit(job) ? start() : best;
  };

  const feed = () => {
    while (queue.length > 0) {
      const worker = choose(queue[0]!.job);
      if (worker === undefined) break;
      const task = queue.shift()!;
      threads.get(worker)!.push(task);
      worker.ref();
      worker.postMessage(task.job, "port" in task.job ? [task.job.port] : []);
    }
    for (const [worker, given] of threads) if (given.length === 0) worker.unref();
  };

  return {
    width,
    spare() {
      const busy = [...threads.values()].filter((given) => given.length > 0).length;
      return queue.length > 0 ? 0 : width - busy;
    },
    capacity: width * DEPTH,
    slots: createSlots(),
    packing: createLimit(MAX_STREAMS),
    warm() {
      if (!closed && threads.size === 0) start();
    },
    run<J extends Job>(job: J): Promise<JobResult<J>> {
      if (closed) return Promise.reject(new Error("the work pool is closed"));
      if ("stream" in job && sizeOfJob(job) < INLINE_SIZE) {
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
      const workers = [...threads.keys()];
      const tasks = [...threads.values()].flat().concat(queue.splice(0));
      for (const task of tasks) task.reject(new Error("the work pool was closed"));
      threads.clear();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function replyError(reply: Extract<Reply, { ok: false }>): Error {
  if (reply.changedFile !== undefined) return new FileChangedError(reply.changedFile);
  return Object.assign(new Error(reply.message), reply.code !== undefined && { code: reply.code });
}
