/** Errors of the system as GNU's C library words them. */
const REASONS = {
  EACCES: "Permission denied",
  EEXIST: "File exists",
  EINVAL: "Invalid argument",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  ENOENT: "No such file or directory",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  EPERM: "Operation not permitted",
  EROOT: "it is the root of the image",
  EUMASK: "the umask, 022, keeps back a part of that",
  /** What an engine mounts while a RUN runs is not of the image. */
  EMOUNT: "a file system that engines mount while a RUN runs: it is not of the image",
} as const;

export type Errno = keyof typeof REASONS;

/** A file operation that would fail. */
export class FileFailure extends Error {
  readonly code: Errno;
  /** Where, relative to the root, when that is below what the operation is about. */
  readonly path: string | undefined;

  constructor(code: Errno, path?: string) {
    super(REASONS[code]);
    this.code = code;
    this.path = path;
  }
}
