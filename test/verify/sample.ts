/**
 * A small application package, made with nothing of the library, and places to spoil it: each hook changes one level, and
 * everything around it is made of what the hook gives, so that only that level is wrong.
 */
import { gzipSync } from "node:zlib";
import { type TarEntry, tarOf } from "../support/ustar.ts";
import { type ArchiveHooks, archiveOf, type Doc, json, sha256 } from "./sample-archive.ts";

export interface PackageHooks extends ArchiveHooks {
  /** The packed archive. */
  image?(bytes: Buffer): Buffer;
  /** `auterion-app.yml`. */
  app?(text: string): string;
  payload?(files: TarEntry[]): TarEntry[];
  dataTar?(bytes: Buffer): Buffer;
  data?(bytes: Buffer): Buffer;
  info?(info: Doc): Doc;
  typeInfo?(info: Doc): Doc;
  metaData?(metaData: Doc): Doc;
  header?(files: TarEntry[]): TarEntry[];
  headerFile?(bytes: Buffer): Buffer;
  /** The list of checksums. */
  checksums?(text: string): string;
  members?(members: TarEntry[]): TarEntry[];
  file?(bytes: Buffer): Buffer;
}

const APP = `app-author: com.example
app-name: gallery
app-version: 1.0.0
auterion-api-version: 3
auterion-app-base: none
compose-override:
  services:
    web:
      depends_on:
      - camera
services:
  camera:
    build: ./camera
  web:
    build: ./web
target-platform:
- skynode
`;

const SLUG = "com.example.gallery";

/** The whole package, as Auterion's tool lays it out for API version 3. */
export function packageOf(hooks: PackageHooks = {}): Buffer {
  const change = <T>(hook: ((value: T) => T) | undefined, value: T): T => hook?.(value) ?? value;
  const image = change(hooks.image, gzipSync(archiveOf(hooks)));
  const app = change(hooks.app, APP);
  const payload = change(hooks.payload, [
    { path: "auterion-app.yml", data: app },
    { path: `${SLUG}.image`, data: image },
    { path: "version", data: "1.0.0" },
    { path: "settings.default.env", data: "" },
    { path: "settings.user.env", data: "" },
  ]);
  const data = change(hooks.data, gzipSync(change(hooks.dataTar, tarOf(payload)), { level: 1 }));
  const header = change(hooks.headerFile, gzipSync(tarOf(change(hooks.header, headerEntries(hooks)))));
  const version = '{"format":"mender","version":3}';
  const lines = [
    ...payload.map((file) => ({ name: `data/0000/${file.path}`, bytes: Buffer.from(file.data ?? "") })),
    { name: "header.tar.gz", bytes: header },
    { name: "version", bytes: Buffer.from(version) },
  ].map(({ name, bytes }) => `${sha256(bytes)}  ${name}\n`);
  const members = change(hooks.members, [
    { path: "version", data: version },
    { path: "manifest", data: change(hooks.checksums, lines.join("")) },
    { path: "header.tar.gz", data: header },
    { path: "data/0000.tar.gz", data },
  ]);
  return change(hooks.file, tarOf(members));
}

function headerEntries(hooks: PackageHooks): TarEntry[] {
  const info = {
    payloads: [{ type: "docker" }],
    artifact_provides: { artifact_name: `${SLUG}:1.0.0` },
    artifact_depends: { device_type: ["skynode"] },
  };
  const typeInfo = {
    type: "docker",
    artifact_provides: { [`docker-app.${SLUG}.version`]: "1.0.0" },
    clears_artifact_provides: [`docker-app.${SLUG}.*`],
  };
  const metaData = {
    "build-time": "1970-01-01T00:00:00",
    "build-platform": "any",
    "cli-version": "0.1.0",
    "auterion-app-yml": {
      "app-author": "com.example",
      "app-name": "gallery",
      "app-version": "1.0.0",
      "target-platform": ["skynode"],
    },
  };
  return [
    { path: "header-info", data: json(hooks.info?.(info) ?? info) },
    { path: "headers/0000/type-info", data: json(hooks.typeInfo?.(typeInfo) ?? typeInfo) },
    {
      path: "headers/0000/meta-data",
      data: json(hooks.metaData?.(metaData) ?? { "auterion-metadata": JSON.stringify(metaData) }),
    },
  ];
}
