/**
 * Words of Docker's command line that mean something else here or nothing, in ours: so a Makefile works in which `docker`
 * was replaced by `aircrate`. A build that gives a tag makes an image; one of a project has no such option.
 */
export function dockerWords(words: readonly string[]): string[] {
  const [command = "", ...rest] = words;
  const ours = SAME_AS[command];
  if (ours !== undefined) return ["image", ours, ...rest];
  const tagged = command === "build" && rest.some((word) => /^-t|^--tag(=|$)/.test(word));
  return tagged ? ["image", ...words] : [...words];
}

const SAME_AS: Readonly<Record<string, string | undefined>> = { images: "ls", rmi: "rm", tag: "tag" };
