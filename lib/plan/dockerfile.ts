import { readFile, stat } from "node:fs/promises";
import { AircrateError, systemCode } from "../error.ts";

const MAX_DOCKERFILE = 1024 * 1024;

/**
 * The text of a Dockerfile.
 *
 * @param shown the file as the user knows it
 * @param where what asks for it
 * @throws AircrateError input
 */
export async function readDockerfile(file: string, shown: string, where: string): Promise<string> {
  let bytes: Buffer;
  try {
    if ((await stat(file)).size > MAX_DOCKERFILE) {
      throw new AircrateError("input", "the Dockerfile is larger than 1 MiB", { where: shown });
    }
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof AircrateError) throw error;
    throw new AircrateError(
      "input",
      systemCode(error) === "ENOENT" ? "there is no such Dockerfile" : "the Dockerfile cannot be read",
      {
        where: shown,
        reason: [`${where} asks for it`, ...(systemCode(error) === "ENOENT" ? [] : [(error as Error).message])],
        cause: error,
      },
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AircrateError("input", "the Dockerfile is not UTF-8", { where: shown });
  }
}
