import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { ImportImage } from "../import/select.ts";
import { isAttachment } from "../inspect/oci.ts";
import { ARM64, formatPlatform, type Platform, platformMatch } from "../platform.ts";
import { familiarReference, formatReference, parseReference } from "../reference.ts";
import { didYouMean } from "../suggest.ts";
import type { Source } from "./source.ts";

/** An image under one of its names. */
export interface TaggedImage {
  /** In full, with its tag; absent when the image has no name. */
  readonly tag?: string;
  readonly image: ImportImage;
}

/**
 * The images of a file by their names, in the order of its index, or else of its manifest.json: that is the order in
 * which they were given to whoever wrote it. A digest in a name is left out: archives keep names with tags.
 *
 * @throws AircrateError input when a name is no reference
 */
export function taggedImages({ found, images }: Source): TaggedImage[] {
  const { file } = found.inspection;
  const named = new Map<string, TaggedImage>();
  const add = (image: ImportImage, name: string) => {
    const { digest: _, ...reference } = parseReference(name, `${file}: ${image.where}`);
    if (reference.tag === undefined) return;
    const tag = formatReference(reference);
    // Of an image for several platforms each has the name.
    named.set(`${tag} ${image.config.descriptor.digest}`, { tag, image });
  };
  for (const entry of found.images?.manifests ?? []) {
    const { manifest, containerdName } = entry;
    if (manifest === undefined || isAttachment(entry) || containerdName === undefined) continue;
    const image = imageOf(images, entry.entry.digest, manifest.config.digest);
    if (image !== undefined) add(image, containerdName);
  }
  for (const image of images) for (const name of image.names) add(image, name);
  const having = new Set([...named.values()].map(({ image }) => image));
  return [...named.values(), ...images.filter((image) => !having.has(image)).map((image) => ({ image }))];
}

/** One config may stand in several manifests. */
function imageOf(images: readonly ImportImage[], manifest: Digest, config: Digest): ImportImage | undefined {
  const same = images.filter((image) => image.config.descriptor.digest === config);
  return same.find((image) => image.manifest?.descriptor.digest === manifest) ?? same[0];
}

/**
 * Of images for several platforms that have one name, the one that is meant.
 *
 * @param platform default: linux/arm64, else the first one
 * @throws AircrateError unreachable when no image is for the platform
 */
export function choosePlatform(
  named: readonly TaggedImage[],
  platform: Platform | undefined,
  file: string,
): TaggedImage[] {
  const match = ({ image }: TaggedImage, wanted: Platform) => platformMatch(wanted, image.platform);
  const wanted = platform ?? ARM64;
  const chosen = new Map<string | ImportImage, TaggedImage>();
  for (const one of named) {
    if (platform !== undefined && match(one, platform) === 0) continue;
    // Without a name, the index tells what belongs together.
    const key = one.tag ?? one.image.index?.descriptor.digest ?? one.image;
    const other = chosen.get(key);
    if (other === undefined || match(one, wanted) > match(other, wanted)) chosen.set(key, one);
  }
  if (chosen.size > 0) return [...chosen.values()];
  const platforms = [...new Set(named.map(({ image }) => formatPlatform(image.platform)))];
  throw new AircrateError("unreachable", `there is no image for ${formatPlatform(wanted)} in the file`, {
    where: file,
    reason: `there is one for ${platforms.join(", ")}`,
  });
}

/**
 * The image that a service of the application, or a tag, stands for.
 *
 * @throws AircrateError unreachable when there is none
 */
export function findNamed(source: Source, named: readonly TaggedImage[], name: string): TaggedImage {
  const { app, file } = source.found.inspection;
  const services = app?.services ?? [];
  const service = services.find((one) => one.name === name);
  const wanted = fullName(service?.imageName ?? name);
  const image = wanted === undefined ? undefined : named.find(({ tag }) => tag === wanted);
  if (image !== undefined) return image;
  const kind = services.length > 0 ? "service" : "image";
  const known = knownNames(source, named);
  throw new AircrateError("unreachable", `there is no ${kind} ${name} in the file${didYouMean(name, known)}`, {
    where: file,
    reason: namesText(known),
  });
}

/** {@link knownNames}, for messages. */
export function namesText(known: readonly string[]): string {
  return known.length === 0 ? "its images have no names" : `there are ${known.join(", ")}`;
}

/** What images of a file can be called: services of an application, else tags. */
export function knownNames({ found }: Source, named: readonly TaggedImage[]): string[] {
  const services = found.inspection.app?.services ?? [];
  if (services.length > 0) return services.map(({ name }) => name);
  return named.flatMap(({ tag }) => (tag === undefined ? [] : familiarReference(parseReference(tag))));
}

function fullName(name: string): string | undefined {
  try {
    const { digest: _, ...reference } = parseReference(name);
    return formatReference(reference);
  } catch (error) {
    if (error instanceof AircrateError) return undefined;
    throw error;
  }
}
