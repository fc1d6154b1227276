import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { AircrateError, systemCode } from "../error.ts";

/** A file as a form of one field (RFC 7578), which is read from the disk while it is sent. It has to be closed. */
export interface FileForm {
  /** Bytes of the file. */
  readonly fileSize: number;
  /** Of the whole form, with its length, so that the receiver knows how much there is to come. */
  readonly headers: Readonly<Record<string, string>>;
  /** The form from its beginning. `onBytes` is told how much of the file has been taken so far. */
  stream(onBytes: (sent: number) => void): Readable;
  close(): Promise<void>;
}

const CHUNK = 256 * 1024;

/** @throws AircrateError unreachable when the file cannot be read */
export async function openForm(file: string, field: string): Promise<FileForm> {
  const handle = await open(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const { size } = await handle.stat();
  const boundary = `aircrate-${randomBytes(16).toString("hex")}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${escapeName(path.basename(file))}"\r\n` +
      "Content-Type: application/octet-stream\r\n\r\n",
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);

  return {
    fileSize: size,
    headers: {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": String(head.length + size + tail.length),
    },
    stream: (onBytes) => Readable.from(parts(onBytes), { objectMode: false, highWaterMark: CHUNK }),
    close: () => handle.close(),
  };

  async function* parts(onBytes: (sent: number) => void): AsyncGenerator<Buffer> {
    onBytes(0);
    yield head;
    for (let at = 0; at < size; ) {
      const { bytesRead, buffer } = await handle
        .read(Buffer.allocUnsafe(CHUNK), 0, Math.min(CHUNK, size - at), at)
        .catch((error: unknown) => {
          throw unreadable(file, error);
        });
      if (bytesRead === 0) throw new AircrateError("unreachable", "became shorter while it was sent", { where: file });
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
      onBytes(at);
    }
    yield tail;
  }
}

/** As browsers write it (HTML Standard, "multipart/form-data encoding algorithm"). */
function escapeName(name: string): string {
  return name.replace(/["\r\n]/g, (character) => encodeURIComponent(character));
}

function unreadable(file: string, error: unknown): AircrateError {
  return new AircrateError("unreachable", "cannot be read", {
    where: file,
    reason: systemCode(error) ?? (error as Error).message,
    cause: error,
  });
}
