import { AircrateError } from "../error.ts";
import { familiarReference, parseReference } from "../reference.ts";

/**
 * Names of payload files that a Mender artifact takes (mender-artifact, `handlers` package), and a length that leaves
 * room for the folder in front of it in a tar header.
 */
const PAYLOAD_NAME = /^[A-Za-z0-9_.,-]+$/;
const MAX_PAYLOAD_NAME = 90;

/** The parts of a manifest that names are made of. */
export interface AppIdentity {
  readonly slug: string;
  readonly version: string;
}

/** Name of the payload file with all images. */
export function imagePayloadName(slug: string): string {
  return `${slug}.image`;
}

/** Why a text cannot name a payload file, or undefined. */
export function payloadNameFault(name: string): string | undefined {
  if (!PAYLOAD_NAME.test(name)) return "a payload file is named with letters, digits, `_`, `.`, `,` and `-`";
  if (name.length > MAX_PAYLOAD_NAME) return `a payload file's name has at most ${MAX_PAYLOAD_NAME} characters`;
  return undefined;
}

/** Name of the image that is built for a service, as Auterion's tool and the device know it. */
export function builtImageName(app: AppIdentity, service: string): string {
  return `${app.slug}.${service}:${app.version}`;
}

export type ImageName =
  /** `name` has a tag; `key` is the same for all spellings of one name. */
  { readonly name: string; readonly key: string } | { readonly fault: string; readonly hint?: string };

/**
 * The name under which an image lies in the archive. It is the given text, since the device's compose looks the image up
 * by it; only a missing tag is added, as Docker does.
 */
export function archiveImageName(text: string): ImageName {
  try {
    const reference = parseReference(text);
    if (reference.digest !== undefined) {
      return {
        fault: `image \`${text}\` has a digest, and an archive can only keep names with tags`,
        hint: "name the image by tag: the device looks it up by exactly this name",
      };
    }
    const tagged = text.lastIndexOf(":") > text.lastIndexOf("/");
    return { name: tagged ? text : `${text}:latest`, key: familiarReference(reference) };
  } catch (error) {
    if (!(error instanceof AircrateError)) throw error;
    return { fault: `\`${text}\` is no legal name of an image: ${error.reason.join(", ")}` };
  }
}

/**
 * Name of the package that is built, without folder: `<slug>-<version>.auterionos`, with `-simulation` before the dot
 * when the simulation is a target.
 */
export function outputName(
  manifest: AppIdentity & { readonly deviceTypes: readonly string[] },
  options: { readonly unversioned?: boolean } = {},
): string {
  const version = options.unversioned === true ? "" : `-${manifest.version}`;
  const simulation = manifest.deviceTypes.includes("simulation") ? "-simulation" : "";
  return `${manifest.slug}${version}${simulation}.auterionos`;
}
