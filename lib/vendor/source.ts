import { pathToFileURL } from "node:url";
import { MEDIA } from "../../spec/media-types.ts";
import { AircrateError } from "../error.ts";
import { type Answer, readBody } from "../http/answer.ts";
import type { Reference } from "../reference.ts";
import type { RegistrySource } from "../registry/client.ts";
import type { Layout } from "./layout.ts";

/** An image layout in the place of a registry: it answers as one does, and what it says is checked as what one says. */
export function layoutSource(layout: Layout, reference: Reference): RegistrySource {
  const url = pathToFileURL(layout.file);
  const source: RegistrySource = {
    host: layout.file,
    async get(path, { where, from = 0 }) {
      const [kind, name = ""] = path.split("/");
      if (kind === "manifests" && !name.startsWith("sha256:")) {
        const named = layout.find({ ...reference, tag: name });
        const [only, ...others] = named;
        if (only === undefined) throw absent(layout, where);
        // One image for several platforms, listed one by one: what else tells them apart is an index.
        if (others.length > 0) return answerOf(Buffer.from(JSON.stringify({ ...INDEX, manifests: named })));
        const answer = await source.get(`manifests/${only.digest}`, { where, from });
        // The index promises it; whoever asks by name compares it with what comes.
        return { ...answer, headers: { ...answer.headers, "docker-content-digest": only.digest } };
      }
      const size = await layout.size(name);
      if (size === undefined) throw absent(layout, where);
      const range = `bytes ${from}-${size - 1}/${size}`;
      if (from > 0 && from >= size) return answerOf(Buffer.alloc(0), 416, { "content-range": `bytes */${size}` });
      return answerOf(layout.read(name, from), from > 0 ? 206 : 200, {
        "content-length": String(size - from),
        ...(from > 0 && { "content-range": range }),
      });
    },
    async read(path, { limit, ...request }) {
      const { body, ...answer } = await source.get(path, request);
      return { ...answer, bytes: await readBody({ ...answer, body }, limit, request.where) };
    },
  };
  return source;

  function answerOf(chunks: AsyncIterable<Uint8Array> | Uint8Array, status = 200, headers = {}): Answer {
    const body = chunks instanceof Uint8Array ? once(chunks) : chunks;
    return {
      status,
      headers,
      url,
      body: { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](), dump: async () => {} },
    };
  }
}

const INDEX = { schemaVersion: 2, mediaType: MEDIA.ociIndex };

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

function absent(layout: Layout, where: string): AircrateError {
  return new AircrateError("unreachable", `${layout.file} does not have it`, {
    where,
    hint: "write the file anew with aircrate vendor, or build without --offline",
  });
}
