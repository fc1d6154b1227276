/** Where aircrate does otherwise than BuildKit on purpose. A case that names one must find it, or it has to go. */
export const DIFFERENCES = {
  "several files to no folder":
    "BuildKit lets the last one win, against its own reference; a mistake in all likelihood",
  "nothing matches": "BuildKit copies nothing and says nothing; a mistake in all likelihood",
  "unknown owner": "BuildKit takes root for a name that the image does not know; that is never what was meant",
  "outside the context": "BuildKit takes the dots away; a source that seems to lie outside is a mistake",
} as const;

/** What buildah does otherwise than BuildKit, so that its word does not count. */
export const BUILDAH = {
  brackets: "it expands a pattern twice",
  "links at the destination": "it replaces a link to a file, and makes a folder of what a dangling link leads to",
  "files and folders": "it replaces folders by files and links, and files by folders",
  "names of stages": "it tells capitals from small letters in them",
  "needless stages": "it builds them",
  "newer substitution": "",
  "nothing matches": "it refuses a pattern without a match",
  "platform arguments": "",
  proxies: "",
  "own rules": "it knows no .dockerignore of one Dockerfile",
  "set-group-id folders": "it makes folders in one with mode 0755 and the group of their owner",
  "unknown owner": "it refuses one",
  workdir: "it makes the folder with the next COPY or at the end, and owned by root",
} as const;

/** What docker 20.10 lacks or does otherwise than BuildKit today. */
export const DOCKER = {
  "newer substitution": "",
  "set-id bits": "its --chmod drops them",
} as const;

/** What is not in aircrate yet: the cases that need it are skipped. */
export const NOT_YET: ReadonlySet<Feature> = new Set<Feature>([
  "hard links",
  "the group of a folder goes to those that are made in it",
]);

export type Feature =
  | "hard links"
  | "the group of a folder goes to those that are made in it"
  | "ADD"
  | "COPY --from"
  | "COPY --parents"
  | "COPY --exclude"
  | "symbolic --chmod"
  | "here-documents"
  | "RUN";
