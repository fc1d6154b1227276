import { AircrateError } from "../../lib/error.ts";
import type { Command } from "../command.ts";
import { DIRECT_OPTIONS, type DirectArguments } from "../network.ts";

export interface LoginArguments extends DirectArguments {
  registry: string;
  username?: string;
  "password-stdin": boolean;
  password?: string;
}

export const loginCommand: Command<LoginArguments> = {
  about: "Tries the credentials, and keeps them as docker login does.",
  positionals: { registry: { default: "docker.io", value: "REGISTRY", describe: "Registry, as HOST[:PORT]" } },
  options: {
    username: { short: "u", value: "USER", describe: "User name; asked for when it is missing" },
    "password-stdin": { type: "boolean", describe: "Read the password from stdin" },
    password: { short: "p", hidden: true, describe: "Refused: every user of the machine could see it" },
    ...DIRECT_OPTIONS,
  },
  examples: [
    ["aircrate login -u me", "log in to Docker Hub; asks for the password"],
    ["aircrate login registry.example:5000 -u ci --password-stdin < token", "log in from a script"],
  ],
  action: () => import("../actions/login.ts"),
};

const PASSWORD_HINT = "pipe it: aircrate login REGISTRY -u USER --password-stdin < FILE";

/** Wrong usage around a password. */
export function passwordError(what: string, reason?: string, hint = PASSWORD_HINT): AircrateError {
  return new AircrateError("usage", what, { ...(reason !== undefined && { reason }), hint });
}
