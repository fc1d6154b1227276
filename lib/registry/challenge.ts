/** One challenge of a `WWW-Authenticate` header. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
const UP_TO_COMMA = /[^,]+/y;

/**
 * Reads a `WWW-Authenticate` header: several challenges in one header, quoted strings with commas and escapes (RFC 9110,
 * sections 11.6.1 and 5.6.4). What cannot be read is left out.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(header)?.[0] ?? "";
    at += found.length;
    return found;
  };
  while (at < header.length) {
    match(SPACE);
    if (header[at] === ",") {
      at += 1;
      continue;
    }
    const word = match(TOKEN);
    if (word === "") {
      // Not to be understood, such as the padding of a token68: on with what follows the next comma.
      match(UP_TO_COMMA);
      continue;
    }
    match(SPACE);
    const current = challenges.at(-1);
    if (header[at] === "=" && current !== undefined) {
      at += 1;
      match(SPACE);
      const value = header[at] === '"' ? quoted() : match(TOKEN);
      const key = word.toLowerCase();
      if (!current.parameters.has(key)) current.parameters.set(key, value);
    } else {
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    }
  }
  return challenges;

  function quoted(): string {
    let value = "";
    for (at += 1; at < header.length; at += 1) {
      if (header[at] === '"') {
        at += 1;
        break;
      }
      if (header[at] === "\\") at += 1;
      value += header[at] ?? "";
    }
    return value;
  }
}
