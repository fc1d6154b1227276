import { AircrateError } from "../error.ts";
import { formatReference, parseReference, type Reference } from "../reference.ts";
import type { PushImage } from "./image.ts";

/** Where an image goes: a reference with a tag and without a digest. */
export type Destination = Reference & { readonly tag: string };

export interface Job {
  readonly image: PushImage;
  readonly destination: Destination;
}

/**
 * Where an image of the store goes: to the references, or without any to the one that is its name.
 *
 * @throws AircrateError input; usage: a reference has a digest, or its own name has no registry
 */
export function storedJobs(image: PushImage, name: string, references: readonly string[]): Job[] {
  if (references.length > 0) return references.map((text) => ({ image, destination: readDestination(text) }));
  const destination = readDestination(name);
  if (destination.registry === "docker.io" && destination.repository.startsWith("library/")) {
    throw new AircrateError("usage", "its name is that of no registry to push to", {
      where: name,
      hint: `name one: aircrate push ${name} REGISTRY/REPOSITORY:TAG`,
    });
  }
  return [{ image, destination }];
}

/** Tells of a missing place before the file is read. @throws AircrateError usage */
export function requirePlace(file: string, references: readonly string[]): void {
  if (references.length > 0) return;
  throw new AircrateError("usage", "a file is pushed to a place that has to be named", {
    where: file,
    hint: `aircrate push ${file} REGISTRY/NAMESPACE`,
  });
}

/**
 * Where the images of a file go: each below the place that is given, as its own repository and tag; or a single one
 * exactly to a reference with a tag.
 *
 * @param file for errors
 * @throws AircrateError input: an image has no name, two would get one; usage: a place does not fit
 */
export function fileJobs(images: readonly PushImage[], file: string, references: readonly string[]): Job[] {
  const jobs = references.flatMap((text) => {
    if (!hasTag(text)) return images.map((image) => ({ image, destination: below(text, image, file) }));
    if (images.length === 1) return [{ image: images[0]!, destination: readDestination(text) }];
    throw new AircrateError("usage", "several images cannot have one name", {
      where: text,
      reason: `${file} holds ${images.length} images`,
      hint: "name a place without a tag: each image keeps its repository and tag below it",
    });
  });
  const owners = new Map<string, PushImage>();
  for (const { image, destination } of jobs) {
    const reference = formatReference(destination);
    const other = owners.get(reference) ?? image;
    owners.set(reference, image);
    if (other.manifest.descriptor.digest === image.manifest.descriptor.digest) continue;
    throw new AircrateError("input", "two images would get one name", {
      where: file,
      reason: [`${other.name} and ${image.name}`, `would both be ${reference}`],
    });
  }
  return jobs;
}

function readDestination(text: string): Destination {
  const { tag, digest, ...place } = parseReference(text);
  if (tag !== undefined && digest === undefined) return { ...place, tag };
  throw new AircrateError("usage", "a digest is no name to push to", {
    where: text,
    hint: "name a tag; the digest is what the image has, and is told",
  });
}

/** A colon behind the last slash; without a slash it is that of a port. */
function hasTag(text: string): boolean {
  return /\/.*[:@][^/]*$/.test(text);
}

function below(place: string, { name }: PushImage, file: string): Destination {
  if (name === undefined) {
    throw new AircrateError("input", "an image has no name", {
      where: file,
      hint: `name it, if it is the only one: aircrate push ${file} ${place}/REPOSITORY:TAG`,
    });
  }
  const { repository, tag = "latest" } = parseReference(name);
  return readDestination(`${place}/${repository.replace(/^library\//, "")}:${tag}`);
}
