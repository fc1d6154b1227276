import { AircrateError, type Fault } from "../error.ts";
import type { RegistrySource } from "./client.ts";

/** Faults of one source that say nothing about the next one. */
const PASSABLE: ReadonlySet<Fault> = new Set(["unreachable", "forbidden", "integrity"]);

/** Told of each source that was left for the next one: its host, and why, in one line. */
export type OnPassedOver = (host: string, why: string) => void;

/**
 * Tries sources in their order until one delivers. One that cannot be reached, refuses, does not have it or sends what
 * does not fit its digest is left for the next; any other error, an abort too, ends it.
 *
 * @param attempt what is wanted of a source; it must not return before the digest is checked
 * @throws what the last source failed with; when others failed before, each with a line in its reason
 */
export async function trySources<T>(
  sources: readonly RegistrySource[],
  attempt: (source: RegistrySource) => Promise<T>,
  onPassedOver: OnPassedOver = () => {},
): Promise<T> {
  const passed: string[] = [];
  for (const [i, source] of sources.entries()) {
    try {
      return await attempt(source);
    } catch (error) {
      if (!isPassable(error)) throw error;
      if (i === sources.length - 1) throw withMirrors(error, passed);
      const why = inOneLine(error, source.host);
      passed.push(`mirror ${source.host}: ${why}`);
      onPassedOver(source.host, why);
    }
  }
  throw new AircrateError("internal", "there is no source to ask");
}

function isPassable(error: unknown): error is AircrateError {
  return error instanceof AircrateError && PASSABLE.has(error.fault);
}

function withMirrors(error: AircrateError, passed: readonly string[]): AircrateError {
  if (passed.length === 0) return error;
  const { fault, what, where, reason, hint } = error;
  return new AircrateError(fault, what, {
    ...(where !== undefined && { where }),
    reason: [...reason, ...passed],
    hint,
    cause: error,
  });
}

/** What and why, for a line that names the host, with which both may begin. */
export function inOneLine({ what, reason }: AircrateError, host: string): string {
  return [what, ...reason.slice(0, 1)]
    .map((text) => (text.startsWith(`${host} `) ? text.slice(host.length + 1) : text))
    .join(": ");
}

/** The connection faults of a run, by host. */
export type Failures = Map<string, AircrateError>;

/**
 * A source that fails at once when its host could not be connected to before: with a next source at hand, not every blob
 * has to wait for it again.
 */
export function givenUpOnce(source: RegistrySource, failures: Failures): RegistrySource {
  async function unlessGivenUp<T>(ask: () => Promise<T>): Promise<T> {
    const known = failures.get(source.host);
    if (known !== undefined) throw known;
    try {
      return await ask();
    } catch (error) {
      if (isConnectionFault(error)) failures.set(source.host, error);
      throw error;
    }
  }
  return {
    host: source.host,
    get: (path, options) => unlessGivenUp(() => source.get(path, options)),
    read: (path, options) => unlessGivenUp(() => source.read(path, options)),
  };
}

/** An answer that is no content has no cause; what fails below HTTP has one. */
function isConnectionFault(error: unknown): error is AircrateError {
  return error instanceof AircrateError && error.fault === "unreachable" && error.cause !== undefined;
}
