import assert from "node:assert/strict";
import test from "node:test";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { Segment } from "../../lib/tar/sequence.ts";
import { decodeSegments, encodeSegments, type Wire } from "../../lib/workers/wire.ts";
import { noise } from "../support/seeded.ts";

const SEGMENTS: readonly Segment[] = [
  { bytes: noise(1, 1000) },
  { file: "/tree/größe/写真/📷\nx", offset: 0, size: 9 * 1024 ** 3 + 5, mtimeMs: 1_700_000_000_123.456 },
  { bytes: new Uint8Array(0) },
  { file: "/tree/again", offset: 2 ** 40 + 1, size: 0, mtimeMs: 0 },
  { file: "/tree/without a time", offset: 0, size: 1 },
  { file: "/tree/before 1970", offset: 1, size: 1, mtimeMs: -1.5 },
  { bytes: noise(2, 3) },
];

/** What a thread would get: the buffers move, so that nothing of the sender's is shared. */
function moved(wire: Wire): Wire {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(wire, [wire.table.buffer, wire.data.buffer]);
  const { message } = receiveMessageOnPort(port2)!;
  port1.close();
  return message;
}

test("segments come out as they went in", () => {
  for (const segments of [SEGMENTS, [], ...SEGMENTS.map((segment) => [segment])]) {
    const decoded = decodeSegments(moved(encodeSegments(segments)));
    // Bytes become Buffers; as plain arrays they can be compared.
    const plain = (list: readonly Segment[]) =>
      list.map((segment) => ("bytes" in segment ? { bytes: [...segment.bytes] } : segment));
    assert.deepEqual(plain(decoded), plain(segments));
  }
});

test("the segments' own bytes stay where they are", () => {
  const bytes = noise(3, 100);
  moved(encodeSegments([{ bytes }]));
  assert.deepEqual(bytes, noise(3, 100));
});
