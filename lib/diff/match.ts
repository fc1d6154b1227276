import type { InspectedImage, InspectedService } from "../../spec/inspection.ts";
import { archiveImageName } from "../app/names.ts";
import type { Contents } from "../contents/contents.ts";
import { AircrateError } from "../error.ts";
import type { FoundImage } from "../inspect/images.ts";
import { parseReference } from "../reference.ts";

/** A service, or an image that is that of none. */
export interface Unit {
  /** Of the service, else the first tag, else the image's ID. */
  readonly name: string;
  readonly service?: InspectedService;
  /** Absent when the file has no image for the service. */
  readonly image?: UnitImage;
  /** Repositories of its names, in full where they are such. */
  readonly repositories: ReadonlySet<string>;
}

export interface UnitImage {
  readonly index: number;
  readonly inspected: InspectedImage;
  readonly found: FoundImage;
}

/** What belongs together; one side is absent of what was added or removed. */
export interface Pair {
  readonly from?: Unit;
  readonly to?: Unit;
}

/**
 * Pairs the services and images of two files: by the name of the service, else by the repository of a tag, else by the
 * image itself, which finds a service that was renamed; and where each has one image, those two.
 *
 * @returns in the order of `to`, then those that it does not have
 */
export function matchUnits(from: Contents, to: Contents): Pair[] {
  const left = unitsOf(from);
  const right = unitsOf(to);
  const rest = new Set(left);
  const pairs = new Map<Unit, Unit>();
  const match = (isSame: (one: Unit, other: Unit) => boolean) => {
    for (const other of right) {
      if (pairs.has(other)) continue;
      const one = [...rest].find((unit) => isSame(unit, other));
      if (one === undefined) continue;
      rest.delete(one);
      pairs.set(other, one);
    }
  };
  match((one, other) => one.service !== undefined && one.service.name === other.service?.name);
  match((one, other) => [...one.repositories].some((name) => other.repositories.has(name)));
  match((one, other) => one.image !== undefined && idOf(one) === idOf(other));
  if (left.length === 1 && right.length === 1) match(() => true);
  return [...right.map((to) => ({ to, ...withFrom(pairs.get(to)) })), ...[...rest].map((from) => ({ from }))];
}

function withFrom(from: Unit | undefined): Pick<Pair, "from"> {
  return from === undefined ? {} : { from };
}

function idOf({ image }: Unit): string | undefined {
  return image?.inspected.configDigest;
}

function unitsOf({ inspection, images }: Contents): Unit[] {
  const services = inspection.app?.services ?? [];
  const used = new Set(services.map(({ image }) => image));
  const imageAt = (index: number): UnitImage => ({
    ...{ index, inspected: inspection.images[index]!, found: images[index]! },
  });
  return [
    ...services.map((service): Unit => {
      const image = service.image === undefined ? undefined : imageAt(service.image);
      const names = [service.imageName ?? [], image?.inspected.tags ?? []].flat();
      return { name: service.name, service, repositories: repositoriesOf(names), ...(image && { image }) };
    }),
    ...inspection.images.flatMap((inspected, index): Unit[] => {
      if (used.has(index)) return [];
      const name = inspected.tags.map(familiarName)[0] ?? inspected.configDigest ?? `image ${index + 1}`;
      return [{ name, image: imageAt(index), repositories: repositoriesOf(inspected.tags) }];
    }),
  ];
}

/** Some writers give names in full. */
export function familiarName(tag: string): string {
  const name = archiveImageName(tag);
  return "key" in name ? name.key : tag;
}

function repositoriesOf(names: readonly string[]): Set<string> {
  return new Set(names.map(repositoryOf));
}

function repositoryOf(name: string): string {
  try {
    const { registry, repository } = parseReference(name);
    return `${registry}/${repository}`;
  } catch (error) {
    if (!(error instanceof AircrateError)) throw error;
    return name;
  }
}
