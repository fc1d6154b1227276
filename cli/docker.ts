/**
 * Words of Docker's command line that mean something else here, or nothing, in ours: so a Makefile works in which
 * `docker` was replaced by `aircrate`. A build that is given a tag makes an image: that of a project has no such option.
 */
export function dockerWords(words: readonly string[]): readonly string[] {
  const [command = "", ...rest] = words;
  const same = SAME_AS.get(command);
  if (same !== undefined) return ["image", same, ...rest];
  const tagged = command === "build" && rest.some((word) => /^-t|^--tag(=|$)/.test(word));
  const meant = tagged ? ["image", ...words] : words;
  return meant[0] === "image" && meant[1] === "build" ? meant.map(progressWord) : meant;
}

const SAME_AS: ReadonlyMap<string, string> = new Map([
  ["images", "ls"],
  ["rmi", "rm"],
  ["tag", "tag"],
]);

/** Docker has more ways to show progress: that which comes next is taken for them. */
const PROGRESS: ReadonlyMap<string, string> = new Map([
  ["tty", "auto"],
  ["rawjson", "plain"],
  ["quiet", "none"],
]);

function progressWord(word: string, i: number, words: readonly string[]): string {
  if (words[i - 1] === "--progress") return PROGRESS.get(word) ?? word;
  const [, value = ""] = /^--progress=(.*)$/.exec(word) ?? [];
  const meant = PROGRESS.get(value);
  return meant === undefined ? word : `--progress=${meant}`;
}
