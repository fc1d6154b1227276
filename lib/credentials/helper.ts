import { spawn } from "node:child_process";
import { decodeJson } from "../../spec/decode.ts";
import { HelperCredentials } from "../../spec/registry.ts";
import { AircrateError, systemCode } from "../error.ts";
import type { CredentialPlaces, Credentials } from "./credentials.ts";
import { serverOf } from "./keys.ts";

/** A program `docker-credential-NAME` that keeps credentials, and the file that names it. */
export interface Helper {
  readonly name: string;
  readonly file: string;
  readonly environment: CredentialPlaces["environment"];
  /** Milliseconds after which it is killed, default 30 000: it may have to ask a service, or its user. */
  readonly patience?: number;
}

const PATIENCE_MS = 30_000;
const MAX_OUTPUT = 1024 * 1024;

/** What helpers print, with status 1, for a server that they do not know (docker-credential-helpers, error.go). */
const NOT_FOUND = "credentials not found in native keychain";

/** User name that marks the secret as an identity token (docker/cli, native store). */
const TOKEN_USER = "<token>";

/**
 * Asks a helper for a host's credentials.
 *
 * @returns undefined when it has none
 * @throws AircrateError forbidden, naming it: it is not there, fails, is silent for too long or cannot be understood
 */
export async function askHelper(helper: Helper, host: string): Promise<Credentials | undefined> {
  const output = await runHelper(helper, "get", serverOf(host));
  if (output === undefined) return undefined;
  let answer: HelperCredentials;
  try {
    answer = decodeJson(HelperCredentials, output);
  } catch {
    // The problem may quote a value, and every value here may be a secret.
    throw helperError(helper, "its answer is not the JSON document of a credential helper");
  }
  const { Username: user, Secret: secret } = answer;
  if (user === "" && secret === "") return undefined;
  return user === TOKEN_USER ? { identityToken: secret } : { user, password: secret };
}

/** Gives a host's credentials to a helper. @throws AircrateError forbidden, as {@link askHelper} */
export async function storeInHelper(helper: Helper, host: string, credentials: Credentials): Promise<void> {
  const [Username, Secret] =
    "identityToken" in credentials ? [TOKEN_USER, credentials.identityToken] : [credentials.user, credentials.password];
  const document: HelperCredentials = { ServerURL: serverOf(host), Username, Secret };
  await runHelper(helper, "store", JSON.stringify(document));
}

/** Lets a helper forget a host. @returns whether it knew it @throws AircrateError forbidden, as {@link askHelper} */
export async function eraseInHelper(helper: Helper, host: string): Promise<boolean> {
  return (await runHelper(helper, "erase", serverOf(host))) !== undefined;
}

/** @returns what it printed; undefined when it does not know the server */
async function runHelper(
  helper: Helper,
  action: "get" | "store" | "erase",
  input: string,
): Promise<Buffer | undefined> {
  // A path would run a program of whoever wrote the file, from wherever it lies.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper.name)) {
    throw new AircrateError("forbidden", "the name of a credential helper is not a plain name", {
      where: helper.file,
      hint: "name it in credsStore or credHelpers without a path and without the docker-credential- in front",
    });
  }
  const { status, output } = await runProgram(helper, action, input);
  if (status === 0) return output;
  // What else it says is not repeated: it may hold a secret.
  if (output.includes(NOT_FOUND)) return undefined;
  throw helperError(helper, `it ends with ${typeof status === "number" ? "status " : ""}${status} on ${action}`);
}

interface Ended {
  /** Exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals;
  readonly output: Buffer;
}

function runProgram(helper: Helper, action: string, input: string): Promise<Ended> {
  const { environment, patience = PATIENCE_MS } = helper;
  return new Promise((resolve, reject) => {
    const child = spawn(programOf(helper), [action], { env: { ...environment }, stdio: ["pipe", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    let size = 0;
    const giveUp = (reason: string) => {
      child.kill("SIGKILL");
      // A child of its own may hold the other end open.
      child.stdout.destroy();
      reject(helperError(helper, reason));
    };
    const timer = setTimeout(() => giveUp(`no answer to ${action} within ${patience / 1000} s`), patience);
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT) giveUp(`its answer is larger than ${MAX_OUTPUT} bytes`);
      else chunks.push(chunk);
    });
    // It may end without reading; its status tells whether that was right.
    child.stdin.on("error", () => {}).end(input);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(startError(helper, error));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ status: code ?? signal ?? "SIGKILL", output: Buffer.concat(chunks) });
    });
  });
}

export function programOf({ name }: Pick<Helper, "name">): string {
  return `docker-credential-${name}`;
}

function startError(helper: Helper, error: Error): AircrateError {
  const code = systemCode(error) ?? "";
  return helperError(helper, code === "ENOENT" ? "there is no such program in PATH" : `it cannot be started (${code})`);
}

function helperError(helper: Helper, reason: string): AircrateError {
  return new AircrateError("forbidden", `the credential helper ${programOf(helper)} does not do its work`, {
    where: helper.file,
    reason,
    hint: "mend or install it, or take its name out of credsStore and credHelpers in that file",
  });
}
