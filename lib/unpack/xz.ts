import { DecodeError, type DecodeLater, UnsupportedError } from "./decode.ts";

/** What xz_ret of XZ Embedded says (linux/xz.h), where it is not that the bytes are damaged. */
const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ["2", "its check is neither CRC-32 nor CRC-64"],
  ["3", "it needs a dictionary of more than 64 MiB"],
  ["4", "it needs a dictionary of more than 64 MiB"],
  ["6", "it uses filters for programs, or a check that is neither CRC-32 nor CRC-64"],
]);

/**
 * XZ Embedded, compiled to WebAssembly: any number of streams and padding between them (xz-file-format.txt, section 2),
 * with CRC-32 and CRC-64 checked and dictionaries up to 64 MiB, which is what xz -9 makes. Other checks are refused.
 */
export async function loadXz(): Promise<DecodeLater> {
  const { XzReadableStream } = (await import("xz-decompress")).default;
  return async function* unxz(pieces) {
    const source = pieces[Symbol.iterator]();
    const packed = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = source.next();
        // A copy: it is read ahead, and the source may use its buffer again.
        if (next.done !== true) controller.enqueue(new Uint8Array(next.value));
        else controller.close();
      },
    });
    const reader = new XzReadableStream(packed).getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    } catch (error) {
      const code = /error code (\d+)$/.exec((error as Error).message)?.[1];
      if (code === undefined) throw error;
      const reason = UNSUPPORTED.get(code);
      if (reason !== undefined)
        throw new UnsupportedError(`it is packed with xz in a way that is not read here: ${reason}`);
      throw new DecodeError("the xz stream is damaged, or ends too early", { cause: error });
    } finally {
      // Lets go of its memory, which fails when it has done so already: it reads ahead to its end.
      await reader.cancel().catch(() => {});
      source.return?.();
    }
  };
}
