/** Lines at the end of what is on stderr that are drawn anew again and again. There is one stderr, and one such block. */
export interface Block {
  /** Writes lines that stay, in front of it. */
  above(text: string): void;
  /** Takes it away until `resume`. */
  pause(): void;
  resume(): void;
}

let block: Block | undefined;

/** @param shown the block that is there from now on; undefined: none is */
export function setBlock(shown: Block | undefined): void {
  block = shown;
}

/** Writes whole lines, which stay. */
export function writeLines(text: string): void {
  if (block === undefined) process.stderr.write(text);
  else block.above(text);
}

/** Leaves the end of stderr to a task, such as a question. */
export async function withoutBlock<T>(task: () => Promise<T>): Promise<T> {
  const paused = block;
  paused?.pause();
  try {
    return await task();
  } finally {
    paused?.resume();
  }
}
