import { REPEATED } from "./command.ts";

/** The options of every command that takes images or files out of a finished file. */
export interface SourceArguments {
  platform?: string;
  with: string[];
}

export const SOURCE_OPTIONS = {
  platform: {
    value: "PLATFORM",
    defaultDescription: "linux/arm64",
    describe: "Which one to take of an image that is there for several",
  },
  with: { ...REPEATED, value: "FILE", describe: "File with layers that a thin file leaves out" },
} as const;

/** What such a file is. */
export const FINISHED_FILE = {
  required: true,
  value: "FILE",
  describe: ".auterionos file, docker-archive or OCI image layout, of any origin",
} as const;

/** A finished file, or an image that is asked for by its reference. */
export const IMAGE_SOURCE = {
  required: true,
  value: "FILE",
  describe: ".auterionos file, docker-archive, OCI image layout, or reference of an image",
} as const;

export const REFERENCE_PLATFORM = {
  platform: {
    default: "linux/arm64",
    value: "PLATFORM",
    describe: "Which one to take of a reference to an image for several",
  },
} as const;
