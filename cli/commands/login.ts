import { AircrateError } from "../../lib/error.ts";
import type { Command } from "../command.ts";
import { credentialPlaces } from "../environment.ts";
import { NETWORK_OPTIONS, type NetworkArguments, registryAccess } from "../network.ts";

interface LoginArguments extends Omit<NetworkArguments, "mirror"> {
  registry: string;
  username?: string;
  "password-stdin": boolean;
}

/** Bytes of a password that comes on stdin. */
const MAX_PASSWORD = 64 * 1024;

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
  run: async (args) => {
    const { login, parseRegistry } = await import("../../lib/registry/login.ts");
    const { VERSION } = await import("../../lib/version.ts");
    const { print, warn } = await import("../ui/text.ts");
    const registry = parseRegistry(args.registry);
    const credentials = await readCredentials(args);
    const { file, helper, proved } = await login(registry, credentials, {
      places: credentialPlaces(process.env),
      client: { ...(await registryAccess({ ...args, mirror: [] }, process.env)), userAgent: `aircrate/${VERSION}` },
    });
    if (!proved) warn(`${registry} asks for no credentials, so these are not proved to be right`);
    print(`logged in to ${registry}; the credentials are kept by ${helper ?? file}\n`);
  },
};

/** Before the arguments are checked: of `-pSECRET`, every letter would be told as an option that is not known. */
function refusePassword({ password }: { password?: unknown }): void {
  if (password === undefined) return;
  throw usage("a password is not taken from the command line", "every user of the machine can see it there");
}

async function readCredentials(args: LoginArguments): Promise<{ user: string; password: string }> {
  if (args["password-stdin"] && args.username === undefined) {
    throw usage("--password-stdin needs a user name", "stdin has the password alone", "name the user with -u");
  }
  if (!args["password-stdin"] && !process.stdin.isTTY) throw usage("there is no terminal to ask for the password");
  const { ask } = await import("../ui/prompt.ts");
  const user = args.username ?? (await ask("User name: "));
  // A colon ends the user name where credentials are sent (RFC 7617) and stored.
  if (user === "" || user.includes(":")) {
    throw usage("the user name is empty or has a colon", undefined, "give another");
  }
  const password = args["password-stdin"] ? await readPassword() : await ask("Password: ", { hidden: true });
  if (password === "") throw usage("the password is empty");
  return { user, password };
}

/** All of stdin but the end of its line. */
async function readPassword(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > MAX_PASSWORD) throw usage(`the password is larger than ${MAX_PASSWORD} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

const PASSWORD_HINT = "pipe it: aircrate login REGISTRY -u USER --password-stdin < FILE";

function usage(what: string, reason?: string, hint = PASSWORD_HINT): AircrateError {
  return new AircrateError("usage", what, { ...(reason !== undefined && { reason }), hint });
}
