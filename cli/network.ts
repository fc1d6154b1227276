import { REPEATED } from "./command.ts";

/** The options of every command that talks to registries. */
export interface NetworkArguments {
  mirror: string[];
  ca: string[];
  "insecure-registry": string[];
  retries: number;
  "retry-max-wait": number;
  timeout: number;
}

export const NETWORK_OPTIONS = {
  mirror: { ...REPEATED, describe: "Ask HOST instead of REGISTRY, as REGISTRY[/PREFIX]=HOST[/PATH]; may be repeated" },
  ca: { ...REPEATED, describe: "Trust the authorities in this PEM file, too; may be repeated" },
  "insecure-registry": {
    ...REPEATED,
    describe: "Do not check the certificate of HOST[:PORT], and use plain http when it has no https; may be repeated",
  },
  retries: {
    type: "number",
    requiresArg: true,
    default: 5,
    describe: "Send a request at most so often when the network or the registry fails",
  },
  "retry-max-wait": {
    type: "number",
    requiresArg: true,
    default: 60,
    describe: "Wait when a registry asks for it, but not for more seconds than this",
  },
  timeout: {
    type: "number",
    requiresArg: true,
    default: 60,
    describe: "Give a request up after so many seconds without an answer, or without more of it",
  },
} as const;
