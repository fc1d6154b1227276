import { AircrateError, type ErrorDetail } from "../error.ts";

/** An error in a Dockerfile, at `file:line`. */
export function fault(where: string, what: string, detail: Omit<ErrorDetail, "where"> = {}): AircrateError {
  return new AircrateError("input", what, { ...detail, where });
}

/** `text` for a message: on one line, at most `length` characters. */
export function excerpt(text: string, length = 80): string {
  const line = text.slice(0, 4 * length).replace(/[\s\p{Cc}]+/gu, " ");
  const characters = [...line];
  return characters.length <= length ? line : `${characters.slice(0, length - 3).join("")}...`;
}
