import { gzipSync } from "node:zlib";
import { findsAll, swap } from "./mutation.ts";
import { edit, flip, without } from "./sample-archive.ts";

findsAll("members", [
  ["version behind manifest", { members: (m) => swap(m, 0, 1) }, "version", /stands behind manifest/],
  ["header behind data", { members: (m) => swap(m, 2, 3) }, "header.tar.gz", /stands behind data\/0000.tar.gz/],
  ["no version", { members: (m) => without(m, "version") }, "artifact", /has no member version/],
  ["no manifest", { members: (m) => without(m, "manifest") }, "artifact", /has no member manifest/],
  ["no header", { members: (m) => without(m, "header.tar.gz") }, "artifact", /has no member header.tar.gz/],
  ["no data", { members: (m) => without(m, "data/0000.tar.gz") }, "artifact", /has no member data/],
  ["a folder in front", { members: (m) => [{ path: "data/" }, ...m] }, "data", /no member of an artifact/],
  ["a file behind", { members: (m) => [...m, { path: "more", data: "" }] }, "more", /no member of an artifact/],
  ["names with ./", { members: (m) => m.map((one) => ({ ...one, path: `./${one.path}` })) }, "./version", /no member/],
  ["the same member twice", { members: (m) => [...m, m[3]!] }, "data/0000.tar.gz", /occurs twice/],
  [
    "a second payload",
    { members: (m) => [...m, { ...m[3]!, path: "data/0001.tar.gz" }] },
    "data/0001.tar.gz",
    /no member/,
  ],
  ["bytes behind the end", { file: (b) => Buffer.concat([b, Buffer.from("x")]) }, "artifact", /other bytes follow/],
  ["cut in the data", { file: (b) => b.subarray(0, b.length - 3000) }, "artifact", /ends in the middle/],
  ["cut in the manifest", { file: (b) => b.subarray(0, 1600) }, "artifact", /ends in the middle|has no member/],
  ["packed as a whole", { file: (b) => gzipSync(b) }, "artifact", /packed with gzip/],
  ["packed and cut", { file: (b) => gzipSync(b).subarray(0, -20) }, "artifact", /ends too early/],
  ["a damaged tar header", { file: (b) => flip(b, 1024 + 20) }, "artifact", /bad header checksum/],
  [
    "version 2",
    { members: (m) => edit(m, "version", { data: '{"format":"mender","version":2}' }) },
    "version",
    /version/,
  ],
  ["version no JSON", { members: (m) => edit(m, "version", { data: "mender 3" }) }, "version", /JSON/],
  [
    "version with a further key",
    { members: (m) => edit(m, "version", { data: '{"format":"mender","version":3,"x":1}' }) },
    "version",
    /x/,
  ],
  [
    "version is a link",
    { members: (m) => edit(m, "version", { symlink: "manifest", data: "" }) },
    "version",
    /not a regular file/,
  ],
  [
    "signature no base64",
    { members: (m) => [...m.slice(0, 2), { path: "manifest.sig", data: "a signature" }, ...m.slice(2)] },
    "manifest.sig",
    /base64/,
  ],
]);

findsAll("checksums", [
  ["no newline at the end", { checksums: (s) => s.trimEnd() }, "manifest", /does not end in a newline/],
  ["a blank line", { checksums: (s) => `${s}\n` }, "manifest:8", /blank line/],
  ["CR LF", { checksums: (s) => s.replaceAll("\n", "\r\n") }, "manifest:1", /CR LF/],
  ["one blank", { checksums: (s) => s.replace("  ", " ") }, "manifest:1", /two blanks/],
  [
    "upper-case digits",
    { checksums: (s) => s.replace(/^[0-9a-f]+/, (hex) => hex.toUpperCase()) },
    "manifest:1",
    /lower-case/,
  ],
  ["a binary mark", { checksums: (s) => s.replace("  ", " *") }, "manifest:1", /two blanks/],
  ["a line twice", { checksums: (s) => `${s}${s.split("\n")[0]}\n` }, "manifest:8", /again/],
  [
    "a wrong checksum",
    { checksums: (s) => s.replace(/^.{8}/, "00000000") },
    "data/0000/auterion-app.yml",
    /does not match its checksum/,
  ],
  [
    "a wrong checksum of the header",
    { checksums: (s) => s.replace(/.{8}(?=.{56} {2}header)/, "00000000") },
    "header.tar.gz",
    /does not match/,
  ],
  ["a missing line", { checksums: (s) => s.replace(/.* {2}version\n$/, "") }, "version", /not listed/],
  [
    "a missing line of the payload",
    { checksums: (s) => s.replace(/.*settings.user.env\n/, "") },
    "data/0000/settings.user.env",
    /not listed/,
  ],
  [
    "a line too many",
    { checksums: (s) => `${"0".repeat(64)}  data/0000/ghost\n${s}` },
    "manifest",
    /lists data\/0000\/ghost/,
  ],
  ["an empty manifest", { checksums: () => "" }, "version", /not listed/],
]);

findsAll("data", [
  ["a bit of the gzip stream", { data: (b) => flip(b, b.length >> 1) }, "data/0000.tar.gz", /damaged|CRC-32/],
  ["the CRC of the gzip stream", { data: (b) => flip(b, b.length - 8) }, "data/0000.tar.gz", /CRC-32/],
  [
    "the size in the gzip stream",
    { data: (b) => flip(b, b.length - 4) },
    "data/0000.tar.gz",
    /does not match its size/,
  ],
  ["a cut gzip stream", { data: (b) => b.subarray(0, b.length - 20) }, "data/0000.tar.gz", /ends too early/],
  [
    "bytes behind the gzip stream",
    { data: (b) => Buffer.concat([b, Buffer.alloc(9)]) },
    "data/0000.tar.gz",
    /no gzip follow/,
  ],
  [
    "bytes behind the tar file",
    { dataTar: (b) => Buffer.concat([b, Buffer.from("more")]) },
    "data/0000.tar.gz",
    /other bytes follow/,
  ],
  ["no tar file", { dataTar: () => Buffer.from("no tar".repeat(200)) }, "data/0000.tar.gz", /header/],
  ["nothing", { dataTar: () => Buffer.alloc(0) }, "data/0000.tar.gz", /empty/],
  [
    "another packing",
    { data: () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]) },
    "data/0000.tar.gz",
    /packed with zstd/,
  ],
  ["a folder", { payload: (p) => [{ path: "x/" }, ...p] }, "data/0000/x", /is a directory/],
  ["a link", { payload: (p) => [...p, { path: "link", symlink: "version" }] }, "data/0000/link", /is a symlink/],
  ["a file in a folder", { payload: (p) => [...p, { path: "x/y", data: "" }] }, "data/0000/x/y", /no legal name/],
  ["a name with a blank", { payload: (p) => [...p, { path: "a b", data: "" }] }, "data/0000/a b", /no legal name/],
  ["a name of 91 bytes", { payload: (p) => [...p, { path: "n".repeat(91), data: "" }] }, /n{91}/, /no legal name/],
  ["a file twice", { payload: (p) => [...p, p[2]!] }, "data/0000/version", /occurs twice/],
]);
