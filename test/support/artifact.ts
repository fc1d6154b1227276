import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runOk } from "./run.ts";

/** A Mender artifact taken apart by GNU tar and gzip. */
export interface OpenedArtifact {
  /** Members of the file itself, in their order. */
  readonly members: readonly string[];
  /** Lines of the member `manifest`. */
  readonly manifest: readonly string[];
  /** Members of the header in their order, with their text. */
  readonly header: ReadonlyMap<string, string>;
  /** Names of the payload files in their order. */
  readonly payload: readonly string[];
  /** Folder with the payload files. */
  readonly payloadDir: string;
}

/** Takes an artifact apart into a new folder. */
export async function openArtifact(file: string, dir: string): Promise<OpenedArtifact> {
  const [headerDir, payloadDir] = [join(dir, "header"), join(dir, "payload")];
  mkdirSync(headerDir, { recursive: true });
  mkdirSync(payloadDir);
  const members = await unpackTar(file, dir);
  const header = await unpackTar(join(dir, "header.tar.gz"), headerDir);
  const payload = await unpackTar(join(dir, "data/0000.tar.gz"), payloadDir);
  return {
    members,
    manifest: readFileSync(join(dir, "manifest"), "utf8").split("\n"),
    header: new Map(header.map((name) => [name, readFileSync(join(headerDir, name), "utf8")])),
    payload,
    payloadDir,
  };
}

/** Unpacks a tar file, gzip'd if its name says so, and tells its members in their order. */
export async function unpackTar(file: string, dir: string): Promise<string[]> {
  const listed = await runOk("tar", ["--no-same-owner", "-xvf", file, "-C", dir]);
  return listed.split("\n").filter((line) => line !== "");
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
