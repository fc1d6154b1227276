import { encodeHeader, paddingOf, TRAILER_SIZE } from "../tar/header.ts";
import { SIGNATURE_MEMBER } from "./documents.ts";

/** A member of an artifact that is made in memory. */
export interface SmallFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** A member as it stands in a tar file, with owner and time 0. */
export function tarMember({ path, bytes, mode }: SmallFile): Uint8Array {
  const header = encodeHeader({ path, type: "file", mode, uid: 0, gid: 0, size: bytes.length, mtime: 0 });
  return Buffer.concat([header, bytes, new Uint8Array(paddingOf(bytes.length))]);
}

/** Member `manifest.sig`, which stands right behind `manifest`. */
export function signatureMember(text: string): Uint8Array {
  return tarMember({ path: SIGNATURE_MEMBER, bytes: Buffer.from(text, "latin1"), mode: 0o600 });
}

/** A whole tar file. */
export function tarOf(files: readonly SmallFile[]): Uint8Array {
  return Buffer.concat([...files.map(tarMember), new Uint8Array(TRAILER_SIZE)]);
}
