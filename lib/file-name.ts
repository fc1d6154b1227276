/** A path, or the ending of a file. */
const FILE_NAME = /^(?:\.{0,2}[/\\]|\.{1,2}$|[a-z]:[/\\])|\.(?:auterionos|mender|image|tar|tgz|gz)$/i;

/**
 * Whether a word, where files and references are taken, can only be meant as the name of a file, there or not: who
 * misspells one does not want a registry or the store to be asked.
 */
export function isFileName(word: string): boolean {
  return FILE_NAME.test(word);
}
