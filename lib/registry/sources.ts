import { AircrateError, type Fault } from "../error.ts";
import type { RegistrySource } from "./client.ts";

/** Faults of one source that say nothing about the next one. */
const PASSABLE: ReadonlySet<Fault> = new Set(["unreachable", "forbidden", "integrity"]);

/**
 * Tries sources in their order until one delivers.
 *
 * @param attempt what is wanted of a source; it must not return before the digest is checked
 * @throws what the last source failed with
 */
export async function trySources<T>(
  sources: readonly RegistrySource[],
  attempt: (source: RegistrySource) => Promise<T>,
): Promise<T> {
  for (const [i, source] of sources.entries()) {
    try {
      return await attempt(source);
    } catch (error) {
      const passable = error instanceof AircrateError && PASSABLE.has(error.fault);
      if (!passable || i === sources.length - 1) throw error;
    }
  }
  throw new AircrateError("internal", "there is no source to ask");
}
