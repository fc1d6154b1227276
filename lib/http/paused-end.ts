import type { Socket } from "node:net";

/** What is touched of undici's parser of HTTP/1.1. */
interface Parser {
  /** The reader of the body has more than it wants for now. */
  readonly paused: boolean;
  shouldKeepAlive: boolean;
}

/** How often a reader is looked at that has not come to the end of a body. */
const LOOK_MS = 2;

/**
 * Holds the end of a connection back from undici while the reader of a body has not come so far.
 *
 * A server may close its connection behind an answer, and proxies do. When that arrives before the last bytes are read,
 * undici 7 throws them away, or, when the answer said `Connection: close`, ends the process by an assertion. That is
 * mended in undici 8 (nodejs/undici#5474), which needs Node 22.19.
 *
 * @param key under which a socket has its parser
 */
export function letReadersFinish(socket: Socket, key: symbol): void {
  const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean;
  const push = socket.push.bind(socket);
  const parser = () => (socket as unknown as Record<symbol, Parser | null | undefined>)[key] ?? undefined;
  const end = () => {
    if (socket.destroyed) return;
    if (parser()?.paused || socket.readableLength > 0) {
      setTimeout(end, LOOK_MS);
      return;
    }
    push(null);
    // The end is told when there is nothing left to read, and somebody tries.
    socket.read(0);
  };
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk !== null || parser() === undefined) return push(chunk, encoding);
    end();
    return false;
  };
  socket.emit = (event: string, ...values: unknown[]) => {
    const reading = parser();
    // Cut off now, the answer cannot be whole: undici need not try to finish it.
    if ((event === "error" || event === "close") && reading?.paused) reading.shouldKeepAlive = true;
    return emit(event, ...values);
  };
}
