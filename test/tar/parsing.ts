import assert from "node:assert/strict";
import { createTarParser, type FoundEntry, type TarEnd } from "../../lib/tar/parser.ts";
import { tarOf } from "../support/ustar.ts";

export interface Found extends FoundEntry {
  readonly data: string;
}

/** All members with their contents, and that every entry is followed by its data and its end. */
export function parse(tar: Uint8Array, chunkSize = tar.length): { members: Found[]; end: TarEnd } {
  const parser = createTarParser();
  const members: Found[] = [];
  let open: { entry: FoundEntry; data: Buffer[] } | undefined;
  for (let at = 0; at < tar.length; at += chunkSize) {
    for (const event of parser.feed(tar.subarray(at, at + chunkSize))) {
      if (event.kind === "entry") {
        assert.equal(open, undefined);
        open = { entry: event.entry, data: [] };
      } else if (event.kind === "data") {
        assert.ok(event.bytes.length > 0);
        open!.data.push(Buffer.from(event.bytes));
      } else {
        members.push({ ...open!.entry, data: Buffer.concat(open!.data).toString("latin1") });
        open = undefined;
      }
    }
  }
  const end = parser.finish();
  assert.equal(open, undefined);
  return { members, end };
}

/** A header block with fields put in as they are and the right checksum. */
export function block(fields: Readonly<Record<number, string | Uint8Array>>): Buffer {
  const header = tarOf([{ path: "file" }]).subarray(0, 512);
  for (const [offset, value] of Object.entries(fields))
    header.set(Buffer.from(value as string, "latin1"), Number(offset));
  header.write("        ", 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

export function octal(value: number): string {
  return `${value.toString(8).padStart(11, "0")}\0`;
}

/** A long name (`L`), long link (`K`) or PAX header (`x`, `X`, `g`). */
export function extension(type: string, content: string): Buffer {
  const size = Buffer.byteLength(content);
  const padding = Buffer.alloc((512 - (size % 512)) % 512);
  return Buffer.concat([block({ 0: "././@LongLink", 124: octal(size), 156: type }), Buffer.from(content), padding]);
}

/** A PAX record; its length counts itself. */
export function paxOf(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}
