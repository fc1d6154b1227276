import { inGroup, REPEATED } from "./command.ts";

/** The options of every command that talks to registries. */
export interface NetworkArguments {
  mirror: string[];
  ca: string[];
  "insecure-registry": string[];
  retries: number;
  "retry-max-wait": number;
  timeout: number;
}

export const NETWORK_OPTIONS = inGroup("Networks", {
  mirror: {
    ...REPEATED,
    value: "REGISTRY=HOST",
    describe: "Ask HOST instead of REGISTRY, as REGISTRY[/PREFIX]=HOST[/PATH]",
  },
  ca: { ...REPEATED, value: "FILE", describe: "Trust the authorities in this PEM file, too" },
  "insecure-registry": {
    ...REPEATED,
    value: "HOST",
    describe: "Do not check the certificate of HOST[:PORT], and use plain http when it has no https",
  },
  retries: {
    type: "number",
    default: 5,
    describe: "Send a request at most so often when the network or the registry fails",
  },
  "retry-max-wait": {
    type: "number",
    default: 60,
    value: "SECONDS",
    describe: "Wait when a registry asks for it, but not for longer than this",
  },
  timeout: {
    type: "number",
    default: 60,
    value: "SECONDS",
    describe: "Give a request up after so long without an answer, or without more of it",
  },
});

const { mirror: _, ...direct } = NETWORK_OPTIONS;

/** The options of commands that talk to the registry that is named, and never to a mirror of it. */
export const DIRECT_OPTIONS = direct;
export type DirectArguments = Omit<NetworkArguments, "mirror">;
