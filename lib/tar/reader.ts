import { createTarParser, type FoundEntry, type TarEnd, type TarEvent, TarFormatError } from "./parser.ts";

/**
 * Reads a tar file from a stream and calls `visit` for each member in turn with its content as a stream of its own.
 * What a visitor leaves unread is skipped. Nothing is held back: memory is one chunk, whatever the members weigh.
 *
 * @throws TarFormatError when the bytes are no tar file or end in the middle of a member
 */
export async function readTar(
  chunks: AsyncIterable<Uint8Array>,
  visit: (entry: FoundEntry, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<TarEnd> {
  const parser = createTarParser();
  const events = (async function* (): AsyncGenerator<TarEvent, TarEnd> {
    for await (const chunk of chunks) yield* parser.feed(chunk);
    return parser.finish();
  })();
  try {
    return await visitAll(events, visit);
  } finally {
    await events.return(NOTHING);
  }
}

const NOTHING: TarEnd = { size: 0, trailer: 0, clean: true };

async function visitAll(
  events: AsyncGenerator<TarEvent, TarEnd>,
  visit: (entry: FoundEntry, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<TarEnd> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    if (next.value.kind !== "entry") throw new TarFormatError("content without a member");
    let open = true;
    const content = (async function* () {
      while (open) {
        const event = await events.next();
        if (event.done === true || event.value.kind === "end") open = false;
        else if (event.value.kind === "data") yield event.value.bytes;
      }
    })();
    await visit(next.value.entry, content);
    while (open) {
      const event = await events.next();
      if (event.done === true || event.value.kind === "end") open = false;
    }
  }
}
