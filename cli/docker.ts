/**
 * Words of Docker's command line that mean something else here, or nothing, in ours: so a Makefile works in which
 * `docker` was replaced by `aircrate`. A build that is given a tag makes an image: that of a project has no such option.
 */
export function dockerWords(words: readonly string[]): readonly string[] {
  const [command = "", ...rest] = words;
  const same = SAME_AS[command];
  if (same !== undefined) return ["image", same, ...rest];
  return command === "build" && rest.some((word) => /^-t|^--tag(=|$)/.test(word)) ? ["image", ...words] : words;
}

const SAME_AS: Readonly<Record<string, string | undefined>> = { images: "ls", rmi: "rm", tag: "tag" };
