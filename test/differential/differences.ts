/** Where aircrate does otherwise than BuildKit on purpose. A case that names one must find it, or it has to go. */
export const DIFFERENCES = {
  capitals: "BuildKit finds a stage in any letters for COPY --from, but in small ones only for FROM; here in any",
  "exceptions of folders":
    "docker 20.10 and buildah bring back what an earlier rule excludes in the folder; the walk of BuildKit today does not",
  "later stages": "BuildKit copies from stages further down, too; its reference says earlier ones",
  "nothing matches": "BuildKit copies nothing and says nothing; a mistake in all likelihood",
  "outside the context": "BuildKit takes the dots away; a source that seems to lie outside is a mistake",
  "several files to no folder":
    "BuildKit lets the last one win, against its own reference; a mistake in all likelihood",
  "what stays the same": "a chmod puts every file that it is given into the layer; here those that it changes",
  "unknown owner": "BuildKit takes root for a name that the image does not know; that is never what was meant",
} as const;

/** What buildah 1.28 does otherwise than BuildKit, so that its word does not count. */
export const BUILDAH = {
  "ENV before ARG": "ARG does not hide the variable",
  SHELL: "CMD and ENTRYPOINT do not go by it",
  brackets: "it expands a pattern twice",
  escape: "a backslash stays an escape",
  "files and folders": "it replaces folders by files and links, and files by folders",
  "folders that an archive lacks": "they get the owner of --chown",
  idle: "it makes a layer of a RUN that changes nothing",
  "later stages": "it looks for an image of the name",
  "links at the destination": "it replaces a link to a file, and makes a folder of what a dangling link leads to",
  "names of stages": "they are not found in capitals or through a variable, and numbers are targets",
  "needless stages": "it builds them",
  "nothing matches": "it refuses a pattern without a match",
  "order of variables": "one that is set again moves to the end",
  "own rules": "it knows no .dockerignore of one Dockerfile",
  "platform arguments": "it knows no TARGETVARIANT",
  ports: "they are taken as they are written",
  proxies: "they need a declaration",
  "set-group-id folders": "it makes folders in one with mode 0755 and the group of their owner",
  "unknown owner": "it refuses one",
  workdir: "it makes the folder with the next COPY or at the end, and owned by root",
  "wrong words": "it takes them",
} as const;

/** What docker 20.10 lacks or does otherwise than BuildKit today. */
export const DOCKER = {
  "folders of exceptions": "an excluded folder that an exception names is there, although nothing in it is",
  "mode of a remote file": "--chmod does not count",
  "set-id bits": "its --chmod drops them",
} as const;
