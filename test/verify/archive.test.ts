import { gzipSync } from "node:zlib";
import { findsAll, IN_IMAGE } from "./mutation.ts";
import { blob, CAMERA, edit, flip } from "./sample-archive.ts";

findsAll("archive", [
  ["a bit of the archive", { image: (b) => flip(b, 300) }, IN_IMAGE, /damaged|CRC-32|header/],
  ["the CRC of the archive", { image: (b) => flip(b, b.length - 8) }, IN_IMAGE, /CRC-32/],
  ["a cut archive", { image: (b) => b.subarray(0, b.length - 8) }, IN_IMAGE, /ends too early/],
  ["bytes behind the archive", { image: (b) => Buffer.concat([b, Buffer.from("x")]) }, IN_IMAGE, /no gzip follow/],
  [
    "a second member that is damaged",
    { image: (b) => Buffer.concat([b, flip(gzipSync("x"), 19)]) },
    IN_IMAGE,
    /CRC-32|size/,
  ],
  ["zeros behind the archive", { image: (b) => Buffer.concat([b, Buffer.alloc(512)]) }, IN_IMAGE, /no gzip follow/],
  [
    "bytes behind the archive's tar",
    { tar: (b) => Buffer.concat([b, Buffer.from("x")]) },
    IN_IMAGE,
    /other bytes follow/,
  ],
  ["a cut tar", { tar: (b) => b.subarray(0, b.length - 1536) }, IN_IMAGE, /ends in the middle/],
  ["zstd", { image: () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]) }, IN_IMAGE, /packed with zstd/],
  ["an archive of nothing", { archive: () => [{ path: "x", data: "" }] }, IN_IMAGE, /has no manifest.json/],
  ["OCI only", { layout: "oci" }, IN_IMAGE, /has no manifest.json/],
  ["no image in manifest.json", { layout: "flat", items: (items) => items.splice(0) }, IN_IMAGE, /has no image/],
  [
    "a path twice",
    { archive: (a) => [...a, { ...a.at(-1)!, data: "" }] },
    new RegExp(`^${IN_IMAGE}/blobs/sha256/`),
    /occurs twice/,
  ],
  [
    "manifest.json twice",
    { archive: (a) => [...a, { path: "./manifest.json", data: "[]" }] },
    `${IN_IMAGE}/./manifest.json`,
    /occurs twice/,
  ],
  [
    "a path that climbs",
    { archive: (a) => [...a, { path: "../x", data: "" }] },
    `${IN_IMAGE}/../x`,
    /leaves the archive/,
  ],
  [
    "manifest.json no JSON",
    { archive: (a) => edit(a, "manifest.json", { data: "[" }) },
    `${IN_IMAGE}/manifest.json`,
    /JSON/,
  ],
  [
    "manifest.json an object",
    { archive: (a) => edit(a, "manifest.json", { data: "{}" }) },
    `${IN_IMAGE}/manifest.json`,
    /array/,
  ],
  [
    "a blob that is not what it is named by",
    { archive: (a) => edit(a, blob(CAMERA), { data: flip(CAMERA, 600) }) },
    `${IN_IMAGE}/${blob(CAMERA)}`,
    /does not have the digest that it is named by/,
  ],
  [
    "an unused blob that is not what it is named by",
    { archive: (a) => [...a, { path: blob(Buffer.from("a")), data: "b" }] },
    `${IN_IMAGE}/${blob(Buffer.from("a"))}`,
    /named by/,
  ],
  [
    "a layout of another version",
    { archive: (a) => edit(a, "oci-layout", { data: '{"imageLayoutVersion":"2.0.0"}' }) },
    `${IN_IMAGE}/oci-layout`,
    /imageLayoutVersion/,
  ],
]);
