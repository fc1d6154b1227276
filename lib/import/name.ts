import type { Platform } from "../../spec/oci.ts";
import { AircrateError } from "../error.ts";
import { formatPlatform, parsePlatform, platformMatch } from "../platform.ts";
import { formatReference, parseReference } from "../reference.ts";
import type { ImportImage } from "./select.ts";

/** An image under the names by which builds find it. */
export interface NamedImage {
  readonly image: ImportImage;
  /** In full. */
  readonly references: readonly string[];
  /** The platform that is asked for when it is meant, as `linux/arm64`. */
  readonly platform: string;
}

/**
 * Names images by the references in the file, or all by one that the user gives.
 *
 * @throws AircrateError input: no name, or one that is no reference; two images of one name and platform. integrity: a
 *   name with the digest of another image
 */
export function nameImages(images: readonly ImportImage[], { file, as }: { file: string; as?: string }): NamedImage[] {
  const owners = new Map<string, ImportImage>();
  const named = images.map((image) => {
    const platform = askedPlatform(image.platform);
    const references = referencesOf(image, { file, ...(as !== undefined && { as }) });
    for (const reference of references) {
      const key = `${reference} (${platform})`;
      const other = owners.get(key);
      owners.set(key, other === undefined ? image : better(image, other, { file, key, platform }));
    }
    return { image, references, platform };
  });
  return named
    .map(({ references, ...rest }) => ({
      ...rest,
      references: references.filter((name) => owners.get(`${name} (${rest.platform})`) === rest.image),
    }))
    .filter(({ references }) => references.length > 0);
}

function referencesOf({ where, names, manifest, index }: ImportImage, { file, as }: { file: string; as?: string }) {
  const given = as === undefined ? names : [as];
  if (given.length === 0) {
    throw new AircrateError("input", "an image has no name", {
      where: `${file}: ${where}`,
      hint: "give it one: --as REFERENCE",
    });
  }
  const references = given.map((name) => {
    const reference = parseReference(name, as === undefined ? `${file}: ${where}` : "--as");
    const { digest } = reference;
    // Builds that pin a digest go by the name alone when they are offline.
    if (digest !== undefined && ![manifest, index].some((document) => document?.descriptor.digest === digest)) {
      throw new AircrateError("integrity", "an image has a name with another digest than its own", {
        where: `${file}: ${where}`,
        reason: name,
      });
    }
    return formatReference(reference);
  });
  return [...new Set(references)];
}

/** On arm64, `v8` is what everybody means who names no variant. */
function askedPlatform(platform: Platform): string {
  const { os, architecture } = platform;
  return formatPlatform(platformMatch({ os, architecture }, platform) > 0 ? { os, architecture } : platform);
}

/** Of two images for one platform, the one that says exactly that, as when they are pulled. */
function better(
  one: ImportImage,
  other: ImportImage,
  { file, key, platform }: { file: string; key: string; platform: string },
): ImportImage {
  const wanted = parsePlatform(platform);
  const [a, b] = [platformMatch(wanted, one.platform), platformMatch(wanted, other.platform)];
  if (a !== b) return a > b ? one : other;
  if (one.config.descriptor.digest === other.config.descriptor.digest) return other;
  throw new AircrateError("input", "two images of the file have one name", { where: file, reason: key });
}
