import { AircrateError } from "../../lib/error.ts";
import type { Command } from "../command.ts";
import { NETWORK_OPTIONS, type NetworkArguments } from "../network.ts";

export interface LoginArguments extends Omit<NetworkArguments, "mirror"> {
  registry: string;
  username?: string;
  "password-stdin": boolean;
}

// Credentials go to the registry that is named. A mirror has a name of its own to log in to.
const { mirror: _, ...OPTIONS } = NETWORK_OPTIONS;

export const loginCommand: Command<LoginArguments> = {
  command: "login [registry]",
  describe: "Log in to a registry",
  builder: (yargs) =>
    yargs
      .positional("registry", { type: "string", default: "docker.io", describe: "Registry, as HOST[:PORT]" })
      .options({
        username: {
          alias: "u",
          type: "string",
          requiresArg: true,
          describe: "User name; asked for when it is missing",
        },
        "password-stdin": { type: "boolean", default: false, describe: "Read the password from stdin" },
        password: { alias: "p", type: "string", hidden: true },
        ...OPTIONS,
      })
      .middleware(refusePassword, true)
      .example("$0 login -u me", "log in to Docker Hub; asks for the password")
      .example("$0 login registry.example:5000 -u ci --password-stdin < token", "log in from a script"),
  action: () => import("../actions/login.ts"),
};

/** Before the arguments are checked: of `-pSECRET`, every letter would be told as an option that is not known. */
function refusePassword({ password }: { password?: unknown }): void {
  if (password === undefined) return;
  throw passwordError("a password is not taken from the command line", "every user of the machine can see it there");
}

const PASSWORD_HINT = "pipe it: aircrate login REGISTRY -u USER --password-stdin < FILE";

/** Wrong usage around a password. */
export function passwordError(what: string, reason?: string, hint = PASSWORD_HINT): AircrateError {
  return new AircrateError("usage", what, { ...(reason !== undefined && { reason }), hint });
}
