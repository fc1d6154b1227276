import type { DiffReport } from "../../spec/diff.ts";
import type { Inspection } from "../../spec/inspection.ts";
import type { SignatureKind } from "../../spec/mender.ts";
import type { ThickenReport } from "../../spec/thicken-report.ts";
import { abortable } from "../abort.ts";
import type { Verification } from "../verify/verify.ts";
import { openKey, type PrivateKey } from "./keys.ts";
import {
  type AccessSettings,
  type PullingSettings,
  pullingOptions,
  readPlatform,
  type Settings,
  type StoreSettings,
  storeOf,
} from "./settings.ts";

export interface InspectOptions extends Pick<Settings, "signal"> {}

export interface VerifyOptions extends InspectOptions {
  /** Files with public keys in PEM, of which one must have signed the artifact; default none: no signature is asked for. */
  readonly keys?: readonly string[];
  /** Files that the device has: they prove the layers that a thin file leaves out. */
  readonly with?: readonly string[];
}

export interface VerifyReport extends Pick<Verification, "problems" | "warnings" | "checked" | "inspection"> {
  /** File of the public key that the artifact is signed with. */
  readonly signer?: string;
}

export interface SignOptions extends InspectOptions {
  readonly key: PrivateKey;
  /** File to write; default: the artifact itself, which keeps its mode. */
  readonly output?: string;
}

export interface SignReport {
  /** The file that is signed now. */
  readonly file: string;
  readonly signature: SignatureKind;
  /** Whether it took the place of another signature. */
  readonly replaced: boolean;
  readonly warnings: readonly string[];
}

export interface ThickenOptions extends StoreSettings, Pick<AccessSettings, "onEvent"> {
  /** Files that have what was left out: packages, docker-archives, OCI image layouts. What the store has needs none. */
  readonly with?: readonly string[];
  /** File to write; default: the name without `-thin`, else with `-full`. */
  readonly output?: string;
}

export interface DiffOptions extends PullingSettings {
  /** Which image to take of a reference that has several; default `linux/arm64`. */
  readonly platform?: string;
}

export interface ExportOptions extends StoreSettings {
  /** File to write, or what takes the bytes; a promise that it returns is waited for. */
  readonly output: string | ((bytes: Uint8Array) => unknown);
  /** Default `docker-archive`, which is an image layout, too. */
  readonly format?: "docker-archive" | "oci";
  /** Services or tags: exports no other images; default: all. */
  readonly services?: readonly string[];
  /** Files that have the layers that a thin one leaves out. */
  readonly with?: readonly string[];
  /** Which image to take of a name that has several; default: `linux/arm64`, else the first one. */
  readonly platform?: string;
}

/**
 * Tells what is in a finished file: services, images, layers, payload and header. What is damaged stands in `faults`.
 *
 * @param file `.auterionos` file, docker-archive or OCI image layout, of any origin
 * @throws AircrateError unreachable, input; integrity when nothing can be said about it
 */
export function inspect(file: string, options: InspectOptions = {}): Promise<Inspection> {
  return abortable(options.signal, async () => {
    const { inspectFile } = await import("../inspect/inspect.ts");
    return inspectFile(file, options);
  });
}

/**
 * Proves a finished file: checksums, order, every blob, diffIDs, configs, tags. Problems stand in the report and are not
 * thrown: a file is right when there are none.
 *
 * @throws AircrateError as {@link inspect}; integrity when a file of `with` has problems itself
 */
export function verify(file: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  return abortable(options.signal, async () => {
    const { verifyFile } = await import("../verify/verify.ts");
    const { readVerifyKey } = await import("../keys/public-key.ts");
    const keys = await Promise.all((options.keys ?? []).map(readVerifyKey));
    const { signer, ...report } = await verifyFile(file, { ...options, keys });
    return { ...report, ...(signer && { signer: signer.file }) };
  });
}

/** Signs a finished artifact, after it was proved to be whole. @throws AircrateError unreachable, input, integrity */
export function sign(file: string, options: SignOptions): Promise<SignReport> {
  return abortable(options.signal, async () => {
    const { readSignable, signFile } = await import("../sign/sign.ts");
    const { key, warnings } = await openKey(options.key);
    const artifact = await readSignable(file, options);
    const written = await signFile(artifact, { ...options, key });
    return { file: written, signature: key.kind, replaced: artifact.signed, warnings };
  });
}

/**
 * Gives back the full file that a thin one stands for, byte for byte.
 *
 * @throws AircrateError unreachable; input: it is not thin, or layers are in none of the files; integrity
 */
export function thicken(file: string, options: ThickenOptions = {}): Promise<ThickenReport> {
  return abortable(options.signal, async () => {
    const { thicken } = await import("../thin/thicken.ts");
    return thicken(file, { ...options, with: options.with ?? [], store: storeOf(options) });
  });
}

/**
 * Compares two finished files, or images by their references: services, configs, layers, files, and what a thin update
 * from the first one to the second would weigh.
 *
 * @throws AircrateError unreachable, forbidden, integrity, input, usage
 */
export function diff(a: string, b: string, options: DiffOptions = {}): Promise<DiffReport> {
  return abortable(options.signal, async () => {
    const { diff } = await import("../diff/diff.ts");
    const { platform } = options;
    return diff(a, b, {
      ...(await pullingOptions(options)),
      ...(platform !== undefined && { platform: await readPlatform(platform) }),
    });
  });
}

/**
 * Writes the images of a finished file as a docker-archive or an OCI image layout. Same file, same bytes.
 *
 * @returns bytes that were written
 * @throws AircrateError unreachable, input, integrity
 */
export function exportImages(file: string, options: ExportOptions): Promise<number> {
  return abortable(options.signal, async () => {
    const { exportFile } = await import("../export/export.ts");
    const { output, format: form = "docker-archive", services, with: others, platform, signal } = options;
    return exportFile(file, {
      ...{ store: storeOf(options), form },
      output: typeof output === "string" ? output : async (bytes) => void (await output(bytes)),
      ...(services && { services }),
      ...(others && { with: others }),
      ...(platform !== undefined && { platform: await readPlatform(platform) }),
      ...(signal && { signal }),
    });
  });
}
