import type { Digest } from "../digest.ts";
import type { CopySource } from "../image/copy.ts";
import type { MakeContext } from "./make.ts";

export async function archiveSource(file: string, context: MakeContext & { where: string }): Promise<CopySource> {
  throw new Error(`${context.where}: ${file}`);
}

export async function remoteSource(
  source: { readonly url: string; readonly checksum: Digest; readonly unpack: boolean },
  context: MakeContext & { where: string },
): Promise<CopySource> {
  throw new Error(`${context.where}: ${source.url}`);
}
