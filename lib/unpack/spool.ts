import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** A file that is written from its start, contents of many sizes one behind the other. */
export interface Spool {
  /** Bytes that were written. */
  position(): number;
  write(bytes: Uint8Array): void;
  /** Forgets what was written. */
  restart(): void;
  /** Puts on disk what is held back. */
  flush(): void;
  close(): void;
}

/** Small contents are gathered: a call of the system for each would take longer than unpacking them. */
const BUFFER_SIZE = 256 * 1024;

/** @throws the system's error, from every method: the file is there already, the disk is full */
export function createSpool(file: string): Spool {
  const fd = openSync(file, "wx");
  const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  let written = 0;
  let fill = 0;

  const flush = () => {
    const end = fill;
    fill = 0;
    writeOut(buffer.subarray(0, end));
  };
  const writeOut = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, written + done);
    written += bytes.length;
  };
  return {
    position: () => written + fill,
    write(bytes) {
      if (fill + bytes.length > BUFFER_SIZE) flush();
      if (bytes.length > BUFFER_SIZE) {
        writeOut(bytes);
        return;
      }
      buffer.set(bytes, fill);
      fill += bytes.length;
    },
    restart() {
      fill = 0;
      if (written > 0) ftruncateSync(fd);
      written = 0;
    },
    flush,
    close: () => closeSync(fd),
  };
}
