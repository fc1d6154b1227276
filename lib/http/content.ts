import { Readable } from "node:stream";

/** What a request carries. */
export interface Content {
  /** Media type. */
  readonly type: string;
  /** Bytes; the request says so in advance. */
  readonly size: number;
  /**
   * Opens it from its beginning, each time that it is sent. It should fail with an AircrateError: that ends the request as
   * it is, while system errors are taken for those of the network.
   */
  open(): AsyncIterable<Uint8Array>;
}

const READ_AHEAD = 256 * 1024;

/** @param onTaken told of the bytes that were taken to be sent */
export function contentStream(content: Content, onTaken: (size: number) => void): Readable {
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of content.open()) {
      onTaken(chunk.length);
      yield chunk;
    }
  }
  return Readable.from(counted(), { objectMode: false, highWaterMark: READ_AHEAD });
}
